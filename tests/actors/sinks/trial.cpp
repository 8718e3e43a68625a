#include "trial.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "millrace/library.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

namespace sinks {

/// The rows of a trial as a topology has them.
struct event {
  std::string id;
  std::string account;
  std::int64_t number{};
  std::optional<double> amount;
  std::optional<std::string> note;
  millrace::event_time at;
};
MILLRACE_RECORD(event, 1, id, account, number, amount, note, at)

/// Brings each account to one partition of a sink that has no key.
struct pass : millrace::processor {
  millrace::in<event> events{this, "in", &pass::on_event, {.key = &event::account}};
  millrace::out<event> passed{this, "out"};
  void on_event(millrace::context&, const event& e) { passed.emit(e); }
};
MILLRACE_ACTOR(pass, {.id = "trial.pass", .title = "Pass"})

namespace {

namespace fs = std::filesystem;
using namespace millrace;
using namespace std::chrono_literals;

struct settings {
  std::string sink;
  int kills = 60;
  int per_point = 6;
  std::int64_t lines = 2500;  ///< of each file
  double rate = 2000;         ///< events/s of both
  std::int64_t moment_ms_max = 900;
  std::uint64_t seed = 1;
  std::string broken;
  bool must_fail = false;
};

struct tally {
  int lives = 0;
  std::string difference;
  bool failed = false;
};

/// Steps that every sink goes through. Two partitions pass each once an epoch, and "sink.recover" once a life.
std::vector<support::kill_point> points_of(const candidate& c) {
  std::vector<support::kill_point> out{{"sink.prepare", 3, 12},
                                       {"sink.prepared", 3, 12},
                                       {"snapshot.before_manifest", 2, 5},
                                       {"snapshot.after_manifest", 2, 5},
                                       {"sink.commit", 3, 12},
                                       {"sink.committed", 3, 12},
                                       {"sink.recover", 1, 2}};
  // What prepares nothing has nothing to commit.
  if (c.promises() == promise::at_least_once || c.promises() == promise::each_unordered) {
    std::erase_if(out, [](const auto& p) { return p.name == "sink.commit" || p.name == "sink.committed"; });
  }
  for (auto& p : c.points()) out.push_back(std::move(p));
  return out;
}

topology topology_of(const settings& s, const candidate& c, const fs::path& folder) {
  topology t;
  t.name = "trial";
  t.base_folder = folder.string();
  t.settings.snapshot_interval = 50ms;
  if (c.promises() == promise::at_least_once) t.settings.promise = guarantee::at_least_once;
  t.add("input", "millrace.file_source",
        {{"path", std::string{"a.csv;b.csv"}}, {"fields", std::string{row_fields}}, {"rate", s.rate}}, 2);
  t.add("route", "millrace.by_key", {}, 2);
  c.add_to(t, folder);
  t.connect("input", "route");
  if (c.is_keyed()) {
    t.connect("route", "target");
  } else {
    t.add("pass", "trial.pass", {}, 2);
    t.connect("route", "pass").connect("pass", "target");
  }
  return t;
}

/// Runs the topology until its input ends or the life does. Exit code: 0 ended, 1 the run failed.
int live(const settings& s, candidate& c, const fs::path& folder, const support::kill_order& kill) {
  link_library();
  const auto checked = validate(topology_of(s, c, folder));
  for (const auto& p : checked.problems) std::fprintf(stderr, "%s\n", to_string(p).c_str());
  if (!checked.ok()) return 1;
  if (!kill.point.empty()) support::die_at_point(kill.point, kill.hit);
  runtime::run_options options;
  options.data_dir = (folder / "data").string();
  options.protect.commit_after_manifest = s.broken != "commit";
  options.log = [](log_level level, const std::string& text) {
    if (level >= log_level::error) std::fprintf(stderr, "  %s\n", text.c_str());
  };
  const auto began = std::chrono::steady_clock::now();
  auto run = runtime::topology_run::start(checked.plan, std::move(options));
  if (!run) return std::fprintf(stderr, "  %s\n", run.error().message.c_str()), 1;
  for (;;) {
    if (const auto outcome = (*run)->wait(2ms)) {
      const bool failed = outcome->how == runtime::run_outcome::kind::failed;
      if (failed) std::fprintf(stderr, "  %s\n", outcome->message.c_str());
      return failed ? 1 : 0;
    }
    const auto age = std::chrono::steady_clock::now() - began;
    if (kill.at != 0 && age >= std::chrono::milliseconds{kill.at}) ::kill(::getpid(), SIGKILL);
    c.disturb();
  }
}

/// What holds at every moment, also right after a kill.
std::string check_meanwhile(const candidate& c, const fs::path& folder, const std::vector<row>& sent) {
  auto out = find_strays(sent, c.read(folder), c.promises());
  const auto visible = c.newest_visible_epoch(folder);
  if (visible == 0) return out;
  const auto complete = support::newest_complete_epoch(folder / "data");
  if (visible <= complete) return out;
  return out + "  output of epoch " + std::to_string(visible) + " is visible, but the newest complete snapshot is " +
         std::to_string(complete) + "\n";
}

/// One input, run to its end through kills, then compared.
void one_run(const settings& s, candidate& c, const fs::path& folder, std::uint64_t seed,
             support::kill_schedule& schedule, tally& t) {
  fs::create_directories(folder);
  const auto sent = write_input(folder, s.lines, seed);
  const auto report = [&](const std::string& what) {
    if (!what.empty()) t.difference += "seed " + std::to_string(seed) + ":\n" + what;
  };
  c.begin(folder);
  auto kills = schedule.next_run(s.moment_ms_max);
  kills.push_back({});  // the last life is undisturbed
  bool is_whole = true;
  for (const auto& kill : kills) {
    ++t.lives;
    const auto d = support::live_in_child([&] { return live(s, c, folder, kill); });
    if (d.was_killed) {
      schedule.count(kill);
      report(check_meanwhile(c, folder, sent));
      if (s.must_fail && !t.difference.empty()) break;
    } else if (d.exit_code != 0 && s.must_fail) {
      is_whole = false;  // it refused to start over what it had shown too early: that finds nothing
      break;
    } else if (d.exit_code != 0) {
      t.failed = true;
      report("  a life ended with exit code " + std::to_string(d.exit_code) + "\n");
      break;
    }
  }
  if (is_whole && !t.failed && t.difference.empty()) report(compare(sent, c.read(folder), c.promises()));
  c.end(folder);
}

tally run_all(const settings& s, candidate& c, const fs::path& root, support::kill_schedule& schedule) {
  tally t;
  const bool is_control = s.must_fail;
  const int runs_max = is_control ? 12 : 400;
  for (int i = 1; i <= runs_max && !schedule.is_complete() && !t.failed; ++i) {
    const auto run = s.seed * 1000 + static_cast<std::uint64_t>(i);
    const auto folder = root / ("run-" + std::to_string(run));
    one_run(s, c, folder, run, schedule, t);
    if (t.difference.empty()) fs::remove_all(folder);
    std::printf("run %llu: %d lives so far, %d kills, differences: %s\n", static_cast<unsigned long long>(run), t.lives,
                schedule.kills(), t.difference.empty() ? "none" : "yes");
    std::fflush(stdout);
    if (is_control && !t.difference.empty()) break;
  }
  return t;
}

int report(const settings& s, const support::kill_schedule& schedule, const tally& t) {
  std::printf("\nsink %s, seed %llu: %d lives, %d kills\n", s.sink.c_str(), static_cast<unsigned long long>(s.seed),
              t.lives, schedule.kills());
  schedule.print();
  std::printf("%s", t.difference.c_str());
  const bool is_clean = t.difference.empty() && !t.failed;
  if (s.must_fail) {
    std::printf("%s: what was broken was %s\n", is_clean ? "FAIL" : "PASS", is_clean ? "NOT caught" : "caught");
    return is_clean ? 1 : 0;
  }
  const bool passed = is_clean && schedule.is_complete();
  std::printf("%s: the target %s\n", passed ? "PASS" : "FAIL", is_clean ? "has what was sent" : "differs");
  return passed ? 0 : 1;
}

}  // namespace

int run_trials(int argc, char** argv, const std::vector<std::shared_ptr<candidate>>& candidates) {
  settings s;
  std::string keep;
  std::vector<std::string> names;
  for (const auto& c : candidates) names.push_back(c->name());
  CLI::App app{"Kills a topology at each step of the sink protocol and compares its target with what was sent"};
  app.add_option("--sink", s.sink, "The sink under test")->required()->check(CLI::IsMember(names));
  app.add_option("--kills", s.kills, "Kills at random moments")->capture_default_str();
  app.add_option("--per-point", s.per_point, "Kills at each fault point")->capture_default_str();
  app.add_option("--lines", s.lines, "Events in each of the two input files of a run")->capture_default_str();
  app.add_option("--rate", s.rate, "Events a second")->capture_default_str();
  app.add_option("--seed", s.seed, "Seed")->envname("MILLRACE_SEED")->capture_default_str();
  app.add_option("--break", s.broken, "Switch a protection off")->check(CLI::IsMember({"commit"}));
  app.add_flag("--must-fail", s.must_fail, "Negative control: pass only when something is found");
  app.add_option("--keep", keep, "Work in this folder and leave differing runs there");
  CLI11_PARSE(app, argc, argv);
  std::printf("MILLRACE_SEED=%llu\n", static_cast<unsigned long long>(s.seed));
  const auto root =
      keep.empty() ? fs::temp_directory_path() / ("millrace-sinks-" + std::to_string(::getpid())) : fs::path{keep};
  fs::create_directories(root);
  auto& c = **std::find_if(candidates.begin(), candidates.end(), [&](const auto& x) { return x->name() == s.sink; });
  support::kill_schedule schedule{points_of(c), s.kills, s.per_point, s.seed};
  const auto t = run_all(s, c, root, schedule);
  const auto code = report(s, schedule, t);
  if (keep.empty()) fs::remove_all(root);
  return code;
}

}  // namespace sinks
