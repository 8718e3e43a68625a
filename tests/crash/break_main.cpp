#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>

#include "crash_feed.hpp"
#include "crash_input.hpp"
#include "ledger_topology.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

// Tasks of a running topology stop at breakpoints, are stepped, go on, and are killed there: README.md.

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace millrace;

namespace {

// An undisturbed run takes a second.
constexpr auto run_time_max = 90s;

struct trial {
  int stops = 60;
  std::int64_t lines = 4000;
  double rate = 4000;  ///< events/s of each source
  std::uint64_t seed = 1;
  std::string payload = "shared";
  std::string broken;
  std::int64_t timeout_ms = 0;  ///< of snapshots; 0: the usual one
  bool is_verbose = false;
};

struct tally {
  std::uint64_t stops = 0, steps = 0, continued = 0, cleared = 0, kills = 0;
  std::atomic<int> lapsed{0};
  std::atomic<int> given_up{0};
};

runtime::run_options options_of(const trial& t, const fs::path& folder, tally& sum) {
  runtime::run_options out;
  out.data_dir = (folder / "data").string();
  out.payload = t.payload == "encoded" ? transport::payload_mode::encoded : transport::payload_mode::shared;
  out.protect.trim_seen = t.broken != "trim";
  out.log = [&sum, is_verbose = t.is_verbose](log_level, const std::string& text) {
    sum.lapsed += text.find("its lease was not renewed") != std::string::npos ? 1 : 0;
    sum.given_up += text.find("a task stands at a breakpoint") != std::string::npos ? 1 : 0;
    if (is_verbose) std::fprintf(stderr, "  %s\n", text.c_str());
  };
  return out;
}

/// A controller that sets breakpoints, lets tasks go on, and now and then is gone: then leases end what it began.
// A few stops in each, at least.
constexpr std::uint64_t runs_max = 1000;

class controller {
public:
  controller(inspect::watch_board& board, std::mt19937_64& random, tally& sum)
      : board_{board}, random_{random}, sum_{sum} {}

  void act() {
    if (gone_until_ > std::chrono::steady_clock::now()) return;
    const auto breakpoints = board_.breakpoints();
    if (breakpoints.size() < 3 && random_() % 2 == 0) return set();
    if (random_() % 40 == 0) {
      gone_until_ = std::chrono::steady_clock::now() + 1100ms;  // longer than all leases
      return;
    }
    for (const auto& b : breakpoints) (void)board_.renew(b.id);
    const auto stops = board_.stops();
    if (stops.empty()) return;
    const auto& one = stops[random_() % stops.size()];
    switch (random_() % 8) {
      case 0:
        sum_.cleared += board_.clear(one.where.at->id).has_value() ? 1 : 0;
        return;
      case 1:
      case 2:
      case 3:
        sum_.steps += board_.go_on(one.task, true).has_value() ? 1 : 0;
        return;
      default:
        if (const auto n = board_.go_on({}, false)) sum_.continued += *n;
    }
  }
  /// All breakpoints' hits since the last call: those that are gone keep theirs.
  void count() {
    for (const auto& b : board_.breakpoints()) {
      auto& known = hits_[b.id];
      sum_.stops += b.hits - known;
      known = b.hits;
    }
  }

private:
  void set() {
    static constexpr const char* channels[] = {"entries->route", "route->ledger", "route->ledger/2",
                                               "route_feed->ledger", "ledger->statements"};
    const auto* const channel = channels[random_() % std::size(channels)];
    const bool is_entry = std::string{channel} != "ledger->statements";
    const auto when = is_entry ? "number % " + std::to_string(200 + random_() % 400) + " == 7"
                               : "kind == 'run' and number % " + std::to_string(200 + random_() % 400) + " == 3";
    const auto made = board_.add_breakpoint({channel, when, 1s});
    if (!made) std::fprintf(stderr, "%s: %s\n", channel, made.error().message.c_str());
  }

