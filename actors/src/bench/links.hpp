#pragma once

#include <chrono>
#include <cstdint>

#include "millrace/error.hpp"

namespace millrace::bench {

/// What `millrace bench links` measures: events from one thread to another over a link on loopback, beside ZeroMQ
/// alone.
struct links_options {
  std::uint32_t batch = 1024;  ///< events a frame
  std::uint32_t window = 64;   ///< frames of credit
  std::chrono::milliseconds warm_up{300};
  std::chrono::milliseconds measure{2000};
  std::uint32_t repeats = 5;
  bool json = false;
};

/// Every variant in turn, `repeats` times over; prints the medians. Nothing else should run on the machine.
[[nodiscard]] result<void> run_links(const links_options& options);

}  // namespace millrace::bench
