#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

namespace millrace::transport {

/// What a document from outside may have.
struct json_limits {
  std::size_t bytes_max = std::size_t{1} << 20U;
  std::size_t depth_max = 32;                      ///< arrays and maps inside each other
  std::size_t values_max = std::size_t{1} << 20U;  ///< of all kinds, keys left out
};

/// Reads one MessagePack document, strictly: nothing behind it, keys are strings and not repeated, text is UTF-8, no
/// binary and no extension types. The limits are checked before anything is allocated for what they bound.
///
/// Errors: `limit_exceeded`, `parse_error` with the offset. Never throws. Thread: any.
[[nodiscard]] result<nlohmann::json> json_from_msgpack(bytes_view bytes, const json_limits& limits = {});

/// Appends `document` to `out` as MessagePack; floating point stays floating point. Thread: any.
void json_to_msgpack(const nlohmann::json& document, byte_buffer& out);

}  // namespace millrace::transport