  inspect::watch_board& board_;
  std::mt19937_64& random_;
  tally& sum_;
  std::map<std::uint64_t, std::uint64_t> hits_;
  std::chrono::steady_clock::time_point gone_until_{};
};

/// What a run that does not come to its end looks like.
std::string standstill(const runtime::topology_run& run) {
  const auto status = run.status();
  auto out = "the run does not end; it is " + status.state + "\n";
  for (const auto& task : status.tasks) {
    out += "  " + task.name + " " + to_string(task.phase) + ", incarnation " + std::to_string(task.incarnation) +
           ", in " + std::to_string(task.events_in) + " " + task.stopped_at + "\n";
  }
  return out;
}

/// Runs the topology to its end under a controller; now and then a task is killed, also one that stands.
std::string one_run(const trial& t, const fs::path& folder, std::mt19937_64& random, tally& sum) {
  auto spec = crash::ledger_in(folder, t.lines, t.rate);
  if (t.timeout_ms != 0) spec.settings.snapshot_timeout = std::chrono::milliseconds{t.timeout_ms};
  for (auto& a : spec.actors) {
    a.on_failure.max_restarts = 1000;
    a.on_failure.backoff = 1ms;
    a.on_failure.backoff_max = 2ms;
  }
  const auto checked = validate(spec);
  if (!checked.ok()) return to_string(checked.problems.front()) + "\n";
  auto started = runtime::topology_run::start(checked.plan, options_of(t, folder, sum));
  if (!started) return started.error().message + "\n";
  auto run = *std::move(started);
  controller who{run->watches(), random, sum};
  const auto until = std::chrono::steady_clock::now() + run_time_max;
  for (;;) {
    const auto outcome = run->wait(std::chrono::milliseconds{1 + random() % 10});
    who.count();
    if (outcome && outcome->how == runtime::run_outcome::kind::finished) return "";
    if (outcome) {
      // A sink killed behind the last snapshot: the run says that the next start finishes its output.
      const bool says_so = outcome->message.find("start again with the same data directory") != std::string::npos;
      if (!says_so) return outcome->message + "\n";
      run = nullptr;
      return one_run(t, folder, random, sum);
    }
    if (std::chrono::steady_clock::now() > until) return standstill(*run);
    who.act();
    if (random() % 60 != 0 || run->status().state != "running") continue;
    const auto stops = run->watches().stops();
    const auto& tasks = checked.plan->tasks;
    run->fail_task(stops.empty() ? tasks[random() % tasks.size()].id : stops.front().task, "killed by the test");
    ++sum.kills;
  }
}

int run(const trial& t) {
  link_library();
  std::mt19937_64 random{t.seed};
  tally sum;
  std::string difference;
  const auto has_all = [&] {
    return sum.stops >= static_cast<std::uint64_t>(t.stops) && sum.steps != 0 && sum.continued != 0;
  };
  for (std::uint64_t i = 1; i <= runs_max && !has_all() && difference.empty(); ++i) {
    const auto folder = fs::temp_directory_path() / ("break-" + std::to_string(::getpid()) + "-" + std::to_string(i));
    fs::create_directories(folder / "out");
    auto expected = crash::write_input(folder, t.lines, t.seed * 1000 + i);
    difference = one_run(t, folder, random, sum);
    difference += crash::add_feed(folder, expected);
    difference += crash::compare_output(folder / "out", expected);
    std::printf(
        "run %llu: %llu stops, %llu steps, %llu continued, %llu cleared, %d lapsed, %llu kills, %d epochs given "
        "up: %s\n",
        static_cast<unsigned long long>(i), static_cast<unsigned long long>(sum.stops),
        static_cast<unsigned long long>(sum.steps), static_cast<unsigned long long>(sum.continued),
        static_cast<unsigned long long>(sum.cleared), sum.lapsed.load(), static_cast<unsigned long long>(sum.kills),
        sum.given_up.load(), difference.empty() ? "equal" : "DIFFERS");
    std::fflush(stdout);
    if (difference.empty()) fs::remove_all(folder);
  }
  std::printf("%s", difference.c_str());
  if (!t.broken.empty()) {
    std::printf("%s: protection '%s' off was %s\n", difference.empty() ? "FAIL" : "PASS", t.broken.c_str(),
                difference.empty() ? "NOT caught" : "caught");
    return difference.empty() ? 1 : 0;
  }
  const bool passed = difference.empty() && sum.steps != 0 && sum.continued != 0;
  std::printf("%s: %s\n", passed ? "PASS" : "FAIL",
              !difference.empty() ? "committed output differs"
              : passed            ? "committed output equals that of an undisturbed run"
                                  : "hardly any task stood");
  return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  CLI::App app{"Stops tasks of a running topology at breakpoints and compares the output with an undisturbed run's"};
  app.add_option("--stops", t.stops, "At least so many, over as many runs as it takes")->capture_default_str();
  app.add_option("--lines", t.lines, "Events of each of the three sources")->capture_default_str();
  app.add_option("--rate", t.rate, "Events/s of each source")->capture_default_str();
  app.add_option("--seed", t.seed, "Decides all that is random")->envname("MILLRACE_SEED")->capture_default_str();
  app.add_option("--payload", t.payload, "shared or encoded")->capture_default_str();
  app.add_option("--break", t.broken, "A protection to switch off: trim")->capture_default_str();
  app.add_option("--timeout-ms", t.timeout_ms, "Snapshots that take longer are given up; 0: the usual time")
      ->capture_default_str();
  app.add_flag("--verbose", t.is_verbose, "Print what the run logs");
  CLI11_PARSE(app, argc, argv);
  return run(t);
}
