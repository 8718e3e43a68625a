#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::library {

/// Files that patterns may stand for.
constexpr std::size_t input_files_max = 100'000;

/// True when the name holds `*`, `?` or `[`, and so stands for any number of files.
[[nodiscard]] bool is_pattern(const std::string& path) noexcept;

/// The regular files that a pattern stands for now, in the order of their names, as they are written in `pattern`
/// (without `folder`, which relative ones start from). Throws std::runtime_error: a folder cannot be
/// read, or there are more than `input_files_max`.
[[nodiscard]] std::vector<std::string> files_matching(const std::string& folder, const std::string& pattern);

/// The partition that reads a file found by its name: the same whatever other files are there, so that partitions which
/// look at different moments neither share a file nor miss one.
[[nodiscard]] std::uint32_t partition_of_file(const std::string& path, std::uint32_t partitions) noexcept;

/// `path` from `folder` on, unless it is absolute or there is no folder.
[[nodiscard]] std::string path_in(const std::string& folder, const std::string& path);

}  // namespace millrace::library
