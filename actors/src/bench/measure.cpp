#include "bench/measure.hpp"

#include <sys/resource.h>

#include <fstream>

namespace millrace::bench {

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return s(u.ru_utime) + s(u.ru_stime);
}

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// See proc(5), clear_refs: 5 resets the peak.
void reset_peak_memory() {
  std::ofstream{"/proc/self/clear_refs"} << "5";
}

double peak_memory_mib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    double kib = 0;
    status >> kib;
    return kib / 1024;
  }
  return 0;
}

scratch::scratch() : at_{std::filesystem::temp_directory_path() / ("millrace-bench-" + std::to_string(steady_ns()))} {}

scratch::~scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(at_, ignored);
}

}  // namespace millrace::bench
