#include "node/hosted_topology.hpp"

#include <unistd.h>

#include <utility>

#include "node/chaos_answer.hpp"
#include "node/letters/letter_answer.hpp"
#include "node/state_answer.hpp"
#include "node/status_json.hpp"
#include "node/why.hpp"

namespace millrace::node {

namespace {

const char* const hanging =
    "a call that hangs is left of its last run, and has its data: it can start again when that call has returned, or "
    "with the next start of the node";

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

void hosted_topology::want(bool running) {
  const std::lock_guard lock{mutex_};
  deployment_.is_wanted = running;
  if (next_) next_->is_wanted = running;
  if (running) is_done_ = false;
}

void hosted_topology::stop_with_node() {
  stops_with_node_ = true;
  want(false);
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

void hosted_topology::replace(deployment next, bool inherits) {
  const std::lock_guard lock{mutex_};
  next_inherits_ = inherits && (!next_ || next_inherits_);
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
  // A run that is over is not gone yet: nobody can start it again before that.
  if (phase_ == phase::running && (j["state"] == "finished" || j["state"] == "failed")) j["state"] = "stopping";
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
