#pragma once

#include "millrace/dynamic_batch.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::library {

/// Appends a record as a MessagePack map of its fields by name, for programs that are not Millrace: times as
/// MessagePack's timestamps (extension type −1), decimals as texts, nested values as they are.
void append_msgpack_map(byte_buffer& out, const record_view& record);

}  // namespace millrace::library
