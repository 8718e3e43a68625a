#include "command/run_session.hpp"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "chaos/protection.hpp"
#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/run_log.hpp"
#include "command/run_reporter.hpp"
#include "command/setting.hpp"
#include "command/stop_signal.hpp"
#include "console/terminal.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "node/metrics/run_metrics.hpp"
#include "node/run_control.hpp"
#include "node/state_answer.hpp"
#include "node/tracing/trace_watch.hpp"

namespace millrace::command {

namespace {

using std::chrono::steady_clock;

/// How soon the end of the run or a signal is noticed.
constexpr std::chrono::milliseconds tick{20};
constexpr std::chrono::milliseconds sample_interval{100};

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

runtime::run_options options_for(const std::string& data_dir, const run_flags& flags,
                                 const node::trace_settings& tracing, const engine::protections& protect,
                                 const run_log& log) {
  runtime::run_options o;
  o.protect = protect;
  o.data_dir = data_dir;
  o.payload = flags.payload;
  o.threads = flags.threads;
  o.accept_duplicates = flags.accept_duplicates;
  o.retained_disk_bytes_max = flags.retain_disk_gib << 30U;
  o.trace = tracing.rule;
  o.log = [log](log_level level, const std::string& message) { log.write(level, message); };
  return o;
}

/// One run being watched from its start to its end.
class session {
public:
  session(runtime::topology_run& run, run_reporter& reporter, node::run_control* control, node::run_metrics* metrics,
          node::trace_watch& traces, const run_flags& flags)
      : run_{run}, reporter_{reporter}, control_{control}, metrics_{metrics}, traces_{traces}, flags_{flags} {}

  ~session() {
    if (metrics_ != nullptr) metrics_->stop_asking();
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Passes signals, requests and the duration on, and feeds reporter and control, until the run has ended.
  runtime::run_outcome watch(const stop_signal& signal) {
    for (;;) {
      const auto outcome = run_.wait(std::chrono::milliseconds{0});
      const auto now = steady_clock::now();
      if (outcome || now - sampled_ >= sample_interval) sample(now);
      if (outcome) return *outcome;
      if (!is_stopping_ && is_stop_due(signal, now)) {
        is_stopping_ = true;
        run_.stop();
      }
      if (now - shown_ >= reporter_.interval()) {
        shown_ = now;
        reporter_.update(history_.view(), is_stopping_);
      }
      signal.wait(tick);
    }
  }
  [[nodiscard]] node::status_view totals() const { return history_.whole_run(); }

private:
  using time_point = steady_clock::time_point;

  void sample(time_point now) {
    sampled_ = now;
    history_.add(run_.status(), now);
    traces_.look(run_, now);
    if (control_ != nullptr) control_->publish(history_.view());
    if (metrics_ != nullptr) {
      metrics_->publish(history_.view(), [this](const std::string&, const nlohmann::json& args) {
        return node::answer_state(run_, args);
      });
    }
  }
  [[nodiscard]] bool is_stop_due(const stop_signal& signal, time_point now) const {
    const bool is_time_up = flags_.duration && now - started_ >= *flags_.duration;
    return is_time_up || signal.is_raised() || (control_ != nullptr && control_->is_stop_wanted());
  }

  runtime::topology_run& run_;
  run_reporter& reporter_;
  node::run_control* control_;  ///< nullptr: could not listen
  node::run_metrics* metrics_;  ///< nullptr: nobody asked for it
  node::trace_watch& traces_;
  const run_flags& flags_;
  const time_point started_ = steady_clock::now();
  time_point sampled_{};
  time_point shown_{};
  node::status_history history_;
  bool is_stopping_ = false;
};

/// A run nobody can reach is still a run: the log says why.
std::unique_ptr<node::run_control> listen(const std::string& topology, const std::string& data_dir,
                                          runtime::topology_run& run, const node::trace_watch& traces,
                                          const node::run_metrics* metrics, const run_log& log) {
  auto control = node::run_control::open(topology, data_dir, run, traces, metrics);
  if (control) return *std::move(control);
  log.write(log_level::warning, "no control socket: " + control.error().message);
  return nullptr;
}

std::string announcement(const std::string& topology, const std::string& data_dir, const node::run_control* control,
                         const node::run_metrics* metrics) {
  auto text = topology + ": running\n  data          " + data_dir;
  if (control != nullptr) text += "\n  control       " + control->address();
  if (metrics != nullptr && !metrics->url().empty()) text += "\n  metrics       " + metrics->url();
  return text;
}

int finish(const run_result& r) {
  const bool has_failed = r.outcome.how == runtime::run_outcome::kind::failed;
  if (has_failed) print_error(r.outcome.message);
  if (r.outcome.has_left_behind) std::_Exit(has_failed ? exit_failed : exit_ok);
  if (!has_failed) return exit_ok;
  // The policy asks for the end of the process, whatever its threads are doing.
  if (r.outcome.escalated) std::_Exit(exit_failed);
  return exit_failed;
}

}  // namespace

int run_session(topology t, const run_flags& flags) {
  const auto plan = prepare(t, flags);
  if (!plan) return exit_usage;
  const auto format = parse_log_format(flags.log_format);
  if (!format) return fail_with(format.error());
  const auto log =
      run_log::open({.file = flags.log_file, .is_verbose = flags.is_verbose, .format = *format, .topology = t.name});
  if (!log) return fail_with(log.error());

  const auto tracing = node::parse_tracing(flags.trace.share, flags.trace.per_second_max, flags.trace.targets);
  if (!tracing) return fail_with(tracing.error());

  const auto protect = chaos::protections_without(flags.without);
  if (!protect) return fail_with(protect.error());
  for (const auto& name : flags.without) {
    log->write(log_level::warning,
               "the protection '" + name + "' is off: a negative control, whose output is not right");
  }

  const auto data_dir = data_dir_of(t, flags);
  const stop_signal signal;
  auto reporter = make_reporter(flags, *plan);
  std::unique_ptr<node::run_metrics> metrics;
  if (!flags.metrics.empty() || !flags.alerts.empty()) {
    auto shown =
        node::run_metrics::start(flags.metrics, flags.alerts, t.name, data_dir,
                                 [l = *log](log_level level, const std::string& text) { l.write(level, text); });
    if (!shown) return fail_with(shown.error());
    metrics = *std::move(shown);
  }
  auto run = runtime::topology_run::start(plan, options_for(data_dir, flags, *tracing, *protect, *log));
  if (!run) return fail_with(run.error());
  node::trace_watch traces{
      *tracing, {}, [l = *log](log_level level, const std::string& text) { l.write(level, text); }};
  auto control = listen(t.name, data_dir, **run, traces, metrics.get(), *log);
  reporter->begin(announcement(t.name, data_dir, control.get(), metrics.get()));

  const auto r = [&] {
    session watched{**run, *reporter, control.get(), metrics.get(), traces, flags};
    const auto outcome = watched.watch(signal);
    return run_result{watched.totals(), outcome, data_dir};
  }();
  reporter->end(r);
  control.reset();
  return finish(r);
}

}  // namespace millrace::command
