#pragma once

#include <string>

#include "millrace/error.hpp"

namespace millrace::library {

/// Checks how a secret is named: empty (there is none), `env:NAME` or `file:PATH`. A secret itself does not belong in a
/// topology, which is shown, sent and committed. Errors name the parameter and never show its text.
[[nodiscard]] result<void> check_secret(const std::string& named, const std::string& parameter);

/// Gets it: the variable's value, or the file's first line. Relative paths start from `base_folder`. Errors as above,
/// and `not_found` when it is not there or empty; at most 4 KiB.
[[nodiscard]] result<std::string> read_secret(const std::string& named, const std::string& parameter,
                                              const std::string& base_folder);

/// In a time that does not depend on where they differ.
[[nodiscard]] bool equal_secrets(const std::string& a, const std::string& b) noexcept;

}  // namespace millrace::library
