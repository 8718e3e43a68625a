#pragma once

#include <filesystem>
#include <string>

namespace millrace::crash {

/// What holds at every moment, also right after a kill: no output is visible that no complete snapshot stands behind.
/// Empty when it holds, else what was found.
[[nodiscard]] std::string check_nothing_early(const std::filesystem::path& data, const std::filesystem::path& output);

}  // namespace millrace::crash
