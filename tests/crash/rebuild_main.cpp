#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "crash_feed.hpp"
#include "crash_input.hpp"
#include "ledger_topology.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

// Single tasks of a running topology are killed again and again: README.md.

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using namespace millrace;

namespace {

struct trial {
  int kills = 60;
  std::int64_t lines = 4000;
  double rate = 4000;  ///< events/s of each source
  std::uint64_t seed = 1;
  std::string payload = "shared";
  std::string scope = "one_for_one";
  std::string broken;
  bool is_verbose = false;
};

struct tally {
  int kills = 0;
  std::atomic<int> alone{0};
  std::atomic<int> with_rest{0};
  std::atomic<int> with_region{0};
  std::string difference;
};

runtime::run_options options_of(const trial& t, const fs::path& folder, tally& sum) {
  runtime::run_options out;
  out.data_dir = (folder / "data").string();
  out.payload = t.payload == "encoded" ? transport::payload_mode::encoded : transport::payload_mode::shared;
  out.protect.trim_seen = t.broken != "trim";
  out.log = [&sum, is_verbose = t.is_verbose](log_level, const std::string& text) {
    sum.alone += text.find("was rebuilt alone") != std::string::npos ? 1 : 0;
    sum.with_rest += text.find("was rebuilt with") != std::string::npos ? 1 : 0;
    sum.with_region += text.find("takes its region back") != std::string::npos ? 1 : 0;
    if (is_verbose) std::fprintf(stderr, "  %s\n", text.c_str());
  };
  return out;
}

/// Runs the topology to its end while tasks drawn at random are killed.
std::string one_run(const trial& t, const fs::path& folder, std::mt19937_64& random, tally& sum) {
  auto spec = crash::ledger_in(folder, t.lines, t.rate);
  // Of all_for_one: the routers of the files and the keyed actor behind them.
  spec.groups.push_back({"books", {"route", "ledger"}});
  spec.groups.front().restarts.max_restarts = 1000;
  spec.groups.front().restarts.backoff = 1ms;
  spec.groups.front().restarts.backoff_max = 2ms;
  (void)parse(t.scope, spec.groups.front().restarts.scope);
  for (auto& a : spec.actors) {
    (void)parse(t.scope, a.on_failure.scope);
    a.on_failure.max_restarts = 1000;
    a.on_failure.backoff = 1ms;
    a.on_failure.backoff_max = 2ms;
  }
  const auto checked = validate(spec);
  if (!checked.ok()) return to_string(checked.problems.front()) + "\n";
  auto started = runtime::topology_run::start(checked.plan, options_of(t, folder, sum));
  if (!started) return started.error().message + "\n";
  auto run = *std::move(started);
  for (;;) {
    const auto outcome = run->wait(std::chrono::milliseconds{1 + random() % 40});
    if (outcome && outcome->how == runtime::run_outcome::kind::finished) return "";
    if (outcome) {
      // A sink killed behind the last snapshot: the run says that the next start finishes its output.
      const bool says_so = outcome->message.find("start again with the same data directory") != std::string::npos;
      if (!says_so) return outcome->message + "\n";
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
  for (std::uint64_t i = 1; sum.kills < t.kills; ++i) {
    const auto folder = fs::temp_directory_path() / ("rebuild-" + std::to_string(::getpid()) + "-" + std::to_string(i));
    fs::create_directories(folder / "out");
    auto expected = crash::write_input(folder, t.lines, t.seed * 1000 + i);
    auto difference = one_run(t, folder, random, sum);
    difference += crash::add_feed(folder, expected);
    difference += crash::compare_output(folder / "out", expected);
    std::printf("run %llu: %d kills, %d tasks rebuilt alone, %d with their rest, %d with their region: %s\n",
                static_cast<unsigned long long>(i), sum.kills, sum.alone.load(), sum.with_rest.load(),
                sum.with_region.load(), difference.empty() ? "equal" : "DIFFERS");
    std::fflush(stdout);
    if (difference.empty()) fs::remove_all(folder);
    sum.difference += difference;
    if (!difference.empty()) break;
  }
  const bool is_equal = sum.difference.empty();
  std::printf("%s", sum.difference.c_str());
  if (!t.broken.empty()) {
    std::printf("%s: protection '%s' off was %s\n", is_equal ? "FAIL" : "PASS", t.broken.c_str(),
                is_equal ? "NOT caught" : "caught");
    return is_equal ? 1 : 0;
  }
  // Kills that hit what is down already count against it, too.
  const int as_wanted = t.scope == "one_for_one" ? sum.alone : sum.with_rest;
  const bool passed = is_equal && as_wanted * 4 >= sum.kills;
  std::printf("%s: %s\n", passed ? "PASS" : "FAIL",
              !is_equal ? "committed output differs"
              : passed  ? "committed output equals that of an undisturbed run"
                        : "hardly any task came back in the scope that its policy wants");
  return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  trial t;
  CLI::App app{"Kills single tasks of a running topology and compares the output with an undisturbed run's"};
  app.add_option("--kills", t.kills, "At least so many, over as many runs as it takes")->capture_default_str();
  app.add_option("--lines", t.lines, "Events of each of the three sources")->capture_default_str();
  app.add_option("--rate", t.rate, "Events/s of each source")->capture_default_str();
  app.add_option("--seed", t.seed, "Decides all that is random")->envname("MILLRACE_SEED")->capture_default_str();
  app.add_option("--payload", t.payload, "shared or encoded")->capture_default_str();
  app.add_option("--scope", t.scope, "What goes back with a task: one_for_one, rest_for_one or all_for_one")
      ->check(CLI::IsMember({"one_for_one", "rest_for_one", "all_for_one"}))
      ->capture_default_str();
  app.add_option("--break", t.broken, "A protection to switch off: trim")->capture_default_str();
  app.add_flag("--verbose", t.is_verbose, "Print what the run logs");
  CLI11_PARSE(app, argc, argv);
  return run(t);
}
