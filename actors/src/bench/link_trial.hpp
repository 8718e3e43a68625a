#pragma once

#include <optional>

#include "bench/link_cargo.hpp"
#include "bench/links.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/raw_pipe.hpp"

namespace millrace::bench {

/// What one measurement saw.
struct figures {
  double events_per_s = 0;
  double bytes_per_event = 0;
  double cpu_ns_per_event = 0;
};

/// ZeroMQ alone: frames encoded in one thread and decoded in the other. Each of these takes two threads of its own for
/// the time of the options. Errors: what cannot be opened, what came out wrong.
[[nodiscard]] result<figures> measure_raw(const links_options& o, const cargo& c,
                                          const std::optional<transport::curve_keys>& keys);
/// Bytes alone, copied into a message each as a program without frames would.
[[nodiscard]] result<figures> measure_bytes(const links_options& o, const cargo& c,
                                            const std::optional<transport::curve_keys>& keys);
/// A link between two nodes in this process.
[[nodiscard]] result<figures> measure_link(const links_options& o, const cargo& c, bool has_keys, bool compresses);

}  // namespace millrace::bench
