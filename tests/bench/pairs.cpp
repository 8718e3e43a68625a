#include "pairs.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "bench/hotpath_actors.hpp"
#include "bench/measure.hpp"
#include "millrace/topology.hpp"
#include "millrace/validation.hpp"

using namespace std::chrono_literals;

namespace millrace::bench {

std::shared_ptr<const engine::plan> hot_path(const std::string& name, double rate) {
  topology t;
  t.name = name;
  t.settings.snapshot_interval = 0ms;
  t.add("generator", "millrace.bench.generator", {{"keys", std::int64_t{10'000}}, {"rate", rate}});
  t.add("map", "millrace.bench.map");
  t.add("route", "millrace.by_key");
  t.add("total", "millrace.bench.aggregate", {}, 4);
  t.add("sink", "millrace.bench.sink");
  t.connect("generator", "map").connect("map", "route").connect("route", "total").connect("total", "sink");
  return validate(t).plan;
}

double cpu_of_event(const std::shared_ptr<const engine::plan>& plan, runtime::run_options o,
                    const std::function<void(runtime::topology_run&)>& meanwhile) {
  constexpr auto warm_up = 500ms;
  const scratch folder;
  o.data_dir = folder.path();
  auto run = runtime::topology_run::start(plan, std::move(o));
  if (!run) {
    std::fprintf(stderr, "%s\n", run.error().message.c_str());
    std::exit(1);
  }
  auto& seen = result_of_hot_path();
  std::this_thread::sleep_for(warm_up);
  const auto events_before = seen.events.load();
  const auto cpu_before = cpu_seconds();
  meanwhile(**run);
  const auto events = static_cast<double>(seen.events.load() - events_before);
  const auto cpu = cpu_seconds() - cpu_before;
  (*run)->stop();
  (void)(*run)->wait(20s);
  return cpu * 1e9 / std::max(events, 1.0);
}

void compare_in_pairs(int pairs, const std::function<double()>& with, const std::function<double()>& without) {
  std::vector<double> ratios;
  for (int i = 0; i < pairs; ++i) {
    const bool with_first = i % 2 == 0;
    const auto first = with_first ? with() : without();
    const auto second = with_first ? without() : with();
    const auto on = with_first ? first : second;
    const auto off = with_first ? second : first;
    ratios.push_back(on / off);
    std::printf("pair %2d  without %7.2f ns  with %7.2f ns  %+.2f %%\n", i + 1, off, on, (on / off - 1) * 100);
    std::fflush(stdout);
  }
  if (ratios.empty()) return;
  std::ranges::sort(ratios);
  const auto n = ratios.size();
  const auto half = 0.98 * std::sqrt(static_cast<double>(n));
  const auto low = static_cast<std::size_t>(std::max(0.0, std::floor(static_cast<double>(n) / 2 - half)));
  const auto high = std::min(n - 1, static_cast<std::size_t>(std::ceil(static_cast<double>(n) / 2 + half)));
  std::printf("%zu pairs: median %+.2f %%, 95 %% interval %+.2f to %+.2f %%\n", n,
              ((ratios[n / 2] + ratios[(n - 1) / 2]) / 2 - 1) * 100, (ratios[low] - 1) * 100, (ratios[high] - 1) * 100);
}

}  // namespace millrace::bench
