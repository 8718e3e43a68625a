// What telemetry and tracing cost: the hot path with all that is measured by default, a status taken ten times a second
// and sent as JSON four times a second, against the same without any of it; or that with one event in a hundred traced,
// its spans collected ten times a second and made into OTLP, against the same untraced. Pairs of runs, one after the
// other in turns of order, since this machine changes its speed from second to second; the figure is processor time an
// event.
//   bench_telemetry [pairs] [seconds of each measurement] [events a second; 0: as fast as possible]
//                   [telemetry, tracing (limited as by default) or tracing-all (not limited)]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bench/hotpath_actors.hpp"
#include "bench/measure.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/topology.hpp"
#include "millrace/validation.hpp"
#include "node/status_json.hpp"
#include "node/tracing/told_span.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr auto warm_up = 500ms;
constexpr auto status_every = 100ms;
constexpr int statuses_to_json = 5;  // of every…
constexpr int of_statuses = 2;       // …so many: four a second

std::shared_ptr<const engine::plan> hot_path(double rate) {
  topology t;
  t.name = "telemetry";
  t.settings.snapshot_interval = 0ms;
  t.add("generator", "millrace.bench.generator", {{"keys", std::int64_t{10'000}}, {"rate", rate}});
  t.add("map", "millrace.bench.map");
  t.add("route", "millrace.by_key");
  t.add("total", "millrace.bench.aggregate", {}, 4);
  t.add("sink", "millrace.bench.sink");
  t.connect("generator", "map").connect("map", "route").connect("route", "total").connect("total", "sink");
  return validate(t).plan;
}

struct side {
  bool measures = true;
  engine::trace_rule trace{};
};
std::uint64_t spans_seen = 0;

/// Watches a run as a process does that somebody looks at.
void watch(runtime::topology_run& run, std::chrono::nanoseconds time) {
  node::status_history history;
  const auto end = std::chrono::steady_clock::now() + time;
  std::size_t sent = 0;
  for (int i = 0; std::chrono::steady_clock::now() < end; ++i) {
    history.add(run.status(), std::chrono::steady_clock::now());
    const auto view = history.view();
    if (i % statuses_to_json < of_statuses) sent += node::to_json(view).dump().size();
    const auto collected = run.collect_spans();
    const auto spans = node::told(run.plan(), collected.spans, "bench");
    spans_seen += spans.size();
    if (!spans.empty()) sent += node::otlp_request(spans).dump().size();
    std::this_thread::sleep_for(status_every);
  }
  if (sent == 0) std::abort();
}

/// Processor time of an event in nanoseconds.
double measure(const std::shared_ptr<const engine::plan>& plan, const side& how, std::chrono::nanoseconds time) {
  const bench::scratch folder;
  runtime::run_options o;
  o.data_dir = folder.path();
  o.measures = how.measures;
  o.trace = how.trace;
  auto run = runtime::topology_run::start(plan, o);
  if (!run) {
    std::fprintf(stderr, "%s\n", run.error().message.c_str());
    std::exit(1);
  }
  auto& seen = bench::result_of_hot_path();
  std::this_thread::sleep_for(warm_up);
  const auto events_before = seen.events.load();
  const auto cpu_before = bench::cpu_seconds();
  if (how.measures) {
    watch(**run, time);
  } else {
    std::this_thread::sleep_for(time);
  }
  const auto events = static_cast<double>(seen.events.load() - events_before);
  const auto cpu = bench::cpu_seconds() - cpu_before;
  (*run)->stop();
  (void)(*run)->wait(20s);
  return cpu * 1e9 / std::max(events, 1.0);
}

}  // namespace

int main(int argc, char** argv) {
  const auto pairs = argc > 1 ? std::atoi(argv[1]) : 20;
  const auto seconds = argc > 2 ? std::atof(argv[2]) : 1.0;
  const auto rate = argc > 3 ? std::atof(argv[3]) : 0.0;
  const std::string what = argc > 4 ? argv[4] : "telemetry";
  const side with = what == "telemetry" ? side{} : side{true, {100, 1, what == "tracing-all" ? 0U : 100U}};
  const side without = what == "telemetry" ? side{false, {}} : side{};
  link_library();
  const auto plan = hot_path(rate);
  const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
  std::vector<double> ratios;
  for (int i = 0; i < pairs; ++i) {
    const bool on_first = i % 2 == 0;
    const auto first = measure(plan, on_first ? with : without, time);
    const auto second = measure(plan, on_first ? without : with, time);
    const auto on = on_first ? first : second;
    const auto off = on_first ? second : first;
    ratios.push_back(on / off);
    std::printf("pair %2d  off %7.2f ns  on %7.2f ns  %+.2f %%\n", i + 1, off, on, (on / off - 1) * 100);
    std::fflush(stdout);
  }
  std::ranges::sort(ratios);
  const auto n = ratios.size();
  // The interval of the median by order statistics (binomial), 95 %: no assumption about how the figures scatter.
  const auto half = 0.98 * std::sqrt(static_cast<double>(n));
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(static_cast<double>(n) / 2 - half)));
  const auto high = std::min(n - 1, static_cast<std::size_t>(std::ceil(static_cast<double>(n) / 2 + half)));
  if (spans_seen != 0) std::printf("%llu spans\n", static_cast<unsigned long long>(spans_seen));
  std::printf("%zu pairs: median %+.2f %%, 95 %% interval %+.2f to %+.2f %%\n", n,
              ((ratios[n / 2] + ratios[(n - 1) / 2]) / 2 - 1) * 100, (ratios[low] - 1) * 100, (ratios[high] - 1) * 100);
}
