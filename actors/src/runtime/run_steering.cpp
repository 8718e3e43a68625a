#include "millrace/runtime/run_steering.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

run_steering::run_steering(const engine::plan& p, const steering_wishes& wishes) : plan_{p} {
  for (std::size_t i = 0; i < p.tasks.size(); ++i) tasks_.push_back(std::make_shared<engine::task_steering>());
  adopt(wishes.paused_since.ns != 0, wishes.muted, {});
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

result<void> run_steering::set(const std::string& actor, const std::string& param, param_value value) {
  const auto index = find(actor);
  if (!index) return index.error();
  const auto first = std::ranges::find(plan_.tasks, *index, &engine::plan_task::actor);
  const auto probe = plan_.instantiate(first->id);
  const auto& params = engine::actor_access::params(*probe);
  const auto at = std::ranges::find(params, param, [](const auto* p) { return p->name(); });
  const auto where = actor + "." + param;
  if (at == params.end()) {
    return user_error(errc::not_found,
                      plan_.spec.actors[*index].type + " has no parameter '" + param + "' ('" + where + "')");
  }
  if (!(*at)->options().live) {
    return user_error(errc::invalid_argument,
                      "'" + where +
                          "' cannot be changed while the topology runs; change it in the file and deploy with "
                          "--replace, which goes on from a last snapshot");
  }
  if (auto fits = (*at)->set(value); !fits) {
    return user_error(fits.error().code, where + ": " + fits.error().message);
  }
  {
    const std::lock_guard lock{mutex_};
    // One for each parameter, so there are never many.
    std::erase_if(changed_, [&](const auto& c) { return c.actor == actor && c.param == param; });
    changed_.push_back({actor, param, (*at)->get(), {}});
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
  bool is_any = false;
  for (auto& c : changed_) {
    if (c.from.value != 0) continue;
    c.from = epoch;
    give(c);
    is_any = true;
  }
  return is_any;
}

bool run_steering::has_settings_after(epoch_id epoch) const {
  const std::lock_guard lock{mutex_};
  return std::ranges::any_of(changed_, [&](const auto& c) { return c.from > epoch; });
}

void run_steering::adopt(bool is_paused, const std::set<std::string>& muted,
                         const std::vector<changed_parameter>& changed) {
  {
    const std::lock_guard lock{mutex_};
    for (const auto& t : tasks_) t->pause(is_paused);
    muted_ = muted;
    for (std::uint32_t i = 0; i < plan_.spec.actors.size(); ++i) {
      mute_tasks(i, muted.contains(plan_.spec.actors[i].name));
    }
    changed_ = changed;
    for (const auto& c : changed_) give(c);
  }
  tell(false);
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
  return changed_;
}

}  // namespace millrace::runtime
