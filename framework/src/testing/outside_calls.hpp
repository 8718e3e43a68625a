#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace millrace::testing {

/// Notes which actors call clocks and random numbers of the C library while it lives, and shifts what those answer.
///
/// The functions are replaced for the whole program by being defined in it, as a memory checker replaces malloc;
/// without a watch, and outside of actors' code, they pass the call on. Thread: one watch at a time in a process.
class outside_watch {
public:
  /// `shift`: other answers for every other value; 0: the true ones.
  explicit outside_watch(std::uint64_t shift);
  outside_watch(const outside_watch&) = delete;
  outside_watch& operator=(const outside_watch&) = delete;
  ~outside_watch();

  /// "check/1 called time"
  [[nodiscard]] const std::set<std::string>& calls() const noexcept { return calls_; }

  /// For the replaced functions: the shift for the call at hand; 0 when nobody watches or no actor is at work.
  static std::uint64_t note(const char* function) noexcept;

private:
  std::uint64_t shift_;
  std::set<std::string> calls_;
};

}  // namespace millrace::testing
