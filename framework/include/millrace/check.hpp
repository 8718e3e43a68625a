#pragma once

#include <cstdio>
#include <cstdlib>

namespace millrace::detail {

[[noreturn]] inline void broken_invariant(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "millrace: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace millrace::detail

/// Stops the process when an invariant of the program itself does not hold; stays on in release builds.
/// Never for bad input, full disks or peers' errors: those are `result<T>`.
#define MILLRACE_CHECK(condition, what) \
  ((condition) ? void() : ::millrace::detail::broken_invariant(what, __FILE__, __LINE__))
