#pragma once

#include <filesystem>
#include <string>

#include "crash_input.hpp"

namespace millrace::crash {

/// Holds the dead letters kept in `data` against the malformed lines of the input: each once, with the line it was and
/// where it stood. Empty, or the first differences.
[[nodiscard]] std::string compare_letters(const std::filesystem::path& data, const expected_output& expected);

}  // namespace millrace::crash
