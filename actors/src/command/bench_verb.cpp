#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/capacity.hpp"
#include "bench/hotpath.hpp"
#include "bench/links.hpp"
#include "bench/recovery.hpp"
#include "bench/windows.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/stop_signal.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"

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

int measure_windows(const bench::windows_options& options) {
  if (auto done = bench::run_windows(options); !done) return fail_with(done.error());
  return exit_ok;
}

void declare_hotpath(CLI::App& app, action& chosen) {
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

void declare_windows(CLI::App& app, action& chosen) {
  auto* windows = app.add_subcommand(
      "windows",
      "Tumbling and sliding windows over keys with disorder: throughput, memory and how soon results come, each "
      "output checked against plain counting. Run it on an otherwise idle machine");
  const auto request = std::make_shared<bench::windows_options>();
  auto& o = *request;
  windows->add_option("--keys", o.keys, "Numbers of distinct keys of the throughput runs")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  windows->add_option("--latency-keys", o.latency_keys, "Numbers of distinct keys of the latency runs")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  windows->add_option("--events", o.events, "Events of a throughput run")
      ->capture_default_str()
      ->check(CLI::Range(1'000, 1'000'000'000));
  windows->add_option("--partitions", o.partitions, "Partitions of the windows' actor")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  windows->add_option("--rate", o.latency_rate, "Events a second of the latency runs")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e8));
  windows->add_option("--seconds", o.latency_seconds, "Length of a latency run")
      ->capture_default_str()
      ->check(CLI::Range(2, 600));
  windows->add_option("--repeats", o.repeats, "Measurements of each throughput line; the median is printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  windows->add_flag("--json", o.json, "One JSON object a line");
  windows->callback([request, &chosen] { chosen = [request] { return measure_windows(*request); }; });
}

struct links_request {
  bench::links_options options;
  double seconds = 2;
};

int measure_links(links_request& request) {
  request.options.measure = std::chrono::milliseconds{static_cast<std::int64_t>(request.seconds * 1000)};
  if (auto done = bench::run_links(request.options); !done) return fail_with(done.error());
  return exit_ok;
}

