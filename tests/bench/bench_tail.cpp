// What it costs that somebody looks into a channel: the hot path with a tail on the channels to its keyed actor, 200
// samples a second, read four times a second as a client does, against the same with nobody looking. Pairs of runs, one
// after the other in turns of order, since this machine changes its speed from second to second; the figure is
// processor time an event, the reader's included.
//   bench_tail [pairs] [seconds of each measurement] [events a second; 0: as fast as possible] [filter]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "node/looking/look_desk.hpp"
#include "pairs.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr auto between_reads = 250ms;

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

}  // namespace

int main(int argc, char** argv) {
  const auto pairs = argc > 1 ? std::atoi(argv[1]) : 20;
  const auto seconds = argc > 2 ? std::atof(argv[2]) : 1.0;
  const auto rate = argc > 3 ? std::atof(argv[3]) : 0.0;
  const std::string filter = argc > 4 ? argv[4] : "";
  link_library();
  const auto plan = bench::hot_path("looked_into", rate);
  const auto time = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>{seconds});
  bench::compare_in_pairs(
      pairs, [&] { return bench::cpu_of_event(plan, {}, [&](auto& run) { look(run, filter, time); }); },
      [&] { return bench::cpu_of_event(plan, {}, [&](auto&) { std::this_thread::sleep_for(time); }); });
}
