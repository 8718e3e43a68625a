#include "library/sources/input_paths.hpp"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "millrace/bytes.hpp"
#include "millrace/crc32c.hpp"

namespace millrace::library {

namespace {

constexpr std::string_view wildcards = "*?[";

/// The folder as a pattern that stands for nothing but itself.
std::string literal(const std::string& folder) {
  std::string out;
  for (const char c : folder) {
    if (wildcards.find(c) != std::string_view::npos || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

bool is_pattern(const std::string& path) noexcept {
  return path.find_first_of(wildcards) != std::string::npos;
}

std::string path_in(const std::string& folder, const std::string& path) {
  return folder.empty() ? path : (std::filesystem::path{folder} / path).lexically_normal().string();
}

std::vector<std::string> files_matching(const std::string& folder, const std::string& pattern) {
  const bool is_relative = !folder.empty() && std::filesystem::path{pattern}.is_relative();
  const auto start = is_relative ? (std::filesystem::path{folder}.lexically_normal() / "").string() : std::string{};
  glob_t found{};
  // A folder that is not there holds nothing; one that may not be read would leave files out.
  const auto stops = [](const char*, int error) { return error == ENOENT || error == ENOTDIR ? 0 : 1; };
  const int code = ::glob((literal(start) + pattern).c_str(), GLOB_MARK | GLOB_NOSORT, stops, &found);
  const std::unique_ptr<glob_t, void (*)(glob_t*)> held{&found, ::globfree};
  if (code == GLOB_ABORTED)
    throw std::runtime_error("a folder that '" + (start + pattern) +
                             "' leads through cannot be read: give it to the user that runs this");
  if (code == GLOB_NOSPACE) throw std::bad_alloc{};
  std::vector<std::string> files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) {
    const std::string_view path{found.gl_pathv[i]};
    if (!path.ends_with('/')) files.emplace_back(path.substr(start.size()));
  }
  if (files.size() > input_files_max) {
    throw std::runtime_error("the pattern '" + pattern + "' stands for " + std::to_string(files.size()) +
                             " files, the limit is " + std::to_string(input_files_max) + ": choose a narrower one");
  }
  std::ranges::sort(files);
  return files;
}

std::uint32_t partition_of_file(const std::string& path, std::uint32_t partitions) noexcept {
  return crc32c(as_bytes(path)) % partitions;
}

}  // namespace millrace::library
