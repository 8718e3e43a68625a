#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>

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
};

struct tally {
  int kills = 0;
  std::atomic<int> alone{0};
  std::atomic<int> with_rest{0};
  std::atomic<int> with_region{0};

  void hear(const std::string& text) {
    alone += text.find("was rebuilt alone") != std::string::npos ? 1 : 0;
    with_rest += text.find("was rebuilt with") != std::string::npos ? 1 : 0;
    with_region += text.find("takes its region back") != std::string::npos ? 1 : 0;
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(kills) + " kills, " + std::to_string(alone) + " tasks rebuilt alone, " +
           std::to_string(with_rest) + " with their rest, " + std::to_string(with_region) + " with their region";
  }
};

/// Runs the topology to its end while tasks drawn at random are killed.
std::string one_run(const trial& t, const fs::path& folder, std::mt19937_64& random, tally& sum) {
  auto spec = crash::hardy_ledger(t, folder);
  // Of all_for_one: the routers of the files and the keyed actor behind them.
  spec.groups.push_back({"books", {"route", "ledger"}});
  spec.groups.front().restarts = spec.actors.front().on_failure;
  (void)parse(t.scope, spec.groups.front().restarts.scope);
  for (auto& a : spec.actors) (void)parse(t.scope, a.on_failure.scope);
  const auto checked = validate(spec);
  if (!checked.ok()) return to_string(checked.problems.front()) + "\n";
  auto started = runtime::topology_run::start(
      checked.plan, t.run_options(folder, [&sum](const std::string& text) { sum.hear(text); }));
  if (!started) return started.error().message + "\n";
  auto run = *std::move(started);
  for (;;) {
    if (const auto outcome = run->wait(std::chrono::milliseconds{1 + random() % 40})) {
      const auto end = crash::end_of(*outcome);
      if (!end.wants_start) return end.what;
      run = nullptr;
      return one_run(t, folder, random, sum);
    }
    const auto& victim = checked.plan->tasks[random() % checked.plan->tasks.size()];
    const auto& actor = checked.plan->spec.actors[victim.actor].name;
    // Producers take their region back with them: now and then, so that the others have their turn.
    if ((actor == "entries" || actor == "feed") && random() % 4 != 0) continue;
    if (run->status().state != "running") continue;
    run->fail_task(victim.id, "killed by the test");
    ++sum.kills;
  }
}

int run(const trial& t) {
  link_library();
  std::mt19937_64 random{t.seed};
  tally sum;
  const auto difference = crash::run_trials(
      t, "rebuild", [&] { return sum.kills >= t.kills; },
      [&](const fs::path& folder) { return one_run(t, folder, random, sum); }, [&] { return sum.text(); });
  // Kills that hit what is down already count against it, too.
  const int as_wanted = t.scope == "one_for_one" ? sum.alone : sum.with_rest;
  const bool is_weak = as_wanted * 4 < sum.kills;
  return crash::tell_verdict(t, difference,
                             is_weak ? "hardly any task came back in the scope that its policy wants" : "");
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  CLI::App app{"Kills single tasks of a running topology and compares the output with an undisturbed run's"};
  app.add_option("--kills", t.kills, "At least so many, over as many runs as it takes")->capture_default_str();
  app.add_option("--scope", t.scope, "What goes back with a task: one_for_one, rest_for_one or all_for_one")
      ->check(CLI::IsMember({"one_for_one", "rest_for_one", "all_for_one"}))
      ->capture_default_str();
  t.declare(app);
  CLI11_PARSE(app, argc, argv);
  return run(t);
}
