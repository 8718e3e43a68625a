#include "bench/capacity.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "chaos/child_process.hpp"
#include "millrace/registry.hpp"
#include "millrace/topology.hpp"

namespace millrace::bench {

namespace {

namespace fs = std::filesystem;
using chaos::sample;
using chaos::subject;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_every{100};
constexpr milliseconds ready_timeout{60'000};
constexpr milliseconds inject_timeout{10'000};
constexpr double spike_share = 0.5;

/// Gone with what is in it.
class work_folder {
public:
  static result<work_folder> make() {
    auto pattern = (fs::temp_directory_path() / "millrace-load-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fatal_error(errc::io_error, pattern + ": cannot be made");
    return work_folder{pattern};
  }
  work_folder(work_folder&& other) noexcept : path_{std::exchange(other.path_, {})} {}
  work_folder& operator=(work_folder&&) = delete;
  ~work_folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  explicit work_folder(std::string path) : path_{std::move(path)} {}
  std::string path_;
};

/// What a process has of memory now.
double memory_mb(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) return std::strtod(line.c_str() + 6, nullptr) / 1024;
  }
  return 0;
}

/// The topology under one load, and what was sampled while somebody watched.
class loaded_run {
public:
  loaded_run(const capacity_options& o, double rate, std::string folder)
      : options_{o}, trial_{trial_for(o, rate)}, run_{o.program, trial_, std::move(folder)} {}
  ~loaded_run() { run_.stop(); }
  loaded_run(const loaded_run&) = delete;
  loaded_run& operator=(const loaded_run&) = delete;

  result<void> start() {
    if (auto ok = run_.start(); !ok) return ok;
    const auto until = steady_clock::now() + ready_timeout;
    while (!run_.is_running()) {
      if (steady_clock::now() > until) return fatal_error(errc::timeout, "the topology does not begin to run");
      if (auto ok = look(); !ok) return ok;
    }
    return watch(options_.settle);
  }
  result<void> watch(milliseconds d) {
    const auto until = steady_clock::now() + d;
    while (steady_clock::now() < until) {
      if (auto ok = look(); !ok) return ok;
    }
    return {};
  }
  result<void> look() {
    std::this_thread::sleep_for(look_every);
    if (options_.is_interrupted && options_.is_interrupted()) return user_error(errc::cancelled, "it was interrupted");
    if (auto ok = run_.look("load"); !ok) return ok;
    if (run_.has_finished()) {
      return user_error(errc::invalid_argument,
                        "its input ends too soon: set '" + options_.source + ".count=0', or give it more to read");
    }
    memory_mb_ = std::max(memory_mb_, memory_mb(run_.pid()));
    return {};
  }
  [[nodiscard]] std::vector<sample> since(milliseconds from) const {
    std::vector<sample> out;
    for (const auto& s : run_.samples()) {
      if (s.at >= from) out.push_back(s);
    }
    return out;
  }
  [[nodiscard]] const subject& run() const noexcept { return run_; }
  [[nodiscard]] double memory() const noexcept { return memory_mb_; }

private:
  static chaos::trial_settings trial_for(const capacity_options& o, double rate) {
    chaos::trial_settings t;
    t.topology = o.topology;
    t.throughput = o.source;
    t.settings = o.settings;
    t.settings.push_back(o.source + ".rate=" + std::to_string(rate));
    return t;
  }

  const capacity_options& options_;
  const chaos::trial_settings trial_;
  subject run_;
  double memory_mb_ = 0;
};

result<load_step> measure_step(const capacity_options& o, double rate) {
  auto folder = work_folder::make();
  if (!folder) return std::move(folder).error();
  loaded_run run{o, rate, folder->path()};
  if (auto ok = run.start(); !ok) return std::move(ok).error();
  const auto from = run.run().age();
  if (auto ok = run.watch(o.measure); !ok) return std::move(ok).error();
  auto step = judge_load(run.since(from), rate, o.bounds);
  step.memory_mb = run.memory();
  o.say(std::to_string(static_cast<std::int64_t>(rate)) +
        " events/s: " + (step.why.empty() ? "sustained, p99 " + std::to_string(step.p99_ms) + " ms" : step.why));
  return step;
}

/// By the command, as anybody would: the source's own time goes by so many times as fast.
result<void> inject_burst(const capacity_options& o, const std::string& topology, const subject& run) {
  const std::string printed = run.folder() + "/injected";
  chaos::child_process::order order{
      {o.program, "chaos", "inject", topology, "burst", "--target", o.source, "--with",
       "factor=" + std::to_string(o.spike), "--for", std::to_string(o.spike_lasts.count()) + "ms"},
      run.environment(),
      printed,
      printed + "_errors"};
  auto call = chaos::child_process::start(order);
  if (!call) return std::move(call).error();
  const auto until = steady_clock::now() + inject_timeout;
  while (!call->exit_code() && steady_clock::now() < until) std::this_thread::sleep_for(milliseconds{5});
  if (call->exit_code() == 0) return {};
  return fatal_error(errc::failed, "the spike could not begin: " + chaos::read_printed(order.error_file));
}

result<spike_result> measure_spike(const capacity_options& o, const std::string& topology, double highest) {
  spike_result out;
  out.base_rate = highest * spike_share;
  out.factor = o.spike;
  out.lasted = o.spike_lasts;
  auto folder = work_folder::make();
  if (!folder) return std::move(folder).error();
  loaded_run run{o, out.base_rate, folder->path()};
  if (auto ok = run.start(); !ok) return std::move(ok).error();
  o.say("a spike of " + std::to_string(o.spike) + " times " + std::to_string(static_cast<std::int64_t>(out.base_rate)) +
        " events/s");
  const auto begun = run.run().age();
  if (auto ok = inject_burst(o, topology, run.run()); !ok) return std::move(ok).error();
  if (auto ok = run.watch(o.spike_lasts); !ok) return std::move(ok).error();
  const auto ended = run.run().age();
  const auto until = steady_clock::now() + o.drain_limit;
  while (!out.drained && steady_clock::now() < until) {
    if (auto ok = run.look(); !ok) return std::move(ok).error();
    out.drained = drained_after(run.run().samples(), ended, out.base_rate, o.bounds);
  }
  for (const auto& s : run.since(begun)) {
    out.per_s_max = std::max(out.per_s_max, s.per_s);
    out.lag_ms_max = std::max(out.lag_ms_max, s.lag_ms);
    out.p99_ms_max = std::max(out.p99_ms_max, s.p99_ms);
  }
  out.memory_mb_max = run.memory();
  return out;
}

result<void> check_source(const topology& t, const std::string& name) {
  const auto found = std::ranges::find(t.actors, name, &actor_spec::name);
  if (found == t.actors.end())
    return user_error(errc::not_found, "there is no actor '" + name + "' in '" + t.name + "'");
  const auto* const type = actor_registry::instance().find(found->type);
  const auto probe = type == nullptr ? nullptr : type->make();
  const bool has_rate = probe != nullptr && std::ranges::any_of(engine::actor_access::params(*probe),
                                                                [](const auto* p) { return p->name() == "rate"; });
  if (has_rate) return {};
  return user_error(errc::invalid_argument, "'" + name + "' (" + found->type +
                                                ") has no 'rate': name a source that has, such as a "
                                                "millrace.generator or a millrace.file_source");
}

}  // namespace

result<capacity_result> measure_capacity(const capacity_options& o) {
  const auto t = load_topology(o.topology);
  if (!t) return t.error();
  if (auto ok = check_source(*t, o.source); !ok) return std::move(ok).error();
  auto out = find_capacity(o.first, o.most, [&](double rate) { return measure_step(o, rate); });
  if (!out || !out->highest || o.spike == 0) return out;
  auto spike = measure_spike(o, t->name, out->highest->rate);
  if (!spike) return std::move(spike).error();
  out->spike = *spike;
  return out;
}

}  // namespace millrace::bench
