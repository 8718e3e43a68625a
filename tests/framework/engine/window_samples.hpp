#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/record.hpp"
#include "millrace/testing/simulation.hpp"
#include "millrace/topology.hpp"
#include "sample_topology.hpp"
#include "support/random_stream.hpp"

/// A stream with disorder, late events, leaps in time and skewed keys for the tests of windows and joins, and actors
/// around it: `win.source` (its events), `win.lates` (an outcome "late" for each event that reaches it).
namespace sample {

inline constexpr std::int64_t ms = 1'000'000;
/// What `win.source` declares; one event in ten comes later than that.
inline constexpr std::int64_t disorder_ms = 5;

/// What an accumulator of the tests collects.
struct total {
  std::int64_t n{};
  std::int64_t sum{};
  void merge(const total& o) {
    n += o.n;
    sum += o.sum;
  }
};
MILLRACE_RECORD(total, 1, n, sum)

struct stream_shape : support::stream_shape {
  millrace::engine::protections protect{};
};

/// Event `number` of `source`, as a function of nothing else.
[[nodiscard]] reading event_of(const support::stream_shape& s, std::int64_t source, std::int64_t number);

/// Adds `win.source` as "source" and a router by key as "route".
void add_source(millrace::topology& t, const stream_shape& s, const std::string& source = "source");
/// Runs the topology, whose sink must be `sim.sink`, with random batches and the crashes asked for. What the sink
/// committed, or an error text.
[[nodiscard]] std::string simulate(const millrace::topology& t, const stream_shape& s, std::vector<outcome>& output);

}  // namespace sample
