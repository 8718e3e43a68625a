// What it costs that somebody looks into a channel: the hot path with a tail on the channels to its keyed actor, 200
// samples a second, read four times a second as a client does, against the same with nobody looking. Pairs of runs, one
// after the other in turns of order, since this machine changes its speed from second to second; the figure is
// processor time an event, the reader's included.
//   bench_tail [pairs] [seconds of each measurement] [events a second; 0: as fast as possible] [filter]
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
#include "node/looking/look_desk.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr auto warm_up = 500ms;
constexpr auto between_reads = 250ms;

std::shared_ptr<const engine::plan> hot_path(double rate) {
  topology t;
  t.name = "looked_into";
  t.settings.snapshot_interval = 0ms;
  t.add("generator", "millrace.bench.generator", {{"keys", std::int64_t{10'000}}, {"rate", rate}});
  t.add("map", "millrace.bench.map");
  t.add("route", "millrace.by_key");
  t.add("total", "millrace.bench.aggregate", {}, 4);
  t.add("sink", "millrace.bench.sink");
  t.connect("generator", "map").connect("map", "route").connect("route", "total").connect("total", "sink");
  return validate(t).plan;
}

/// Looks into a run as a client of the control socket does.
void look(runtime::topology_run& run, const std::string& filter, std::chrono::nanoseconds time) {
  node::look_desk desk{run};
  auto tail = desk.answer("bench", "tail_open", {{"channel", "route->total"}, {"rate", 200}, {"filter", filter}});
  const auto end = std::chrono::steady_clock::now() + time;
  std::uint64_t shown = 0;
  while (tail && std::chrono::steady_clock::now() < end) {
    const auto read = desk.answer("bench", "tail_read", {{"tail", (*tail)["tail"]}});
    if (read) shown += (*read)["shown"].get<std::uint64_t>();
    std::this_thread::sleep_for(between_reads);
  }
  if (shown != 0) return;
  std::fprintf(stderr, "nothing was shown%s\n", tail ? "" : (": " + tail.error().message).c_str());
  std::exit(1);
}

/// Processor time of an event in nanoseconds.
double measure(const std::shared_ptr<const engine::plan>& plan, bool is_on, const std::string& filter,
               std::chrono::nanoseconds time) {
  const bench::scratch folder;
  runtime::run_options o;
  o.data_dir = folder.path();
  auto run = runtime::topology_run::start(plan, o);
  if (!run) {
    std::fprintf(stderr, "%s\n", run.error().message.c_str());
    std::exit(1);
  }
  auto& seen = bench::result_of_hot_path();
  std::this_thread::sleep_for(warm_up);
  const auto events_before = seen.events.load();
  const auto cpu_before = bench::cpu_seconds();
  if (is_on) {
    look(**run, filter, time);
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
  const std::string filter = argc > 4 ? argv[4] : "";
  link_library();
  const auto plan = hot_path(rate);
  const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
  std::vector<double> ratios;
  for (int i = 0; i < pairs; ++i) {
    const bool on_first = i % 2 == 0;
    const auto first = measure(plan, on_first, filter, time);
    const auto second = measure(plan, !on_first, filter, time);
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
  std::printf("%zu pairs: median %+.2f %%, 95 %% interval %+.2f to %+.2f %%\n", n,
              ((ratios[n / 2] + ratios[(n - 1) / 2]) / 2 - 1) * 100, (ratios[low] - 1) * 100, (ratios[high] - 1) * 100);
}
