#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::transport {

/// True when `text` is well-formed UTF-8 (RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace millrace::transport
