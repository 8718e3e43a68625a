#include "command/chaos_experiments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "chaos/experiment_run.hpp"
#include "chaos/report.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/stop_signal.hpp"
#include "console/terminal.hpp"

namespace millrace::command {

namespace {

namespace fs = std::filesystem;

struct experiment_flags {
  std::vector<std::string> files;
  std::string journal;
  std::string html;
  std::string folder;
  std::size_t only = 0;
  std::size_t jobs = 1;
  std::uint64_t seed = 1;
  bool allows_processes = false;
  bool takes_any_speed = false;
  bool is_json = false;
  bool tells_progress = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

/// On one line, as those who follow it want.
std::string line_of(const nlohmann::json& j) {
  return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// Made for one experiment, and gone with it unless somebody named it.
class work_folder {
public:
  static result<work_folder> make(const std::string& wanted) {
    if (!wanted.empty()) {
      std::error_code problem;
      fs::create_directories(wanted, problem);
      if (problem || !fs::is_empty(wanted, problem)) {
        return user_error(errc::invalid_argument,
                          "--keep " + wanted + ": name a folder that is empty or not there yet");
      }
      return work_folder{fs::absolute(wanted), true};
    }
    auto pattern = (fs::temp_directory_path() / "millrace-chaos-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fatal_error(errc::io_error, pattern + ": cannot be made");
    return work_folder{pattern, false};
  }
  work_folder(work_folder&& other) noexcept : path_{std::exchange(other.path_, {})}, stays_{other.stays_} {}
  work_folder& operator=(work_folder&&) = delete;
  ~work_folder() {
    std::error_code ignored;
    if (!stays_ && !path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }

private:
  work_folder(fs::path path, bool stays) : path_{std::move(path)}, stays_{stays} {}

  fs::path path_;
  bool stays_;
};

result<chaos::outcome> conduct(const chaos::experiment& e, const experiment_flags& f, const stop_signal& signal,
                               const std::string& keep, chaos::known_oracles* oracles) {
  auto folder = work_folder::make(keep);
  if (!folder) return std::move(folder).error();
  for (const char* const part : {"oracle", "subject"}) fs::create_directory(folder->path() + "/" + part);
  const auto say = [&f](const std::string& line) {
    if (!f.is_json && !f.tells_progress) print("  … " + line + "\n");
  };
  const auto tell = [&f](const nlohmann::json& step) {
    if (f.tells_progress) print(line_of(step));
  };
  return chaos::run_experiment(e, {fs::read_symlink("/proc/self/exe").string(), folder->path(), f.allows_processes,
                                   [&signal] { return signal.is_raised(); }, oracles, say, tell});
}

result<void> save(const std::string& path, const std::string& text) {
  if (path.empty()) return {};
  std::ofstream file{path, std::ios::trunc};
  file << text;
  file.close();
  if (file) return {};
  return user_error(errc::io_error, path + ": cannot be written");
}

std::string dumped(const nlohmann::json& j) {
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int exit_code_of(chaos::verdict_kind v) {
  return v == chaos::verdict_kind::pass ? exit_ok : exit_failed;
}

int run(const experiment_flags& f) {
  const auto e = chaos::load_experiment(f.files.front());
  if (!e) return fail_with(e.error());
  const stop_signal signal;
  const auto o = conduct(*e, f, signal, f.folder, nullptr);
  if (!o) return fail_with(o.error());
  auto journal = o->journal;
  journal["millrace"] = chaos::report_json(*e, *o);
  const auto text = chaos::report_text(*e, *o);
  if (f.tells_progress) {
    print(line_of({{"event", "verdict"}, {"report", journal["millrace"]}, {"text", text}}));
  } else {
    print(f.is_json ? dumped(journal["millrace"]) : text);
  }
  if (auto saved = save(f.journal, dumped(journal)); !saved) return fail_with(saved.error());
  if (auto saved = save(f.html, chaos::report_html(*e, *o)); !saved) return fail_with(saved.error());
  return exit_code_of(o->judged.what);
}

int check(const experiment_flags& f) {
  auto problems = nlohmann::json::array();
  for (const auto& file : f.files) {
    chaos::experiment_mistake first;
    if (const auto e = chaos::load_experiment(file, &first); !e) {
      const auto what = first.what.empty() ? e.error().message : first.what;
      problems.push_back({{"level", "error"}, {"file", file}, {"where", first.pointer}, {"what", what}});
      if (!f.is_json) print_error(e.error().message);
    } else if (!f.is_json) {
      print(file + ": " + e->title + ": fine\n");
    }
  }
  if (f.is_json) print(dumped({{"ok", problems.empty()}, {"problems", problems}}));
  return problems.empty() ? exit_ok : exit_usage;
}

bool is_experiment(const fs::path& p) {
  return p.extension() == ".json" || p.extension() == ".yaml" || p.extension() == ".yml";
}

/// The files, and those in the folders.
result<std::vector<std::string>> experiments_in(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const auto& p : paths) {
    if (!fs::is_directory(p)) {
      out.push_back(p);
      continue;
    }
    for (const auto& item : fs::directory_iterator{p}) {
      if (item.is_regular_file() && is_experiment(item.path())) out.push_back(item.path().string());
    }
  }
  std::ranges::sort(out);
  if (out.empty()) return user_error(errc::not_found, "there are no experiments; name files or folders of them");
  return out;
}

std::string reasons_of(const chaos::verdict& v) {
  std::string out;
  for (const auto& r : v.reasons) out += (out.empty() ? "" : "; ") + r;
  return out;
}

/// As the experiment expects it, and for the reason it expects.
bool is_as_expected(const chaos::experiment& e, const chaos::verdict& v, bool at_any_speed) {
  const auto wanted = e.trial.expect.empty() ? std::string{"PASS"} : e.trial.expect;
  if (at_any_speed && wanted == "PASS" && v.what == chaos::verdict_kind::degraded) return true;
  if (to_string(v.what) != wanted) return false;
  return e.trial.because.empty() || reasons_of(v).find(e.trial.because) != std::string::npos;
}

/// What the files hold with their controls, or some of it, chosen by the seed. A mistake in the last one is told before
/// the first one runs.
result<std::vector<chaos::experiment>> chosen_experiments(const experiment_flags& f) {
  auto files = experiments_in(f.files);
  if (!files) return std::move(files).error();
  std::vector<chaos::experiment> all;
  for (const auto& file : *files) {
    auto e = chaos::load_experiment(file);
    if (!e) return std::move(e).error();
    auto controls = std::move(e->controls);
    all.push_back(*std::move(e));
    std::ranges::move(controls, std::back_inserter(all));
  }
  if (f.only != 0 && f.only < all.size()) {
    std::mt19937_64 random{f.seed};
    for (std::size_t i = 0; i < f.only; ++i) std::swap(all[i], all[i + random() % (all.size() - i)]);
    all.resize(f.only);
  }
  return all;
}

/// What became of the experiments of a suite, told as they end. Thread: any.
class suite_report {
public:
  explicit suite_report(const experiment_flags& f) : flags_{f} {}

  void add(const chaos::experiment& e, const result<chaos::outcome>& o) {
    const bool is_fine = o && is_as_expected(e, o->judged, flags_.takes_any_speed);
    const std::lock_guard lock{mutex_};
    ++run_;
    if (!is_fine) ++failed_;
    if (flags_.is_json) {
      results_.push_back(o ? chaos::report_json(e, *o)
                           : nlohmann::json{{"title", e.title}, {"error", o.error().message}});
      results_.back()["as_expected"] = is_fine;
      results_.back().erase("samples");
      return;
    }
    const auto said =
        o ? std::string{to_string(o->judged.what)} + (o->judged.reasons.empty() ? "" : ": " + reasons_of(o->judged))
          : o.error().message;
    print(std::string{is_fine ? "ok      " : "NOT OK  "} + e.title + "  " + said + "\n");
    if (!is_fine && o) print(chaos::report_text(e, *o));
  }
  /// False: not all of them were run, or not all ended as they say they should.
  [[nodiscard]] bool close(std::size_t all) const {
    print(flags_.is_json ? dumped(results_)
                         : std::to_string(run_ - failed_) + " of " + std::to_string(all) + " as expected\n");
    return failed_ == 0 && run_ == all;
  }

private:
  const experiment_flags& flags_;
  std::mutex mutex_;
  nlohmann::json results_ = nlohmann::json::array();
  std::size_t run_ = 0;
  std::size_t failed_ = 0;
};

int suite(const experiment_flags& f) {
  const auto all = chosen_experiments(f);
  if (!all) return fail_with(all.error());
  const stop_signal signal;
  auto quiet = f;
  quiet.is_json = true;
  chaos::known_oracles oracles;
  suite_report report{f};
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto i = next++; i < all->size() && !signal.is_raised(); i = next++) {
      report.add((*all)[i], conduct((*all)[i], quiet, signal, {}, &oracles));
    }
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < std::min(f.jobs, all->size()); ++i) others.emplace_back(work);
  work();
  for (auto& t : others) t.join();
  return report.close(all->size()) && !signal.is_raised() ? exit_ok : exit_failed;
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<experiment_flags>& flags, action& chosen,
                  int (*work)(const experiment_flags&)) {
  app->callback([=, &chosen] { chosen = [=] { return work(*flags); }; });
  return app;
}

void declare_running(CLI::App& app, experiment_flags& f) {
  app.add_flag("--allow-processes", f.allows_processes, "Activities may call other programs than millrace");
  app.add_flag("--json", f.is_json, "Print the report as JSON");
}

}  // namespace

void declare_experiments(CLI::App& app, action& chosen) {
  const auto flags = std::make_shared<experiment_flags>();
  auto* running =
      declare(app.add_subcommand("run", "Runs an experiment and judges what came of it"), flags, chosen, run);
  running->add_option("FILE", flags->files, "Experiment (.json, .yaml)")->required()->expected(1)->type_name("");
  declare_running(*running, *flags);
  running->add_flag("--progress", flags->tells_progress,
                    "Print a line of JSON for each step while it runs, the report last");
  running->add_option("--journal", flags->journal, "Write the journal here (JSON)")->type_name("FILE");
  running->add_option("--html", flags->html, "Write the report here, as a page with charts")->type_name("FILE");
  running->add_option("--keep", flags->folder, "Keep data, output and what was printed in this folder")
      ->type_name("DIR");
  auto* checking =
      declare(app.add_subcommand("validate", "Checks experiments without running them"), flags, chosen, check);
  checking->add_option("FILES", flags->files, "Experiments (.json, .yaml)")->required()->type_name("");
  checking->add_flag("--json", flags->is_json, "Print JSON, with the JSON pointer of each mistake");
  auto* suiting = declare(app.add_subcommand("suite", "Runs experiments; fine when each ends as it says it should"),
                          flags, chosen, suite);
  suiting->add_option("PATHS", flags->files, "Experiments, and folders of them")->required()->type_name("");
  declare_running(*suiting, *flags);
  suiting->add_flag("--any-speed", flags->takes_any_speed,
                    "DEGRADED will do where PASS is expected: on a machine whose speed says nothing");
  suiting->add_option("--jobs", flags->jobs, "So many at a time, which is no measure of speed (default: 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  suiting->add_option("--only", flags->only, "So many of them, chosen by the seed (default: all)")->type_name("N");
  suiting->add_option("--seed", flags->seed, "Which ones (default: 1)")->type_name("N");
}

}  // namespace millrace::command
