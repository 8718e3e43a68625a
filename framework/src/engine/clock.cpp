#include "millrace/engine/clock.hpp"

#include <chrono>
#include <ctime>

namespace millrace::engine {

namespace {

template <class Clock>
std::int64_t ns_of() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

processing_time system_clock::now() const {
  return {ns_of<std::chrono::system_clock>()};
}

std::int64_t system_clock::steady_ns() const {
  return ns_of<std::chrono::steady_clock>();
}

std::int64_t thread_cpu_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace millrace::engine
