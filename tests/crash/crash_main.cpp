// Kills a running topology again and again and holds the output that was committed against what an undisturbed run
// gives. The oracle reads the input alone. See README.md in this folder.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "crash_child.hpp"
#include "crash_feed.hpp"
#include "crash_input.hpp"
#include "crash_invariant.hpp"
#include "crash_letters.hpp"
#include "support/kills.hpp"

namespace {

namespace fs = std::filesystem;
using millrace::crash::life;

// Every place in the path from a barrier to visible output where a process may die. Those that each task or poll passes
// are passed often before they kill, so that mostly two epochs are complete by then.
const std::vector<support::kill_point> points{{"task.freeze", 25, 20},
                                              {"sink.prepared"},
                                              {"snapshot.chunk_write", 25, 20},
                                              {"snapshot.before_manifest", 3, 3},
                                              {"snapshot.after_manifest", 3, 3},
                                              {"sink.before_rename"},
                                              {"sink.after_rename"},
                                              {"sink.recover", 1, 4},
                                              {"log.append", 30, 40},
                                              {"log.appended", 30, 40},
                                              {"log.trim", 2, 3},
                                              {"log.replay", 1, 6, false},  // nothing is replayed in a first life
                                              {"letters.put", 3, 3},
                                              {"letters.written", 1, 3},
                                              {"letters.confirm", 3, 3}};

struct plan_of_kills {
  int at_progress = 200;
  int per_point = 10;
  std::int64_t lines = 6000;
  double rate = 4000;
  std::uint64_t seed = 1;
  std::string payload = "shared";
  std::string compress = "none";
  std::string broken;
};

struct tally {
  int lives = 0;
  int with_two_epochs = 0;
  std::string difference;
  bool failed = false;
};

std::uint64_t epochs_of_last_life(const fs::path& folder) {
  std::uint64_t n = 0;
  std::ifstream{folder / "epochs"} >> n;
  return n;
}

// One input run to its end through the kills given, then compared.
void one_run(const plan_of_kills& p, const fs::path& root, std::uint64_t seed, support::kill_schedule& schedule,
             tally& t) {
  const auto folder = root / ("run-" + std::to_string(seed));
  fs::create_directories(folder / "out");
  auto expected = millrace::crash::write_input(folder, p.lines, seed);
  auto kills = schedule.next_run(p.lines);
  kills.push_back({});  // the last life is undisturbed
  for (const auto& kill : kills) {
    life l;
    l.kill = kill;
    l.folder = folder;
    l.payload = p.payload;
    l.compress = p.compress;
    l.broken = p.broken;
    l.rate = p.rate;
    l.lines = p.lines;
    ++t.lives;
    const auto d = support::live_in_child([&] { return millrace::crash::live(l); });
    if (d.was_killed) {
      schedule.count(kill);
      if (epochs_of_last_life(folder) >= 2) ++t.with_two_epochs;
      const auto early = millrace::crash::check_nothing_early(folder / "data", folder / "out");
      if (!early.empty()) t.difference += "seed " + std::to_string(seed) + ": " + early;
      continue;
    }
    if (d.exit_code != 0) {
      t.failed = true;
      t.difference +=
          "seed " + std::to_string(seed) + ": a life ended with exit code " + std::to_string(d.exit_code) + "\n";
      return;
    }
  }
  auto difference = millrace::crash::unpack_output(folder / "out");
  difference += millrace::crash::add_feed(folder, expected);
  difference += millrace::crash::compare_output(folder / "out", expected);
  difference += millrace::crash::compare_letters(folder / "data", expected);
  if (!difference.empty()) t.difference += "seed " + std::to_string(seed) + ":\n" + difference;
  if (difference.empty()) fs::remove_all(folder);
}

// Kills spread evenly at random over the progress of several runs, and every point hit its number of times.
tally kill_all(const plan_of_kills& p, const fs::path& root, support::kill_schedule& schedule) {
  tally t;
  const auto runs_max = p.broken.empty() ? 400 : 12;
  for (int i = 1; i <= runs_max && !schedule.is_complete() && !t.failed; ++i) {
    const auto run = p.seed * 1000 + static_cast<std::uint64_t>(i);
    one_run(p, root, run, schedule, t);
    std::printf("run %llu: %d lives so far, %d kills, differences: %s\n", static_cast<unsigned long long>(run), t.lives,
                schedule.kills(), t.difference.empty() ? "none" : "yes");
    std::fflush(stdout);
    if (!p.broken.empty() && !t.difference.empty()) break;
  }
  return t;
}

int report(const plan_of_kills& p, const support::kill_schedule& schedule, const tally& t) {
  std::printf("\npayload %s, seed %llu: %d lives, %d kills, %d of them with two or more epochs complete in that life\n",
              p.payload.c_str(), static_cast<unsigned long long>(p.seed), t.lives, schedule.kills(), t.with_two_epochs);
  schedule.print();
  if (!t.difference.empty()) std::printf("%s", t.difference.c_str());
  if (!p.broken.empty()) {
    const bool caught = !t.difference.empty();
    std::printf("%s: protection '%s' off was %s\n", caught ? "PASS" : "FAIL", p.broken.c_str(),
                caught ? "caught" : "NOT caught");
    return caught ? 0 : 1;
  }
  const bool passed = t.difference.empty() && schedule.is_complete() && !t.failed;
  std::printf("%s: committed output %s\n", passed ? "PASS" : "FAIL",
              t.difference.empty() ? "equals that of an undisturbed run" : "differs");
  return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  plan_of_kills p;
  std::string keep;
  CLI::App app{"Kills a running topology over and over and compares its committed output with an undisturbed run's"};
  app.add_option("--kills", p.at_progress, "Kills spread over progress")->capture_default_str();
  app.add_option("--per-point", p.per_point, "Kills at each fault point")->capture_default_str();
  app.add_option("--lines", p.lines, "Entries in each of the two input files of a run")->capture_default_str();
  app.add_option("--rate", p.rate, "Events a second from each file")->capture_default_str();
  app.add_option("--seed", p.seed, "Seed")->envname("MILLRACE_SEED")->capture_default_str();
  app.add_option("--payload", p.payload, "How batches travel")->check(CLI::IsMember({"shared", "encoded"}));
  app.add_option("--compress", p.compress, "What the output is packed with")
      ->check(CLI::IsMember({"none", "gzip", "zstd"}));
  app.add_option("--break", p.broken, "Negative control: switch a protection off")
      ->check(CLI::IsMember({"align", "commit", "log", "replay", "letters"}));
  app.add_option("--keep", keep, "Work in this folder and leave differing runs there");
  CLI11_PARSE(app, argc, argv);
  const auto root =
      keep.empty() ? fs::temp_directory_path() / ("millrace-crash-" + std::to_string(::getpid())) : fs::path{keep};
  fs::create_directories(root);
  support::kill_schedule schedule{points, p.at_progress, p.per_point, p.seed};
  const auto t = kill_all(p, root, schedule);
  const auto code = report(p, schedule, t);
  if (keep.empty()) fs::remove_all(root);
  return code;
}
