#pragma once

#include <string>
#include <string_view>

#include "millrace/error.hpp"

namespace millrace::transport {

/// A pair of CURVE keys as Z85 text, 40 characters each.
struct curve_keys {
  std::string public_key;
  std::string secret_key;
};

/// A new pair, from the system's random numbers.
[[nodiscard]] result<curve_keys> make_curve_keys();
/// The pair of a secret key. Error (`invalid_argument`): it is none.
[[nodiscard]] result<curve_keys> curve_keys_of(std::string secret_key);
/// Whether the text is a key: 40 characters of Z85 that stand for 32 bytes.
[[nodiscard]] bool is_curve_key(std::string_view text) noexcept;

}  // namespace millrace::transport
