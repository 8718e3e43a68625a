#include "millrace/testing/explore.hpp"

#include <algorithm>
#include <cstdio>

#include "millrace/context.hpp"
#include "testing/minimise.hpp"

namespace millrace::testing {

namespace {

// Faults make a run longer, but not without end.
constexpr std::uint64_t longer_by = 50;
constexpr std::uint64_t steps_min = 200'000;

std::string report_of(const exploration& e) {
  auto text = "seed " + std::to_string(e.failing_seed) + " differs from the run without faults: " + e.difference + "\n";
  if (e.faults.empty()) {
    text += "  it differs without any fault: the output depends on the order in which tasks run\n";
  } else {
    text += "  faults it takes:\n";
    for (const auto& f : e.faults) text += "    " + to_string(f) + "\n";
  }
  return text + "  MILLRACE_SEED=" + std::to_string(e.failing_seed) + " repeats it\n";
}

void add(std::vector<std::uint64_t>& sum, const std::vector<std::uint64_t>& more) {
  std::ranges::transform(sum, more, sum.begin(), std::plus<>{});
}

}  // namespace

run_options options_of_seed(const topology_harness& h, std::uint64_t seed, std::uint64_t steps,
                            const explore_options& o) {
  random_source random{seed};
  run_options out;
  out.seed = random();
  out.faults = draw_faults(h.plan(), random(), steps, o.faults_max, o.kinds);
  out.batches = random.below(4) == 0 ? payload::encoded : payload::shared;
  out.batch_events = 1 + static_cast<std::uint32_t>(random.below(24));
  out.credit = engine::credit_window{4, std::uint64_t{1} << 20};
  out.steps_max = std::max(steps_min, steps * longer_by);
  out.protect = o.protect;
  return out;
}

exploration explore(const topology_harness& h, const explore_options& o) {
  exploration e;
  e.hits.assign(fault_kinds, 0);
  const auto first = o.quiet ? o.first_seed : seed_from_environment(o.first_seed);
  // Always the same run: a seed draws its faults from the length of this one.
  const auto expected = h.run({.seed = 0});
  if (!expected.finished) {
    e.difference = "the run without faults does not finish: " + expected.message;
    e.failing_seed = first;
    e.report = e.difference + "\n";
  }
  for (; e.ok() && e.seeds < o.seeds; ++e.seeds) {
    const auto seed = first + e.seeds;
    auto options = options_of_seed(h, seed, expected.steps, o);
    const auto got = h.run(options);
    add(e.hits, got.hits);
    e.restarts += got.restarts;
    e.difference = h.difference(expected, got);
    if (e.ok()) continue;
    e.failing_seed = seed;
    e.faults = minimise(options.faults, [&](const fault_plan& fewer) {
      options.faults = fewer;
      auto wrong = h.difference(expected, h.run(options));
      if (wrong.empty()) return false;
      e.difference = std::move(wrong);
      return true;
    });
    e.report = report_of(e);
  }
  if (!o.quiet && !e.ok()) std::fputs(e.report.c_str(), stderr);
  return e;
}

}  // namespace millrace::testing
