#include "node/hosted_topology.hpp"

#include <unistd.h>

#include <utility>

#include "millrace/validation.hpp"
#include "node/chaos_answer.hpp"
#include "node/letters/letter_answer.hpp"
#include "node/state_answer.hpp"
#include "node/status_json.hpp"
#include "node/steering_answer.hpp"
#include "node/why.hpp"

namespace millrace::node {

namespace {

constexpr std::chrono::milliseconds sample_interval{100};

const char* const hanging =
    "a call that hangs is left of its last run, and has its data: it can start again when that call has returned, or "
    "with the next start of the node";

/// The first error of a topology that does not validate.
std::string first_error(const validation& checked) {
  for (const auto& p : checked.problems) {
    if (p.level == problem::severity::error) return to_string(p);
  }
  return "it does not validate";
}

}  // namespace

const char* to_string(hosted_topology::phase p) noexcept {
  switch (p) {
    case hosted_topology::phase::stopped:
      return "stopped";
    case hosted_topology::phase::running:
      return "running";
    case hosted_topology::phase::stopping:
      return "stopping";
    case hosted_topology::phase::finished:
      return "finished";
    case hosted_topology::phase::failed:
      return "failed";
  }
  return "?";
}

hosted_topology::hosted_topology(deployment d, runtime::run_options options, placer place, saver save,
                                 std::shared_ptr<const log_book> log, const trace_settings& tracing, std::string node)
    : options_{std::move(options)},
      place_{std::move(place)},
      save_{std::move(save)},
      log_{std::move(log)},
      traces_{tracing, std::move(node), options_.log},
      deployment_{std::move(d)} {}

void hosted_topology::advance(clock::time_point now) {
  if (const auto run = current()) {
    const auto outcome = run->wait(std::chrono::milliseconds{0});
    if (outcome || now - sampled_ >= sample_interval) sample(now);
    if (outcome) return end(*outcome);
    const std::lock_guard lock{mutex_};
    const bool is_unwanted = !deployment_.is_wanted || next_;
    if (is_unwanted && !is_stop_sent_) {
      is_stop_sent_ = true;
      phase_ = phase::stopping;
      run->stop();
    }
    return;
  }
  bool is_due = false;
  {
    const std::lock_guard lock{mutex_};
    if (next_) {
      deployment_ = *std::exchange(next_, std::nullopt);
      is_done_ = false;
      phase_ = phase::stopped;
    }
    is_due = deployment_.is_wanted && !is_done_;
  }
  if (hold_.is_held()) {
    if (hold_.hangs()) refuse_savepoints(check_free().error());
    return;
  }
  keep_newest();
  if (is_due) begin();
}

void hosted_topology::begin() {
  const std::lock_guard folder{folder_};
  const auto d = deployed();
  auto t = parse_topology(d.text, d.name);
  if (!t) return fail(t.error().message);
  t->base_folder = d.base_folder;
  const auto checked = validate(*t);
  if (!checked.ok()) return fail(first_error(checked));
  auto where = place_(d, *checked.plan);
  if (!where) return fail(where.error().message);
  if (auto back = go_back(d); !back) return fail(back.error().message);
  history_ = {};
  {
    const std::lock_guard lock{mutex_};
    newest_ = {};
  }
  is_stop_sent_ = false;
  auto options = options_;
  options.where = *std::move(where);
  options.steering = {d.paused_since, d.muted};
  auto run = runtime::topology_run::start(checked.plan, std::move(options));
  if (!run) return fail(run.error().message);
  {
    const std::lock_guard lock{mutex_};
    run_ = hold_.keep(*std::move(run));
    desk_ = std::make_shared<look_desk>(*run_);
    phase_ = phase::running;
    message_.clear();
  }
  // What was wanted of it since `d` was read.
  steer(deployed());
}

void hosted_topology::sample(clock::time_point now) {
  sampled_ = now;
  const auto run = current();
  history_.add(run->status(), now);
  traces_.look(*run, now);
  auto view = history_.view();
  const std::lock_guard lock{mutex_};
  newest_ = std::move(view);
}

void hosted_topology::end(const runtime::run_outcome& outcome) {
  using kind = runtime::run_outcome::kind;
  is_escalated_ = is_escalated_ || outcome.escalated;
  const std::lock_guard folder{folder_};
  std::shared_ptr<runtime::topology_run> ended;
  std::shared_ptr<look_desk> desk;  // goes before the run
  const std::lock_guard lock{mutex_};
  desk = std::move(desk_);
  phase_ = outcome.how == kind::failed     ? phase::failed
           : outcome.how == kind::finished ? phase::finished
                                           : phase::stopped;
  message_ = outcome.message;
  is_done_ = outcome.how == kind::failed || outcome.how == kind::finished;
  if (outcome.has_left_behind) {
    hold_.note_left_behind();
    options_.log(log_level::warning, hanging);
  }
  ended = std::move(run_);
}

void hosted_topology::fail(std::string why) {
  options_.log(log_level::error, why);
  const std::lock_guard lock{mutex_};
  phase_ = phase::failed;
  message_ = std::move(why);
  is_done_ = true;
}

void hosted_topology::want(bool running) {
  const std::lock_guard lock{mutex_};
  deployment_.is_wanted = running;
  if (next_) next_->is_wanted = running;
  if (running) is_done_ = false;
}

void hosted_topology::steer(const deployment& d) {
  std::shared_ptr<runtime::topology_run> run;
  {
    const std::lock_guard lock{mutex_};
    for (auto* mine : {&deployment_, next_ ? &*next_ : &deployment_}) {
      mine->paused_since = d.paused_since;
      mine->muted = d.muted;
    }
    (next_ ? *next_ : deployment_).text = d.text;
    run = run_;
  }
  if (!run) return;
  if (auto done = apply(run->steering(), d); !done) options_.log(log_level::error, done.error().message);
}

result<void> hosted_topology::set(const std::string& actor, const std::string& param, const param_value& value) {
  std::shared_ptr<runtime::topology_run> run;
  {
    const std::lock_guard lock{mutex_};
    // The run of what is about to be replaced may not have it at all.
    if (!next_) run = run_;
  }
  return run ? run->steering().set(actor, param, value) : result<void>{};
}

bool hosted_topology::is_at_rest() const {
  const std::lock_guard lock{mutex_};
  return run_ == nullptr && !next_ && (!deployment_.is_wanted || is_done_);
}

hosted_topology::phase hosted_topology::now() const {
  const std::lock_guard lock{mutex_};
  return phase_;
}

deployment hosted_topology::deployed() const {
  const std::lock_guard lock{mutex_};
  return next_ ? *next_ : deployment_;
}

void hosted_topology::replace(deployment next) {
  const std::lock_guard lock{mutex_};
  next_ = std::move(next);
}

nlohmann::json hosted_topology::status() const {
  const std::lock_guard lock{mutex_};
  return completed(newest_.tasks.empty() ? nlohmann::json::object() : to_json(newest_));
}

result<nlohmann::json> hosted_topology::telemetry(const telemetry_choice& choice) const {
  const std::lock_guard lock{mutex_};
  if (newest_.tasks.empty()) return completed(nlohmann::json::object());
  auto state = telemetry_json(newest_, choice);
  return state ? completed(*std::move(state)) : std::move(state);
}

/// What is known of it whether it runs or not.
nlohmann::json hosted_topology::completed(nlohmann::json j) const {
  j["topology"] = deployment_.name;
  // While it runs, what the run says of itself tells more: restoring, backing off.
  const bool is_unknown = newest_.tasks.empty();
  if (phase_ != phase::running || is_unknown) j["state"] = phase_ == phase::running ? "starting" : to_string(phase_);
  j["wanted"] = deployment_.is_wanted ? "running" : "stopped";
  j["message"] = message_;
  if (hold_.hangs()) j["message"] = message_ + (message_.empty() ? "" : "; ") + hanging;
  j["paused_since"] = instant_json(deployment_.paused_since);
  j["muted"] = deployment_.muted;
  j["pid"] = ::getpid();
  j["data_dir"] = options_.data_dir;
  return j;
}

measured_topology hosted_topology::measured() const {
  const std::lock_guard lock{mutex_};
  measured_topology out{deployment_.name, deployment_.is_wanted, false, phase_ == phase::failed, to_string(phase_), {}};
  if (phase_ != phase::running) return out;
  out.view = newest_;
  out.state = newest_.tasks.empty() ? "starting" : newest_.run.state;
  out.is_running = out.state == "running" || out.state == "paused";
  return out;
}

result<void> hosted_topology::snapshot() {
  const auto run = current();
  if (run == nullptr) return not_running();
  run->snapshot_now();
  return {};
}

result<nlohmann::json> hosted_topology::state(const nlohmann::json& args) const {
  const auto run = current();
  if (run == nullptr) return not_running();
  return answer_state(*run, args);
}

result<nlohmann::json> hosted_topology::chaos(const std::string& verb, const nlohmann::json& args) const {
  const auto run = current();
  if (run == nullptr) return not_running();
  return answer_chaos(run->faults(), verb, args);
}

result<nlohmann::json> hosted_topology::look(const std::string& who, const std::string& verb,
                                             const nlohmann::json& args) const {
  const auto run = current();  // outlives the desk
  std::shared_ptr<look_desk> desk;
  {
    const std::lock_guard lock{mutex_};
    desk = desk_;
  }
  if (run == nullptr || desk == nullptr) return not_running();
  return desk->answer(who, verb, args);
}

result<nlohmann::json> hosted_topology::why() const {
  const auto run = current();
  if (run == nullptr) return not_running();
  const std::lock_guard lock{mutex_};
  return answer_why(newest_, run->plan());
}

result<nlohmann::json> hosted_topology::letters(const std::string& verb, const nlohmann::json& args) const {
  if (const auto run = current()) return answer_letters_of(*run, verb, args);
  // A store is open once in a process: no run may begin meanwhile, and none may still have it.
  const std::unique_lock folder{folder_, std::chrono::milliseconds{300}};
  if (!folder) return retryable_error(errc::unavailable, "the topology is being started or stopped; ask again");
  if (auto free = check_free(); !free) return std::move(free).error();
  return answer_letters_in(options_.data_dir, verb, args);
}

std::shared_ptr<runtime::topology_run> hosted_topology::current() const {
  const std::lock_guard lock{mutex_};
  return run_;
}

result<void> hosted_topology::check_free() const {
  if (hold_.hangs()) return user_error(errc::unavailable, hanging);
  if (!hold_.is_held()) return {};
  return retryable_error(errc::unavailable, "the topology is being started or stopped; ask again");
}

error hosted_topology::not_running() const {
  const std::lock_guard lock{mutex_};
  return user_error(errc::unavailable, "'" + deployment_.name + "' is " + to_string(phase_) +
                                           ": start it with 'millrace topology start " + deployment_.name + "'");
}

}  // namespace millrace::node
