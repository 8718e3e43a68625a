#include "chaos/experiment_run.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <thread>

#include "chaos/activity_run.hpp"
#include "chaos/measurements.hpp"
#include "millrace/chaos/poison.hpp"

namespace millrace::chaos {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds tick{50};
constexpr milliseconds look_every{100};
constexpr milliseconds tell_every{500};
// From the end of a run's control socket to that of its process.
constexpr milliseconds end_timeout{2'000};
constexpr milliseconds ready_timeout{60'000};

/// One experiment on its way.
class conductor {
public:
  conductor(const experiment& what, const run_request& request) : what_{what}, request_{request} {}

  result<outcome> conduct() {
    begun_ = told_ = steady_clock::now();
    utsname machine{};
    ::uname(&machine);
    out_.journal = {{"chaoslib-version", "millrace"},
                    {"platform", std::string{machine.sysname} + "-" + machine.release + "-" + machine.machine},
                    {"node", machine.nodename},
                    {"experiment", what_.text},
                    {"start", journal_time()},
                    {"steady_states", json::object()},
                    {"run", json::array()},
                    {"rollbacks", json::array()}};
    if (auto ok = check_providers(); !ok) return std::move(ok).error();
    tell("begin", {{"title", what_.title},
                   {"phases", plan()},
                   {"abort_after_ms", has_subject() ? json(what_.trial.abort_after.count()) : json{}}});
    if (auto ok = find_oracle(); !ok) return std::move(ok).error();
    if (auto ok = start_subject(); !ok) return std::move(ok).error();
    activity_runner runner{{request_.program, request_.folder,
                            subject_ ? subject_->environment() : std::map<std::string, std::string>{}, &what_.trial,
                            [this] { return pass_moment(); },
                            [this](const activity& a, const std::string& state) { tell_activity(a, state); }}};
    runner_ = &runner;
    perform();
    finish();
    return std::move(out_);
  }

private:
  /// Before anything is begun: nobody wants to hear this in the middle.
  [[nodiscard]] result<void> check_providers() const {
    if (!what_.trial.program.empty() && !request_.allows_processes) {
      return user_error(errc::denied, "the experiment runs '" + what_.trial.program +
                                          "'; other programs than millrace are called with --allow-processes only");
    }
    for (const auto* all : {&what_.probes, &what_.method, &what_.rollbacks}) {
      for (const auto& a : *all) {
        if (a.provider != "process") {
          return user_error(errc::invalid_argument, "'" + a.name + "' needs a provider of type '" + a.provider +
                                                        "', which cannot be called from here; write it as a process");
        }
        if (a.path == "millrace" || request_.allows_processes) continue;
        return user_error(errc::denied, "'" + a.name + "' calls '" + a.path +
                                            "'; other programs than millrace are called with --allow-processes only");
      }
    }
    return {};
  }

  void tell(const char* event, json more) const {
    if (!request_.tell) return;
    more["event"] = event;
    more["elapsed_ms"] = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun_).count();
    request_.tell(more);
  }
  void tell_activity(const activity& a, const std::string& state) const {
    tell("activity", {{"name", a.name}, {"type", a.is_probe ? "probe" : "action"}, {"part", part_}, {"state", state}});
  }

  /// The phases there will be. `expected_ms`: what they take; `most_ms`: what they take at most, where that is known.
  [[nodiscard]] json plan() const {
    auto out = json::array();
    const auto& t = what_.trial;
    if (has_subject() && t.has_oracle) out.push_back({{"name", "oracle"}});
    if (has_subject()) {
      out.push_back({{"name", "warm-up"}, {"expected_ms", t.warm_up.count()}});
      out.push_back({{"name", "baseline"}, {"expected_ms", t.baseline.count()}});
    }
    milliseconds pauses{};
    for (const auto& a : what_.method) pauses += a.before + a.after;
    out.push_back({{"name", "fault"}, {"expected_ms", pauses.count()}});
    if (!has_subject()) return out;
    out.push_back({{"name", "recovery"}, {"most_ms", t.recovery_limit.count()}});
    out.push_back({{"name", "drain"}});
    if (t.has_oracle) out.push_back({{"name", "compare"}});
    return out;
  }

  [[nodiscard]] bool has_subject() const noexcept {
    return !what_.trial.topology.empty() || !what_.trial.program.empty();
  }

  /// The same input and seed without faults.
  [[nodiscard]] result<void> find_oracle() {
    if (!has_subject() || !what_.trial.has_oracle) return {};
    const auto make = [this] {
      phase("oracle");
      return run_oracle(
          {request_.program, what_.trial, request_.folder + "/oracle", [this] { return is_interrupted(); }});
    };
    auto* const known = request_.oracles;
    auto found = known == nullptr ? make() : known->find_or(name_of_oracle(what_.trial), make);
    if (!found && is_interrupted()) return {};
    if (!found) return std::move(found).error();
    oracle_ = *std::move(found);
    out_.found.dead_letters_expected = oracle_.dead_letters;
    out_.found.late_expected = oracle_.late;
    out_.found.has_oracle = true;
    return {};
  }

  [[nodiscard]] result<void> start_subject() {
    if (!has_subject() || is_interrupted()) return {};
    subject_.emplace(request_.program, what_.trial, request_.folder + "/subject");
    if (auto ok = subject_->start(); !ok) return std::move(ok).error();
    phase("warm-up");
    const auto until = steady_clock::now() + ready_timeout;
    while (!subject_->is_running() && !subject_->has_finished() && steady_clock::now() < until) {
      if (!pass_moment()) break;
    }
    return {};
  }

  void perform() {
    if (subject_) {
      (void)pause(what_.trial.warm_up);
      phase("baseline");
      (void)pause(what_.trial.baseline);
      before_ = baseline_of(subject_->samples());
      out_.found.baseline_per_s = before_.per_s;
      out_.found.lag_before_ms = before_.lag_ms;
      out_.found.p99_before_ms = before_.p99_ms;
    }
    const auto looks = what_.looks;
    using s = hypothesis_strategy;
    if (looks != s::after_method_only && looks != s::during_method_only) {
      out_.found.was_steady_before = is_steady("before");
    }
    if (out_.found.was_steady_before && !is_over()) {
      phase("fault");
      play_method();
      wait_for_faults();
      recover();
      if (looks != s::before_method_only && looks != s::during_method_only && !is_over()) {
        const bool holds = is_steady("after") || has_ended_meanwhile();
        out_.found.is_steady_after = holds && out_.found.is_steady_after;
      }
    }
    roll_back();
    drain();
  }

  /// At the first probe that does not fit, the state is not met.
  bool is_steady(const char* when) {
    auto results = json::array();
    bool is_met = true;
    const auto part = std::exchange(part_, "hypothesis");
    for (const auto& p : what_.probes) {
      auto entry = runner_->run(p);
      is_met = entry["status"] == "succeeded" && entry.value("tolerance_met", false);
      results.push_back(std::move(entry));
      if (!is_met) request_.say("steady state: '" + p.name + "' does not fit");
      if (!is_met) break;
    }
    part_ = part;
    tell("steady_state", {{"when", when}, {"is_met", is_met}});
    auto state = json{{"steady_state_met", is_met}, {"probes", std::move(results)}};
    auto& states = out_.journal["steady_states"];
    if (std::string{when} == "during") {
      states["during"].push_back(std::move(state));
    } else {
      states[when] = std::move(state);
    }
    return is_met;
  }

  /// A run whose input is over answers no probes: then its output alone tells.
  bool has_ended_meanwhile() {
    const auto until = steady_clock::now() + end_timeout;
    while (subject_ && !is_over() && steady_clock::now() < until) (void)pass_moment();
    return subject_ && subject_->has_finished() && out_.found.failure.empty() && !is_aborted();
  }

  void play_method() {
    const bool looks_during =
        what_.looks == hypothesis_strategy::during_method_only || what_.looks == hypothesis_strategy::continuously;
    auto& run = out_.journal["run"];
    for (const auto& a : what_.method) {
      if (is_over()) break;
      request_.say((a.is_probe ? "probe " : "action ") + a.name);
      const auto kind = injected_kind(a);
      if (subject_ && !kind.empty()) subject_->expect(kind);
      runner_->run_in(run, a);
      if (!kind.empty() && run.back()["status"] == "succeeded") ++injected_;
      if (looks_during && !is_over()) out_.found.is_steady_after = is_steady("during") && out_.found.is_steady_after;
    }
    runner_->finish_background(run);
    if (!is_aborted()) {
      note_failed(run);
      if (out_.found.failure.empty()) out_.found.unplayed = what_.method.size() - run.size();
    }
  }

  void note_failed(const json& entries) {
    for (const auto& entry : entries) {
      if (entry["status"] == "succeeded" || !out_.found.failure.empty()) continue;
      out_.found.failure =
          "'" + entry["activity"].value("name", "") + "' failed: " + entry["exception"][0].get<std::string>();
    }
  }

  /// What kind of fault an activity injects; empty: none.
  [[nodiscard]] static std::string injected_kind(const activity& a) {
    const auto& words = a.arguments;
    const bool is_it = a.path == "millrace" && words.size() > 3 && words[0] == "chaos" && words[1] == "inject";
    return is_it ? words[3] : std::string{};
  }

  void wait_for_faults() {
    if (!subject_) return;
    (void)pause(2 * look_every);
    while (subject_->has_active_faults() && !is_over()) (void)pass_moment();
  }

  /// When the last fault was over.
  [[nodiscard]] milliseconds faults_ended() const {
    milliseconds last{};
    for (const auto& [id, f] : subject_->faults()) last = std::max(last, f.ended);
    return last;
  }

  void recover() {
    if (!subject_ || is_aborted()) return;
    phase("recovery");
    out_.found.recovery_limit = what_.trial.recovery_limit;
    // That latency is back shows a window later.
    const auto until = subject_->age() + what_.trial.recovery_limit + latency_window + look_every;
    const auto look = [&] {
      auto seen = recovery_of(subject_->samples(), faults_ended(), before_);
      out_.found.recovery = seen.after;
      out_.found.not_back = std::move(seen.missing);
      return out_.found.recovery.has_value();
    };
    while (!look() && !is_over() && subject_->age() < until) (void)pass_moment();
    out_.found.ended_early = subject_->has_finished() && !out_.found.recovery;
  }

  void roll_back() {
    using s = rollback_strategy;
    const bool has_deviated = !out_.found.is_steady_after;
    const bool is_wanted = what_.rolls_back == s::always || (what_.rolls_back == s::deviated && has_deviated) ||
                           (what_.rolls_back == s::usual && !is_aborted() && out_.found.was_steady_before);
    if (!is_wanted) return;
    is_rolling_back_ = true;
    part_ = "rollbacks";
    auto& done = out_.journal["rollbacks"];
    for (const auto& a : what_.rollbacks) {
      request_.say("rollback " + a.name);
      runner_->run_in(done, a);
    }
    runner_->finish_background(done);
    is_rolling_back_ = false;
    const bool has_failed = std::ranges::any_of(done, [](const auto& e) { return e["status"] != "succeeded"; });
    // A run whose input is over has no faults any more, and nobody to say so.
    if (has_failed && !is_aborted() && !has_ended_meanwhile()) note_failed(done);
  }

  /// The rest of the input.
  void drain() {
    if (!subject_) return;
    phase("drain");
    while (!subject_->has_finished() && !is_aborted() && out_.found.failure.empty()) (void)pass_moment();
    subject_->stop();
  }

  void finish() {
    auto& f = out_.found;
    if (is_interrupted() && f.abort_reason.empty()) f.abort_reason = "it was interrupted";
    if (subject_) compare();
    out_.judged = judge(f);
    auto& j = out_.journal;
    j["end"] = journal_time();
    j["duration"] = std::chrono::duration<double>(steady_clock::now() - begun_).count();
    const bool is_aborted_now = out_.judged.what == verdict_kind::aborted;
    j["status"] = is_aborted_now && is_interrupted()                                 ? "interrupted"
                  : is_aborted_now                                                   ? "aborted"
                  : !f.was_steady_before || !f.is_steady_after || !f.failure.empty() ? "failed"
                                                                                     : "completed";
    j["deviated"] = !f.is_steady_after;
  }

  void compare() {
    auto& f = out_.found;
    out_.samples = subject_->samples();
    for (const auto& [id, fault] : subject_->faults()) {
      out_.faults.push_back(fault);
      ++f.faults;
      if (fault.hits == 0) ++f.faults_without_hits;
      const auto kind = fault_kind_of(fault.text.value("kind", ""));
      if (kind && is_poison(*kind)) (is_readable_poison(*kind) ? f.odd_records : f.poison) += fault.hits;
    }
    f.faults_unseen = injected_ > f.faults ? injected_ - f.faults : 0;
    for (const auto& s : out_.samples) {
      if (s.phase != "fault") continue;
      f.p99_during_ms = std::max(f.p99_during_ms, s.p99_ms);
      f.lag_during_ms = std::max(f.lag_during_ms, s.lag_ms);
    }
    if (f.recovery) {
      const auto back = faults_ended() + *f.recovery;
      f.p99_after_ms = p99_from(out_.samples, back + latency_window);
      f.lag_after_ms = lag_from(out_.samples, back);
    }
    if (!f.has_oracle || !f.abort_reason.empty() || !f.failure.empty()) return;
    phase("compare");
    const auto records = subject_->output();
    const auto letters = subject_->dead_letters();
    if (!records || !letters) {
      f.failure = records ? letters.error().message : records.error().message;
      return;
    }
    f.output = compare_outputs(oracle_.records, *records, what_.trial.order);
    f.dead_letters = *letters;
    // Tasks count anew after a restart.
    f.late = subject_->restarts() == 0 ? subject_->late() : f.late_expected;
  }

  void phase(const std::string& name) {
    phase_ = name;
    out_.phases.emplace_back(name, subject_ ? subject_->age() : milliseconds{});
    request_.say(name);
    tell("phase", {{"name", name}});
  }

  /// How the run does, for those who watch.
  void tell_sample() {
    if (subject_->samples().empty() || steady_clock::now() - told_ < tell_every) return;
    told_ = steady_clock::now();
    const auto& s = subject_->samples().back();
    std::uint64_t hits = 0;
    for (const auto& [id, f] : subject_->faults()) hits += f.hits;
    tell("sample", {{"per_s", s.per_s}, {"lag_ms", s.lag_ms}, {"p99_ms", s.p99_ms}, {"hits", hits}});
  }

  /// A tick. False: the experiment is to end.
  bool pass_moment() {
    std::this_thread::sleep_for(tick);
    const auto now = steady_clock::now();
    if (subject_ && now - looked_ >= look_every) {
      looked_ = now;
      if (auto ok = subject_->look(phase_); !ok && out_.found.failure.empty()) out_.found.failure = ok.error().message;
      check_rules();
      tell_sample();
    }
    if (is_interrupted() && out_.found.abort_reason.empty()) out_.found.abort_reason = "it was interrupted";
    return is_rolling_back_ || !is_aborted();
  }
  bool pause(milliseconds d) { return runner_->pause(d); }

  void check_rules() {
    auto& reason = out_.found.abort_reason;
    if (!reason.empty()) return;
    if (subject_->restarts() > what_.trial.abort_restarts) {
      reason = "more than " + std::to_string(what_.trial.abort_restarts) + " restarts";
    } else if (subject_->age() > what_.trial.abort_after) {
      reason = "it took longer than " + std::to_string(what_.trial.abort_after.count() / 1000) + " s";
    }
  }

  [[nodiscard]] bool is_interrupted() const { return request_.is_interrupted && request_.is_interrupted(); }
  [[nodiscard]] bool is_aborted() const { return !out_.found.abort_reason.empty(); }
  [[nodiscard]] bool is_over() const {
    return is_aborted() || !out_.found.failure.empty() || (subject_ && subject_->has_finished());
  }

  const experiment& what_;
  const run_request& request_;
  outcome out_;
  std::optional<subject> subject_;
  activity_runner* runner_ = nullptr;
  oracle oracle_;
  baseline before_;
  std::string phase_;
  const char* part_ = "method";  // of the experiment, that activities are played from
  steady_clock::time_point begun_{};
  steady_clock::time_point looked_{};
  steady_clock::time_point told_{};
  bool is_rolling_back_ = false;
  std::uint64_t injected_ = 0;
};

}  // namespace

result<outcome> run_experiment(const experiment& what, const run_request& request) {
  return conductor{what, request}.conduct();
}

}  // namespace millrace::chaos
