#pragma once

#include <cstdint>
#include <string>

#include "millrace/error.hpp"
#include "nexmark/event_feed.hpp"

namespace millrace::nexmark {

struct loop_figures {
  std::uint64_t events = 0;
  std::uint64_t outputs = 0;
  double cpu_s = 0;
};

/// True when there is a plain loop for the query.
[[nodiscard]] bool has_plain_loop(const std::string& query);

/// Answers the query in one thread with hash maps: no actors, channels, snapshots or keyed state. What the machine
/// could do at best with the same events, to hold the topology against. Rows are written to a small ring and counted.
/// For events in order: what only disorder needs is left out.
[[nodiscard]] result<loop_figures> run_plain_loop(const std::string& query, const feed_options& o);

}  // namespace millrace::nexmark
