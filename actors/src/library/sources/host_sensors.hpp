#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::library {

/// What the kernel says about the machine, read from its files under /proc: processor load, memory, disk and network
/// traffic. Rates are taken between two samplings, so the first gives none. Thread: one owner.
class host_sensors {
public:
  struct reading {
    std::string sensor;  ///< "cpu.total", "cpu.0", "mem.used", "disk.vda.write", "net.eth0.rx"
    double value;
    const char* unit;  ///< "%", "B" or "B/s"
  };

  /// `root` is /proc, except in tests.
  explicit host_sensors(std::string root) : root_{std::move(root)} {}

  /// Reads everything once; `seconds` since the last time, more than 0 (ignored the first time).
  [[nodiscard]] std::vector<reading> sample(double seconds);
  /// Files that could not be read in the last sampling.
  [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }

private:
  [[nodiscard]] std::string content(const std::string& name);
  void processors(std::string_view text);
  void memory(std::string_view text);
  void disks(std::string_view text);
  void network(std::string_view text);
  /// Adds a rate for a counter that only grows, unless it is new or was reset.
  void rate(const std::string& sensor, double counter, double scale);

  std::string root_;
  std::map<std::string, double> counters_;
  std::vector<reading> readings_;
  std::vector<std::string> missing_;
  double seconds_ = 0;
};

}  // namespace millrace::library
