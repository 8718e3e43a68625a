#include "millrace/runtime/run_steering.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

namespace {

// Only the newest can be given up, or be behind the snapshot that something goes back to.
constexpr std::size_t epochs_kept = 16;

/// One for each parameter, so there are never many.
void replace(std::vector<changed_parameter>& all, const changed_parameter& c) {
  std::erase_if(all, [&](const auto& other) { return other.actor == c.actor && other.param == c.param; });
  all.push_back(c);
}

}  // namespace

run_steering::run_steering(const engine::plan& p, const steering_wishes& wishes) : plan_{p} {
  for (std::size_t i = 0; i < p.tasks.size(); ++i) tasks_.push_back(std::make_shared<engine::task_steering>());
  (void)adopt(wishes.paused_since.ns != 0, wishes.muted, {});
  paused_since_ = wishes.paused_since;
}

void run_steering::on_change(std::function<void(bool)> call) {
  const std::lock_guard lock{mutex_};
  on_change_ = std::move(call);
}

void run_steering::tell(bool wants_snapshot) {
  std::function<void(bool)> call;
  {
    const std::lock_guard lock{mutex_};
    call = on_change_;
  }
  if (call) call(wants_snapshot);
}

void run_steering::pause(processing_time since) {
  {
    const std::lock_guard lock{mutex_};
    paused_since_ = since;
    for (const auto& t : tasks_) t->pause(true);
  }
  tell(false);
}

void run_steering::resume() {
  {
    const std::lock_guard lock{mutex_};
    paused_since_ = {};
    for (const auto& t : tasks_) t->pause(false);
  }
  tell(false);
}

result<std::uint32_t> run_steering::find(const std::string& actor) const {
  std::string known;
  for (std::uint32_t i = 0; i < plan_.spec.actors.size(); ++i) {
    if (plan_.spec.actors[i].name == actor) return i;
    known += (known.empty() ? "" : ", ") + plan_.spec.actors[i].name;
  }
  return user_error(errc::not_found, "there is no actor '" + actor + "'; there are " + known);
}

void run_steering::mute_tasks(std::uint32_t actor, bool on) {
  for (const auto& t : plan_.tasks) {
    if (t.actor == actor) tasks_[t.id.value]->mute(on);
  }
}

result<void> run_steering::mute(const std::string& actor, bool on) {
  const auto index = find(actor);
  if (!index) return index.error();
  {
    const std::lock_guard lock{mutex_};
    if (on) {
      muted_.insert(actor);
    } else {
      muted_.erase(actor);
    }
    mute_tasks(*index, on);
  }
  tell(false);
  return {};
}

result<changed_parameter> run_steering::fitted(changed_parameter c) const {
  const auto index = find(c.actor);
  if (!index) return index.error();
  const auto first = std::ranges::find(plan_.tasks, *index, &engine::plan_task::actor);
  const auto probe = plan_.instantiate(first->id);
  const auto& params = engine::actor_access::params(*probe);
  const auto at = std::ranges::find(params, c.param, [](const auto* p) { return p->name(); });
  const auto where = c.actor + "." + c.param;
  if (at == params.end()) {
    return user_error(errc::not_found,
                      plan_.spec.actors[*index].type + " has no parameter '" + c.param + "' ('" + where + "')");
  }
  if (!(*at)->options().live) {
    return user_error(errc::invalid_argument,
                      "'" + where +
                          "' cannot be changed while the topology runs; change it in the file and deploy with "
                          "--replace, which goes on from a last snapshot");
  }
  if (auto fits = (*at)->set(c.value); !fits) {
    return user_error(fits.error().code, where + ": " + fits.error().message);
  }
  c.value = (*at)->get();
  c.is_secret = (*at)->options().is_secret;
  return c;
}

result<void> run_steering::set(const std::string& actor, const std::string& param, const param_value& value) {
  auto fits = fitted({.actor = actor, .param = param, .value = value});
  if (!fits) return std::move(fits).error();
  {
    const std::lock_guard lock{mutex_};
    replace(wanted_, *fits);
  }
  tell(true);
  return {};
}

void run_steering::give(const changed_parameter& c) {
  for (const auto& t : plan_.tasks) {
    if (plan_.spec.actors[t.actor].name == c.actor) tasks_[t.id.value]->set(c.from, c.param, c.value);
  }
}

bool run_steering::begin_epoch(epoch_id epoch) {
  const std::lock_guard lock{mutex_};
  if (wanted_.empty()) return false;
  for (auto& c : std::exchange(wanted_, {})) {
    c.from = epoch;
    give(c);
    replace(given_, c);
    if (const auto index = find(c.actor)) changed_at_[epoch].insert(*index);
  }
  while (changed_at_.size() > epochs_kept) changed_at_.erase(changed_at_.begin());
  return true;
}

void run_steering::put_off(epoch_id epoch) {
  const std::lock_guard lock{mutex_};
  changed_at_.erase(epoch);
  auto waiting = std::exchange(wanted_, {});
  for (const auto& c : given_) {
    if (c.from != epoch) continue;
    wanted_.push_back(c);
    wanted_.back().from = {};
  }
  for (const auto& c : waiting) replace(wanted_, c);
}

bool run_steering::has_settings_after(epoch_id epoch) const {
  const std::lock_guard lock{mutex_};
  return std::ranges::any_of(given_, [&](const auto& c) { return c.from > epoch; });
}

std::set<std::uint32_t> run_steering::actors_changed_at(epoch_id epoch) const {
  const std::lock_guard lock{mutex_};
  const auto at = changed_at_.find(epoch);
  return at == changed_at_.end() ? std::set<std::uint32_t>{} : at->second;
}

result<void> run_steering::adopt(bool is_paused, const std::set<std::string>& muted,
                                 std::vector<changed_parameter> changed) {
  for (auto& c : changed) {
    auto fits = fitted(std::move(c));
    if (!fits) return std::move(fits).error();
    c = *std::move(fits);
  }
  {
    const std::lock_guard lock{mutex_};
    for (const auto& t : tasks_) t->pause(is_paused);
    muted_ = muted;
    for (std::uint32_t i = 0; i < plan_.spec.actors.size(); ++i) {
      mute_tasks(i, muted.contains(plan_.spec.actors[i].name));
    }
    given_ = std::move(changed);
    for (const auto& c : given_) give(c);
  }
  tell(false);
  return {};
}

processing_time run_steering::paused_since() const {
  const std::lock_guard lock{mutex_};
  return paused_since_;
}

std::set<std::string> run_steering::muted() const {
  const std::lock_guard lock{mutex_};
  return muted_;
}

std::vector<changed_parameter> run_steering::changed() const {
  const std::lock_guard lock{mutex_};
  auto out = given_;
  for (const auto& c : wanted_) replace(out, c);
  return out;
}

std::vector<changed_parameter> run_steering::given() const {
  const std::lock_guard lock{mutex_};
  return given_;
}

}  // namespace millrace::runtime
