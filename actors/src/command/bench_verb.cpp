#include <CLI/CLI.hpp>
#include <memory>

#include "bench/hotpath.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/verb.hpp"

namespace millrace::command {

namespace {

struct hotpath_request {
  bench::hotpath_options options;
  double seconds = 3;
};

int run_hotpath(hotpath_request& request) {
  request.options.measure = std::chrono::milliseconds{static_cast<std::int64_t>(request.seconds * 1000)};
  if (auto done = bench::run_hotpath(request.options); !done) return fail_with(done.error());
  return exit_ok;
}

}  // namespace

void declare_bench(CLI::App& app, action& chosen) {
  app.require_subcommand(1);
  auto* hotpath = app.add_subcommand(
      "hotpath",
      "Generator, map, route by key, count and sum per key, sink: throughput, CPU and latency, beside the same "
      "work in one fused loop. Run it on an otherwise idle machine");
  const auto request = std::make_shared<hotpath_request>();
  auto& o = request->options;
  hotpath->add_option("--keys", o.keys, "Numbers of distinct keys")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000'000));
  hotpath->add_option("--partitions", o.partitions, "Partitions of the keyed actor")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  hotpath->add_option("--rates", o.rates, "Fixed rates to measure latency at, events/s")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e9));
  hotpath->add_option("--seconds", request->seconds, "Length of one measurement")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 600.0));
  hotpath->add_option("--repeats", o.repeats, "Measurements of each line; the median is printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  hotpath->add_flag("--json", o.json, "One JSON object a line");
  hotpath->callback([request, &chosen] { chosen = [request] { return run_hotpath(*request); }; });
}

}  // namespace millrace::command
