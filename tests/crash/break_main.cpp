#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>

#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "task_trials.hpp"

// Tasks of a running topology stop at breakpoints, are stepped, go on, and are killed there: README.md.

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace millrace;

namespace {

// An undisturbed run takes a second.
constexpr auto run_time_max = 90s;

struct trial : crash::trial_options {
  int stops = 60;
  std::int64_t timeout_ms = 0;  ///< of snapshots; 0: the usual one
};

struct tally {
  std::uint64_t stops = 0, steps = 0, continued = 0, cleared = 0, kills = 0;
  std::atomic<int> lapsed{0};
  std::atomic<int> given_up{0};

  void hear(const std::string& text) {
    lapsed += text.find("its lease was not renewed") != std::string::npos ? 1 : 0;
    given_up += text.find("a task stands at a breakpoint") != std::string::npos ? 1 : 0;
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(stops) + " stops, " + std::to_string(steps) + " steps, " + std::to_string(continued) +
           " continued, " + std::to_string(cleared) + " cleared, " + std::to_string(lapsed) + " lapsed, " +
           std::to_string(kills) + " kills, " + std::to_string(given_up) + " epochs given up";
  }
};

/// A controller that sets breakpoints, lets tasks go on, and now and then is gone: then leases end what it began.
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
  auto spec = crash::hardy_ledger(t, folder);
  if (t.timeout_ms != 0) spec.settings.snapshot_timeout = std::chrono::milliseconds{t.timeout_ms};
  const auto checked = validate(spec);
  if (!checked.ok()) return to_string(checked.problems.front()) + "\n";
  auto started = runtime::topology_run::start(
      checked.plan, t.run_options(folder, [&sum](const std::string& text) { sum.hear(text); }));
  if (!started) return started.error().message + "\n";
  auto run = *std::move(started);
  controller who{run->watches(), random, sum};
  const auto until = std::chrono::steady_clock::now() + run_time_max;
  for (;;) {
    const auto outcome = run->wait(std::chrono::milliseconds{1 + random() % 10});
    who.count();
    if (outcome) {
      const auto end = crash::end_of(*outcome);
      if (!end.wants_start) return end.what;
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
  const auto has_all = [&] {
    return sum.stops >= static_cast<std::uint64_t>(t.stops) && sum.steps != 0 && sum.continued != 0;
  };
  const auto difference = crash::run_trials(
      t, "break", has_all, [&](const fs::path& folder) { return one_run(t, folder, random, sum); },
      [&] { return sum.text(); });
  return crash::tell_verdict(t, difference, sum.steps == 0 || sum.continued == 0 ? "hardly any task stood" : "");
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  CLI::App app{"Stops tasks of a running topology at breakpoints and compares the output with an undisturbed run's"};
  app.add_option("--stops", t.stops, "At least so many, over as many runs as it takes")->capture_default_str();
  app.add_option("--timeout-ms", t.timeout_ms, "Snapshots that take longer are given up; 0: the usual time")
      ->capture_default_str();
  t.declare(app);
  CLI11_PARSE(app, argc, argv);
  return run(t);
}
