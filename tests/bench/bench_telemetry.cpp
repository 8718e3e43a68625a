// What telemetry and tracing cost: the hot path with all that is measured by default, a status taken ten times a second
// and sent as JSON four times a second, against the same without any of it; or that with one event in a hundred traced,
// its spans collected ten times a second and made into OTLP, against the same untraced. Pairs of runs, one after the
// other in turns of order, since this machine changes its speed from second to second; the figure is processor time an
// event.
//   bench_telemetry [pairs] [seconds of each measurement] [events a second; 0: as fast as possible]
//                   [telemetry, tracing (limited as by default) or tracing-all (not limited)]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "node/status_json.hpp"
#include "node/tracing/told_span.hpp"
#include "pairs.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr auto status_every = 100ms;
constexpr int statuses_to_json = 5;  // of every…
constexpr int of_statuses = 2;       // …so many: four a second

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

double measure(const std::shared_ptr<const engine::plan>& plan, const side& how, std::chrono::nanoseconds time) {
  runtime::run_options o;
  o.measures = how.measures;
  o.trace = how.trace;
  return bench::cpu_of_event(plan, std::move(o), [&](auto& run) {
    if (how.measures) {
      watch(run, time);
    } else {
      std::this_thread::sleep_for(time);
    }
  });
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
  const auto plan = bench::hot_path("telemetry", rate);
  const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
  bench::compare_in_pairs(
      pairs, [&] { return measure(plan, with, time); }, [&] { return measure(plan, without, time); });
  if (spans_seen != 0) std::printf("%llu spans\n", static_cast<unsigned long long>(spans_seen));
}
