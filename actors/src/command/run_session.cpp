#include "command/run_session.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/run_log.hpp"
#include "command/run_reporter.hpp"
#include "command/setting.hpp"
#include "command/stop_signal.hpp"
#include "console/terminal.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

namespace millrace::command {

namespace {

using std::chrono::steady_clock;

/// How soon the end of the run or a signal is noticed.
constexpr std::chrono::milliseconds tick{20};

std::string data_dir_of(const topology& t, const run_flags& flags) {
  if (!flags.data_dir.empty()) return flags.data_dir;
  return (std::filesystem::path{t.base_folder} / (t.name + ".data")).lexically_normal().string();
}

/// Changes and checks the topology; all that is wrong is on standard error when there is no plan.
std::shared_ptr<const engine::plan> prepare(topology& t, const run_flags& flags) {
  bool is_fine = true;
  for (const auto& text : flags.settings) {
    if (const auto applied = apply_setting(t, text); !applied) {
      print_error(applied.error().message);
      is_fine = false;
    }
  }
  if (!is_fine) return nullptr;
  const auto checked = validate(t);
  for (const auto& p : checked.problems) console::terminal::instance().write_error(problem_line(p) + "\n");
  return checked.plan;
}

runtime::run_options options_for(const std::string& data_dir, const run_flags& flags, const run_log& log) {
  runtime::run_options o;
  o.data_dir = data_dir;
  o.payload = flags.payload;
  o.threads = flags.threads;
  o.accept_duplicates = flags.accept_duplicates;
  o.log = [log](log_level level, const std::string& message) { log.write(level, message); };
  return o;
}

/// Watches a run until it ends: passes signals and the duration on, feeds the reporter.
runtime::run_outcome watch(runtime::topology_run& run, run_reporter& reporter, status_history& history,
                           const stop_signal& signal, const run_flags& flags) {
  const auto started = steady_clock::now();
  auto shown = started - reporter.interval();
  bool is_stopping = false;
  for (;;) {
    const auto outcome = run.wait(std::chrono::milliseconds{0});
    const auto now = steady_clock::now();
    history.add(run.status(), now);
    if (outcome) return *outcome;
    const bool is_time_up = flags.duration && now - started >= *flags.duration;
    if (!is_stopping && (signal.is_raised() || is_time_up)) {
      is_stopping = true;
      run.stop();
    }
    if (now - shown >= reporter.interval()) {
      shown = now;
      reporter.update(history.view(), is_stopping);
    }
    signal.wait(tick);
  }
}

int finish(const run_result& r) {
  if (r.outcome.how != runtime::run_outcome::kind::failed) return exit_ok;
  print_error(r.outcome.message);
  // The policy asks for the end of the process, whatever its threads are doing.
  if (r.outcome.escalated) std::_Exit(exit_failed);
  return exit_failed;
}

}  // namespace

int run_session(topology t, const run_flags& flags) {
  const auto plan = prepare(t, flags);
  if (!plan) return exit_usage;
  const auto log = run_log::open(flags.log_file, flags.is_verbose);
  if (!log) return fail_with(log.error());

  const auto data_dir = data_dir_of(t, flags);
  const stop_signal signal;
  auto reporter = make_reporter(flags, *plan);
  auto run = runtime::topology_run::start(plan, options_for(data_dir, flags, *log));
  if (!run) return fail_with(run.error());
  reporter->begin("millrace: running '" + t.name + "', data in " + data_dir);

  status_history history;
  const auto outcome = watch(**run, *reporter, history, signal, flags);
  const run_result r{history.whole_run(), outcome, data_dir};
  reporter->end(r);
  return finish(r);
}

}  // namespace millrace::command
