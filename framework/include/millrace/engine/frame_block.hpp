#pragma once

#include <span>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/engine/kept_frame.hpp"
#include "millrace/error.hpp"
#include "millrace/record_type.hpp"

namespace millrace::engine {

/// Frames of one channel as bytes, for a scratch file of this process: appended to `out`. What is the same in all of
/// them (channel, ends, generation), key hashes and traces are left out. Thread: any.
void encode_frames(std::span<const kept_frame> frames, byte_buffer& out);

/// Reads what `encode_frames` wrote; `stamp` says what is the same in all of them, `type` is what the channel carries.
/// errc::corrupt names what does not follow the format. Thread: any.
[[nodiscard]] result<std::vector<kept_frame>> decode_frames(bytes_view bytes, const record_type& type,
                                                            const frame& stamp);

}  // namespace millrace::engine
