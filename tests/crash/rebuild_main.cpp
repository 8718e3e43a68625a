#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>

#include "millrace/engine/fault_point.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "task_trials.hpp"

// Single tasks of a running topology are killed again and again: README.md.

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace millrace;

namespace {

struct trial : crash::trial_options {
  int kills = 60;
  std::string scope = "one_for_one";
  std::uint64_t memory_kib = 0;  ///< of each channel, for what it retains; 0: as usual
  int snapshot_ms = 60;
  bool is_damaged = false;  ///< the disk gives back something else than what was written there
};

struct tally {
  int kills = 0;
  std::atomic<int> alone{0};
  std::atomic<int> with_rest{0};
  std::atomic<int> with_region{0};
  std::atomic<int> unreadable{0};
  int spilled = 0;  ///< kills while some of what was sent was on the disk

  void hear(const std::string& text) {
    alone += text.find("was rebuilt alone") != std::string::npos ? 1 : 0;
    with_rest += text.find("was rebuilt with") != std::string::npos ? 1 : 0;
    with_region += text.find("takes its region back") != std::string::npos ? 1 : 0;
    unreadable += text.find("cannot be read back") != std::string::npos ? 1 : 0;
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(kills) + " kills, " + std::to_string(alone) + " tasks rebuilt alone, " +
           std::to_string(with_rest) + " with their rest, " + std::to_string(with_region) + " with their region, " +
           std::to_string(spilled) + " while the disk had some of it, which could not be read back " +
           std::to_string(unreadable) + " times";
  }
};

engine::fault_action damage(const char* point) {
  return std::string_view{point} == "spill.read" ? engine::fault_action::damage : engine::fault_action::proceed;
}

/// Runs the topology to its end while tasks drawn at random are killed.
std::string one_run(const trial& t, const fs::path& folder, std::mt19937_64& random, tally& sum) {
  auto spec = crash::hardy_ledger(t, folder);
  // Of all_for_one: the routers of the files and the keyed actor behind them.
  spec.groups.push_back({"books", {"route", "ledger"}});
  spec.groups.front().restarts = spec.actors.front().on_failure;
  (void)parse(t.scope, spec.groups.front().restarts.scope);
  for (auto& a : spec.actors) (void)parse(t.scope, a.on_failure.scope);
  spec.settings.snapshot_interval = std::chrono::milliseconds{t.snapshot_ms};
  const auto checked = validate(spec);
  if (!checked.ok()) return to_string(checked.problems.front()) + "\n";
  auto options = t.run_options(folder, [&sum](const std::string& text) { sum.hear(text); });
  if (t.memory_kib != 0) options.retained_bytes_max = t.memory_kib << 10U;
  auto started = runtime::topology_run::start(checked.plan, std::move(options));
  if (!started) return started.error().message + "\n";
  auto run = *std::move(started);
  // Some snapshot has to become complete between two kills.
  const auto pause_ms = static_cast<std::uint64_t>(t.snapshot_ms > 60 ? 2 * t.snapshot_ms : 40);
  for (;;) {
    if (const auto outcome = run->wait(std::chrono::milliseconds{1 + random() % pause_ms})) {
      const auto end = crash::end_of(*outcome);
      if (!end.wants_start) return end.what;
      run = nullptr;
      return one_run(t, folder, random, sum);
    }
    const auto& victim = checked.plan->tasks[random() % checked.plan->tasks.size()];
    const auto& actor = checked.plan->spec.actors[victim.actor].name;
    // Producers take their region back with them: now and then, so that the others have their turn.
    if ((actor == "entries" || actor == "feed") && random() % 4 != 0) continue;
    const auto status = run->status();
    if (status.state != "running") continue;
    // Those that are down together come back together: one in two strikes when all are at work.
    const auto is_at_work = [](const auto& task) { return task.health.now == runtime::health::running; };
    if (sum.kills % 2 == 0 && !std::ranges::all_of(status.tasks, is_at_work)) continue;
    sum.spilled += status.retained.disk_bytes != 0 ? 1 : 0;
    run->fail_task(victim.id, "killed by the test");
    ++sum.kills;
  }
}

int run(const trial& t) {
  link_library();
  std::mt19937_64 random{t.seed};
  tally sum;
  if (t.is_damaged) engine::install_fault_hook(damage);
  const auto difference = crash::run_trials(
      t, "rebuild", [&] { return sum.kills >= t.kills; },
      [&](const fs::path& folder) { return one_run(t, folder, random, sum); }, [&] { return sum.text(); });
  // Kills that hit what is down already count against it, too.
  const int as_wanted = t.scope == "one_for_one" ? sum.alone : sum.with_rest;
  std::string weak;
  if (t.is_damaged) {
    if (sum.unreadable == 0) weak = "nothing was read from the disk that was damaged";
  } else if (as_wanted * 4 < sum.kills) {
    weak = "hardly any task came back in the scope that its policy wants";
  }
  if (t.memory_kib != 0 && sum.spilled * 4 < sum.kills) weak = "hardly anything was on the disk";
  return crash::tell_verdict(t, difference, weak);
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  CLI::App app{"Kills single tasks of a running topology and compares the output with an undisturbed run's"};
  app.add_option("--kills", t.kills, "At least so many, over as many runs as it takes")->capture_default_str();
  app.add_option("--scope", t.scope, "What goes back with a task: one_for_one, rest_for_one or all_for_one")
      ->check(CLI::IsMember({"one_for_one", "rest_for_one", "all_for_one"}))
      ->capture_default_str();
  app.add_option("--memory-kib", t.memory_kib, "What a channel retains in memory; 0: as usual")->capture_default_str();
  app.add_option("--snapshot-ms", t.snapshot_ms, "From one snapshot to the next")->capture_default_str();
  app.add_flag("--damage-disk", t.is_damaged, "What is read back from the disk is not what was written");
  t.declare(app);
  CLI11_PARSE(app, argc, argv);
  return run(t);
}
