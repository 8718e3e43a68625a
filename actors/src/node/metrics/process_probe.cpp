#include "node/metrics/process_probe.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace millrace::node {

namespace {

namespace fs = std::filesystem;

// /proc/self/stat has some 300 bytes, /proc/self/statm some 50.
constexpr std::size_t text_bytes_max = 4'096;

/// One read, which is what the system makes such a file up for. Empty: it cannot be read.
std::string text_of(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string text(text_bytes_max, '\0');
  const auto size = ::read(fd, text.data(), text.size());
  ::close(fd);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

/// The number at `index` of those that blanks separate.
std::optional<std::uint64_t> number_at(std::string_view text, std::size_t index) {
  for (; index > 0; --index) {
    const auto blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    text.remove_prefix(blank + 1);
  }
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

std::optional<double> clock_seconds(clockid_t clock) {
  timespec t{};
  if (::clock_gettime(clock, &t) != 0) return std::nullopt;
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::optional<std::uint64_t> resident_bytes(const fs::path& proc) {
  const auto pages = number_at(text_of(proc / "statm"), 1);
  const auto page_bytes = ::sysconf(_SC_PAGESIZE);
  if (!pages || page_bytes <= 0) return std::nullopt;
  return *pages * static_cast<std::uint64_t>(page_bytes);
}

std::optional<double> started_at(const fs::path& proc) {
  const auto text = text_of(proc / "stat");
  // The program's name stands in parentheses and may hold anything, blanks and parentheses too.
  const auto name_end = text.rfind(") ");
  if (name_end == std::string::npos) return std::nullopt;
  // Field 22 of proc(5), ticks since the system's start; the third one is the first behind the name.
  const auto ticks = number_at(std::string_view{text}.substr(name_end + 2), 19);
  const auto ticks_per_s = ::sysconf(_SC_CLK_TCK);
  const auto now = clock_seconds(CLOCK_REALTIME);
  const auto since_boot = clock_seconds(CLOCK_BOOTTIME);
  if (!ticks || ticks_per_s <= 0 || !now || !since_boot) return std::nullopt;
  return *now - *since_boot + static_cast<double>(*ticks) / static_cast<double>(ticks_per_s);
}

std::optional<std::uint64_t> open_fds(const fs::path& proc) {
  std::error_code problem;
  std::uint64_t found = 0;
  for (fs::directory_iterator at{proc / "fd", problem}; !problem && at != fs::directory_iterator{};
       at.increment(problem)) {
    if (++found > process_probe::open_fds_max) break;
  }
  if (problem || found == 0) return std::nullopt;
  return found - 1;  // without the one that this looked with
}

std::optional<std::uint64_t> fds_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

std::optional<disk_figures> disk_of(const fs::path& folder) {
  std::error_code problem;
  const auto space = fs::space(folder, problem);
  if (problem) return std::nullopt;
  return disk_figures{space.available, space.capacity};
}

}  // namespace

process_probe::process_probe(fs::path data_folder, fs::path proc)
    : data_folder_{std::move(data_folder)}, proc_{std::move(proc)}, started_at_{node::started_at(proc_)} {}

process_figures process_probe::look() const {
  return {.resident_bytes = resident_bytes(proc_),
          .cpu_seconds = clock_seconds(CLOCK_PROCESS_CPUTIME_ID),
          .open_fds = open_fds(proc_),
          .fds_max = fds_max(),
          .started_at = started_at_,
          .data_disk = disk_of(data_folder_)};
}

}  // namespace millrace::node
