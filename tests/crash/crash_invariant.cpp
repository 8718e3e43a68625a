#include "crash_invariant.hpp"

#include <algorithm>

#include "support/kills.hpp"

namespace millrace::crash {

namespace {

// Segments are called <actor>-<partition>-<epoch>.csv, and packed ones end in .gz or .zst behind that.
std::uint64_t newest_segment(const std::filesystem::path& output) {
  std::uint64_t newest = 0;
  for (const auto& f : std::filesystem::directory_iterator{output}) {
    auto name = f.path().filename().string();
    const auto end = name.find(".csv");
    if (!f.is_regular_file() || end == std::string::npos) continue;
    name.resize(end);
    newest = std::max<std::uint64_t>(newest, std::stoull(name.substr(name.rfind('-') + 1)));
  }
  return newest;
}

}  // namespace

std::string check_nothing_early(const std::filesystem::path& data, const std::filesystem::path& output) {
  const auto visible = newest_segment(output);
  if (visible == 0) return {};
  const auto complete = support::newest_complete_epoch(data);
  if (visible <= complete) return {};
  return "output of epoch " + std::to_string(visible) + " is visible, but the newest complete snapshot is " +
         std::to_string(complete) + "\n";
}

}  // namespace millrace::crash
