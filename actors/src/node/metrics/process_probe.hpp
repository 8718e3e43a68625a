#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace millrace::node {

struct disk_figures {
  std::uint64_t free_bytes = 0;  ///< for users other than root
  std::uint64_t size_bytes = 0;
};

/// What the system says of this process. What it does not say is nothing.
struct process_figures {
  std::optional<std::uint64_t> resident_bytes{};
  std::optional<double> cpu_seconds{};  ///< of all its threads, since it began
  std::optional<std::uint64_t> open_fds{};
  std::optional<std::uint64_t> fds_max{};  ///< nothing when there is no limit, too
  std::optional<double> started_at{};      ///< seconds since 1970
  std::optional<disk_figures> data_disk{};
};

/// Asks the system what this process needs. A look is a handful of system calls, and one more for each thousand or so
/// of open files. Thread: any.
class process_probe {
public:
  /// More are not counted: a page must not take long because files leak.
  static constexpr std::uint64_t open_fds_max = 65'536;

  /// `data_folder`: whose disk is looked at; need not be there yet. `proc`: where the system tells of the process.
  explicit process_probe(std::filesystem::path data_folder, std::filesystem::path proc = "/proc/self");

  [[nodiscard]] process_figures look() const;

private:
  std::filesystem::path data_folder_;
  std::filesystem::path proc_;
  std::optional<double> started_at_;  // asked once: a clock that is set would move it
};

}  // namespace millrace::node
