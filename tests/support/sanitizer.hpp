#pragma once

#include <string_view>

#ifndef MILLRACE_SANITIZE
#define MILLRACE_SANITIZE ""
#define MILLRACE_TEST_PATIENCE 1
#endif

namespace millrace::tests {

/// The sanitizers this build has, as CMake's MILLRACE_SANITIZE names them ("address,undefined", "thread"); empty: none.
///
/// For the few tests a sanitizer takes the ground from, such as those of memory limits: they leave that part out and
/// print why. What they assert otherwise stays the same. CONTRIBUTING.md lists them.
inline constexpr std::string_view sanitizers{MILLRACE_SANITIZE};

/// How many times longer than in an ordinary build a test waits before it takes something for hung.
inline constexpr int patience = MILLRACE_TEST_PATIENCE;

}  // namespace millrace::tests
