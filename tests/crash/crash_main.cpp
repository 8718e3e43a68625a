// Kills a running topology again and again and holds the output that was committed against what an undisturbed run
// gives. The oracle reads the input alone. See README.md in this folder.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>

#include "crash_child.hpp"
#include "crash_feed.hpp"
#include "crash_input.hpp"
#include "crash_invariant.hpp"
#include "crash_letters.hpp"

namespace {

namespace fs = std::filesystem;
using millrace::crash::life;

// Every place in the path from a barrier to visible output where a process may die.
const std::vector<std::string> points{"task.freeze",
                                      "sink.prepared",
                                      "snapshot.chunk_write",
                                      "snapshot.before_manifest",
                                      "snapshot.after_manifest",
                                      "sink.before_rename",
                                      "sink.after_rename",
                                      "sink.recover",
                                      "log.append",
                                      "log.appended",
                                      "log.trim",
                                      "log.replay",
                                      "letters.put",
                                      "letters.written",
                                      "letters.confirm"};

struct plan_of_kills {
  int at_progress = 200;
  int per_point = 10;
  std::int64_t lines = 6000;
  double rate = 4000;
  std::uint64_t seed = 1;
  std::string payload = "shared";
  std::string broken;
};

struct tally {
  std::map<std::string, int> kills;
  int lives = 0;
  int with_two_epochs = 0;
  std::string difference;
  bool failed = false;
};

struct death {
  bool was_killed = false;
  int exit_code = 0;
};

death live_in_child(const life& l) {
  const auto child = ::fork();
  if (child == 0) ::_exit(millrace::crash::live(l));
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

std::uint64_t epochs_of_last_life(const fs::path& folder) {
  std::uint64_t n = 0;
  std::ifstream{folder / "epochs"} >> n;
  return n;
}

// One input run to its end through the kills given, then compared.
void one_run(const plan_of_kills& p, const fs::path& root, std::uint64_t seed, std::vector<life> kills, tally& t) {
  const auto folder = root / ("run-" + std::to_string(seed));
  fs::create_directories(folder / "out");
  auto expected = millrace::crash::write_input(folder, p.lines, seed);
  kills.push_back({});  // the last life is undisturbed
  for (auto& l : kills) {
    l.folder = folder;
    l.payload = p.payload;
    l.broken = p.broken;
    l.rate = p.rate;
    l.lines = p.lines;
    ++t.lives;
    const auto d = live_in_child(l);
    if (d.was_killed) {
      ++t.kills[l.point.empty() ? "progress" : l.point];
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
  auto difference = millrace::crash::add_feed(folder, expected);
  difference += millrace::crash::compare_output(folder / "out", expected);
  difference += millrace::crash::compare_letters(folder / "data", expected);
  if (!difference.empty()) t.difference += "seed " + std::to_string(seed) + ":\n" + difference;
  if (difference.empty()) fs::remove_all(folder);
}

// How often a point is passed before it kills: mostly after two epochs are complete.
int hit_of(const std::string& point, std::mt19937_64& random) {
  struct range {
    int from;
    std::uint64_t more;
  };
  static const std::map<std::string, range> ranges{{"task.freeze", {25, 20}},
                                                   {"snapshot.chunk_write", {25, 20}},  // by every task of an epoch
                                                   {"snapshot.before_manifest", {3, 3}},
                                                   {"snapshot.after_manifest", {3, 3}},
                                                   {"sink.recover", {1, 4}},
                                                   {"log.append", {30, 40}},
                                                   {"log.appended", {30, 40}},  // at every poll of the feed
                                                   {"log.trim", {2, 3}},
                                                   {"letters.put", {3, 3}},
                                                   {"letters.written", {1, 3}},
                                                   {"letters.confirm", {3, 3}},
                                                   {"log.replay", {1, 6}}};
  const auto at = ranges.find(point);
  const auto r = at == ranges.end() ? range{7, 20} : at->second;
  return r.from + static_cast<int>(random() % r.more);
}

// Kills spread evenly at random over the progress of several runs, and every point hit its number of times.
tally kill_all(const plan_of_kills& p, const fs::path& root) {
  std::mt19937_64 random{p.seed};
  tally t;
  constexpr int kills_a_run = 8;
  int progress_left = p.at_progress;
  auto points_left = std::map<std::string, int>{};
  for (const auto& name : points) points_left[name] = p.per_point;
  std::uint64_t run = p.seed * 1000;
  const auto any_left = [&] {
    return std::any_of(points_left.begin(), points_left.end(), [](const auto& x) { return x.second > 0; });
  };
  while ((progress_left > 0 || any_left()) && !t.failed && (p.broken.empty() || t.difference.empty())) {
    std::vector<life> kills;
    std::vector<std::int64_t> at;
    for (int i = 0; i < kills_a_run; ++i) {
      at.push_back(1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(p.lines)));
    }
    std::sort(at.begin(), at.end());
    for (const auto where : at) {
      if (progress_left > 0) {
        life l;
        l.kill_at = where;
        kills.push_back(l);
      }
      for (const auto& name : points) {
        if (points_left[name] <= 0 || kills.size() >= static_cast<std::size_t>(kills_a_run)) continue;
        if (random() % points.size() != 0 && progress_left > 0) continue;
        life l;
        l.point = name;
        l.hit = hit_of(name, random);
        // Nothing is replayed in a first life.
        if (name != "log.replay" || !kills.empty()) kills.push_back(l);
      }
    }
    const auto before = t.kills;
    one_run(p, root, ++run, kills, t);
    progress_left = p.at_progress - t.kills["progress"];
    for (const auto& name : points) points_left[name] = p.per_point - t.kills[name];
    std::printf("run %llu: %d lives so far, %d kills by progress, differences: %s\n",
                static_cast<unsigned long long>(run), t.lives, t.kills["progress"],
                t.difference.empty() ? "none" : "yes");
    std::fflush(stdout);
    if (p.broken.empty() && run > p.seed * 1000 + 400) break;
    if (!p.broken.empty() && run > p.seed * 1000 + 12) break;
  }
  return t;
}

int report(const plan_of_kills& p, const tally& t) {
  int kills = 0;
  for (const auto& [name, n] : t.kills) kills += n;
  std::printf("\npayload %s, seed %llu: %d lives, %d kills, %d of them with two or more epochs complete in that life\n",
              p.payload.c_str(), static_cast<unsigned long long>(p.seed), t.lives, kills, t.with_two_epochs);
  bool complete = true;
  const auto bucket = [&](const std::string& name, int wanted) {
    const auto at = t.kills.find(name);
    const auto n = at == t.kills.end() ? 0 : at->second;
    std::printf("  %-26s %4d  (wanted %d)\n", name.c_str(), n, wanted);
    complete = complete && n >= wanted;
  };
  bucket("progress", p.at_progress);
  for (const auto& name : points) bucket(name, p.per_point);
  if (!t.difference.empty()) std::printf("%s", t.difference.c_str());
  if (!p.broken.empty()) {
    const bool caught = !t.difference.empty();
    std::printf("%s: protection '%s' off was %s\n", caught ? "PASS" : "FAIL", p.broken.c_str(),
                caught ? "caught" : "NOT caught");
    return caught ? 0 : 1;
  }
  const bool passed = t.difference.empty() && complete && !t.failed;
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
  app.add_option("--break", p.broken, "Negative control: switch a protection off")
      ->check(CLI::IsMember({"align", "commit", "log", "replay", "letters"}));
  app.add_option("--keep", keep, "Work in this folder and leave differing runs there");
  CLI11_PARSE(app, argc, argv);
  const auto root =
      keep.empty() ? fs::temp_directory_path() / ("millrace-crash-" + std::to_string(::getpid())) : fs::path{keep};
  fs::create_directories(root);
  const auto code = report(p, kill_all(p, root));
  if (keep.empty()) fs::remove_all(root);
  return code;
}