void declare_links(CLI::App& app, action& chosen) {
  auto* links = app.add_subcommand(
      "links",
      "Events from one thread to another over a node-to-node link on loopback, beside ZeroMQ alone with the same "
      "bytes, batches and encryption. Run it on an otherwise idle machine");
  const auto request = std::make_shared<links_request>();
  auto& o = request->options;
  links->add_option("--batch", o.batch, "Events a frame")->capture_default_str()->check(CLI::Range(1, 65'536));
  links->add_option("--window", o.window, "Frames of credit")->capture_default_str()->check(CLI::Range(1, 10'000));
  links->add_option("--seconds", request->seconds, "Length of one measurement")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 600.0));
  links->add_option("--repeats", o.repeats, "Measurements of each line, in turn; the median is printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  links->add_flag("--json", o.json, "One JSON object a line");
  links->callback([request, &chosen] { chosen = [request] { return measure_links(*request); }; });
}

struct recovery_request {
  bench::recovery_options options;
  std::uint32_t backoff_ms = 100;
  std::string broken;
};

int measure_recovery(recovery_request& request) {
  request.options.backoff = std::chrono::milliseconds{request.backoff_ms};
  request.options.is_broken = !request.broken.empty();
  if (auto done = bench::run_recovery(request.options); !done) return fail_with(done.error());
  return exit_ok;
}

void declare_recovery(CLI::App& app, action& chosen) {
  auto* recovery = app.add_subcommand(
      "recovery",
      "How soon a failed actor and a killed process are back, by the size of their state, and what neighbours notice "
      "of an actor that is killed again and again; output checked against plain counting. Run it on an otherwise idle "
      "machine");
  const auto request = std::make_shared<recovery_request>();
  auto& o = request->options;
  recovery->add_option("--sizes", o.sizes_mb, "Sizes of one partition's state, MB")
      ->capture_default_str()
      ->delimiter(',')
      ->check(CLI::Range(1, 10'000));
  recovery->add_option("--repeats", o.repeats, "Failures of each line; the median is printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 99));
  recovery->add_option("--kills", o.kills, "Kills of one partition under load; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000));
  recovery->add_option("--partitions", o.partitions, "Partitions under load")
      ->capture_default_str()
      ->check(CLI::Range(2, 64));
  recovery->add_option("--keys", o.keys, "Keys under load")->capture_default_str()->check(CLI::Range(1, 100'000'000));
  recovery->add_option("--rate", o.rate, "Load, events/s")->capture_default_str()->check(CLI::Range(1.0, 1e8));
  recovery->add_option("--backoff", request->backoff_ms, "Pause before an actor is brought back, ms")
      ->capture_default_str()
      ->check(CLI::Range(0, 60'000));
  recovery->add_option("--seed", o.seed, "Decides the events and when kills come")->capture_default_str();
  recovery->add_option("--break", request->broken, "Kills under load only, with a protection off that must be missed")
      ->check(CLI::IsMember({"trim"}));
  recovery->add_flag("--json", o.json, "One JSON object a line");
  recovery->callback([request, &chosen] { chosen = [request] { return measure_recovery(*request); }; });
}

struct capacity_request {
  bench::capacity_options options;
  double measure_s = 5;
  double settle_s = 2;
  double spike_s = 5;
  double drain_s = 60;
  bool is_json = false;
};

nlohmann::json to_json(const bench::load_step& s) {
  return {{"rate", s.rate},     {"per_s", s.per_s},         {"p99_ms", s.p99_ms},
          {"lag_ms", s.lag_ms}, {"memory_mb", s.memory_mb}, {"limit", s.why}};
}

nlohmann::json to_json(const bench::capacity_result& r) {
  nlohmann::json out{{"steps", nlohmann::json::array()}, {"highest", nullptr}, {"spike", nullptr}};
  for (const auto& s : r.steps) out["steps"].push_back(to_json(s));
  if (r.highest) out["highest"] = to_json(*r.highest);
  if (!r.spike) return out;
  const auto& s = *r.spike;
  out["spike"] = {{"base_rate", s.base_rate},        {"factor", s.factor},         {"lasted_ms", s.lasted.count()},
                  {"per_s_max", s.per_s_max},        {"lag_ms_max", s.lag_ms_max}, {"p99_ms_max", s.p99_ms_max},
                  {"memory_mb_max", s.memory_mb_max}};
  out["spike"]["drained_ms"] = s.drained ? nlohmann::json(s.drained->count()) : nlohmann::json{};
  return out;
}

int measure_capacity(capacity_request& request) {
  const auto ms = [](double s) { return std::chrono::milliseconds{static_cast<std::int64_t>(s * 1000)}; };
  const stop_signal signal;
  auto& o = request.options;
  o.program = std::filesystem::read_symlink("/proc/self/exe").string();
  o.topology = std::filesystem::absolute(o.topology).string();
  o.measure = ms(request.measure_s);
  o.settle = ms(request.settle_s);
  o.spike_lasts = ms(request.spike_s);
  o.drain_limit = ms(request.drain_s);
  o.is_interrupted = [&signal] { return signal.is_raised(); };
  o.say = [&request](const std::string& line) {
    if (!request.is_json) console::terminal::instance().write("  … " + line + "\n");
  };
  const auto r = bench::measure_capacity(o);
  if (!r) return fail_with(r.error());
  console::terminal::instance().write(request.is_json ? to_json(*r).dump(2) + "\n"
                                                      : bench::capacity_text(*r, o.bounds));
  const bool is_sound = r->highest && (!r->spike || r->spike->drained);
  return is_sound ? exit_ok : exit_failed;
}

void declare_capacity(CLI::App& app, action& chosen) {
  auto* capacity = app.add_subcommand(
      "capacity",
      "What a topology sustains: raises the rate of a source until it gets less, p99 or lag leave their bounds, then "
      "has "
      "a spike at half of that, and says how soon it is drained. Run it on an otherwise idle machine");
  const auto request = std::make_shared<capacity_request>();
  auto& o = request->options;
  capacity->add_option("FILE", o.topology, "Topology (.mill)")->required()->check(CLI::ExistingFile)->type_name("");
  capacity->add_option("--source", o.source, "Actor with a parameter 'rate'")->required()->type_name("ACTOR");
  capacity->add_option("--set", o.settings, "A parameter for all runs: orders.count=0; repeat it for more")
      ->type_name("ACTOR.PARAM=VALUE")
      ->type_size(1)
      ->allow_extra_args(false);
  capacity->add_option("--from", o.first, "First rate, events/s")->capture_default_str()->check(CLI::Range(1.0, 1e9));
  capacity->add_option("--most", o.most, "Highest rate that is tried")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e9));
  capacity->add_option("--p99", o.bounds.p99_ms, "Latency that counts as sustained, ms")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  capacity->add_option("--lag", o.bounds.lag_ms, "Age of the oldest event that does, ms")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  capacity->add_option("--settle", request->settle_s, "Seconds before each measurement")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 600.0));
  capacity->add_option("--seconds", request->measure_s, "Length of each measurement; longer ones are a soak")
      ->capture_default_str()
      ->check(CLI::Range(0.5, 86'400.0));
  capacity->add_option("--spike", o.spike, "How many times as much comes in a spike; 0: there is none")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1'000.0));
  capacity->add_option("--spike-for", request->spike_s, "Seconds it lasts")
      ->capture_default_str()
      ->check(CLI::Range(0.2, 600.0));
  capacity->add_option("--drain", request->drain_s, "Seconds after which it is not drained")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 3'600.0));
  capacity->add_flag("--json", request->is_json, "Print JSON");
  capacity->callback([request, &chosen] { chosen = [request] { return measure_capacity(*request); }; });
}

}  // namespace

void declare_bench(CLI::App& app, action& chosen) {
  app.require_subcommand(1);
  declare_hotpath(app, chosen);
  declare_windows(app, chosen);
  declare_links(app, chosen);
  declare_recovery(app, chosen);
  declare_capacity(app, chosen);
}

}  // namespace millrace::command
