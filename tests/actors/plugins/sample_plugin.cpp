#include <cstdlib>

#include "millrace/plugin.hpp"

MILLRACE_PLUGIN("sample", "1.2.3")

namespace {

/// Tells whoever refused to load it whether it ran all the same.
struct trace_of_running {
  trace_of_running() { ::setenv("MILLRACE_SAMPLE_RAN", "yes", 1); }
} ran;

}  // namespace
