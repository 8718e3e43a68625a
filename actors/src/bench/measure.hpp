#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace millrace::bench {

/// User and system time of this process so far.
[[nodiscard]] double cpu_seconds();
[[nodiscard]] std::int64_t steady_ns();
/// Starts a new peak of resident memory; `peak_memory_mib` then gives the highest since.
void reset_peak_memory();
[[nodiscard]] double peak_memory_mib();

/// A folder of its own for each run, removed afterwards.
class scratch {
public:
  scratch();
  ~scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  [[nodiscard]] std::string path() const { return at_.string(); }

private:
  std::filesystem::path at_;
};

}  // namespace millrace::bench
