#include <algorithm>
#include <set>
#include <string>

#include "millrace/engine/state_type.hpp"
#include "millrace/producer.hpp"
#include "millrace/sink.hpp"
#include "node/savepoints/savepoint_shelf.hpp"
#include "runtime/remote/exchange.hpp"

// Whether a topology can go on from what another one, or an older version of it, had.
namespace millrace::node {

namespace {

using nlohmann::json;

const char* const remedy =
    "; start from a savepoint of this version, or give the topology the structure it had ('millrace savepoint list "
    "--json' names the savepoint, its topology is kept in it)";

std::unique_ptr<actor> first_of(const engine::plan& p, std::uint32_t index) {
  return p.instantiate(std::ranges::find(p.tasks, index, &engine::plan_task::actor)->id);
}

error differs(const std::string& what) {
  return user_error(errc::schema_mismatch, "the savepoint does not fit: " + what + remedy);
}

/// A state of an actor as it was kept and as it is.
result<void> check_states(const std::string& name, const json& kept, actor& now) {
  const auto& cells = engine::actor_access::state(now).rows().layout().cells();
  const auto& dropped = engine::actor_access::dropped_states(now);
  for (const auto& [state, type] : kept.items()) {
    const auto at = std::ranges::find(cells, state, &engine::cell::name);
    if (at == cells.end()) {
      const bool may_go = type == "ttl" || std::ranges::find(dropped, state) != dropped.end();
      if (!may_go) return differs("actor '" + name + "' kept the state '" + state + "', and has none of that name");
      continue;
    }
    if (auto by = engine::reader_of(name, type.get<std::string>(), {at->name, at->type, at->migrations}); !by) {
      return differs(by.error().message);
    }
  }
  return {};
}

result<void> check_actor(const std::string& name, const json& kept, const engine::plan& p, std::uint32_t index) {
  const auto& spec = p.spec.actors[index];
  if (kept.value("type", "") != spec.type) {
    return differs("actor '" + name + "' was of type " + kept.value("type", "") + ", and is of type " + spec.type);
  }
  if (kept.value("parallelism", 0U) != spec.parallelism) {
    return differs("actor '" + name + "' had parallelism " + std::to_string(kept.value("parallelism", 0U)) +
                   ", and has " + std::to_string(spec.parallelism));
  }
  const auto now = first_of(p, index);
  return check_states(name, kept.value("states", json::object()), *now);
}

std::string list_of(const std::set<std::string>& names) {
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

bool is_logged(const actor& a) {
  return a.kind() == actor_kind::producer && static_cast<const producer&>(a).replays() == replay::logged;
}

}  // namespace

json shape_of(const engine::plan& p) {
  auto actors = json::object();
  for (std::uint32_t i = 0; i < p.spec.actors.size(); ++i) {
    const auto& spec = p.spec.actors[i];
    const auto made = first_of(p, i);
    auto states = json::object();
    for (const auto& c : engine::actor_access::state(*made).rows().layout().cells()) states[c.name] = c.type;
    actors[spec.name] = {{"type", spec.type}, {"parallelism", spec.parallelism}, {"states", std::move(states)}};
  }
  auto channels = json::array();
  for (const auto& c : p.channels) channels.push_back(c.name);
  return {{"actors", std::move(actors)}, {"channels", std::move(channels)}, {"key_groups", p.spec.settings.key_groups}};
}

result<void> check_shape(const json& kept, const engine::plan& p) {
  const auto actors = kept.value("actors", json::object());
  if (kept.value("key_groups", 0U) != p.spec.settings.key_groups) {
    return differs("it has " + std::to_string(kept.value("key_groups", 0U)) + " key groups, and the topology " +
                   std::to_string(p.spec.settings.key_groups));
  }
  for (std::uint32_t i = 0; i < p.spec.actors.size(); ++i) {
    const auto& name = p.spec.actors[i].name;
    if (!actors.contains(name)) return differs("actor '" + name + "' is not in it");
    if (auto fits = check_actor(name, actors[name], p, i); !fits) return fits;
  }
  for (const auto& [name, was] : actors.items()) {
    if (std::ranges::find(p.spec.actors, name, &actor_spec::name) == p.spec.actors.end()) {
      return differs("actor '" + name + "' is in it, and not in the topology");
    }
  }
  std::set<std::string> gone = kept.value("channels", std::set<std::string>{});
  for (const auto& c : p.channels) {
    if (gone.erase(c.name) == 0) return differs("the stream " + c.name + " is not in it");
  }
  if (!gone.empty()) return differs("the stream " + *gone.begin() + " is in it, and not in the topology");
  return {};
}

result<void> check_output(const engine::plan& p, bool is_same, epoch_id epoch, epoch_id newest) {
  if (is_same && newest <= epoch) return {};
  std::set<std::string> twice;
  for (std::uint32_t i = 0; i < p.spec.actors.size(); ++i) {
    const auto made = first_of(p, i);
    if (made->kind() != actor_kind::sink) continue;
    const auto& s = static_cast<const sink&>(*made);
    if (!s.can_withdraw() && s.delivers() != delivery::idempotent) twice.insert(p.spec.actors[i].name);
  }
  if (twice.empty()) return {};
  const auto since = is_same ? "has committed output behind epoch " + std::to_string(epoch.value) +
                                   ", and writes it again when it goes back there"
                             : std::string{"may hold output behind this savepoint already, and would get it again"};
  return user_error(errc::invalid_argument, "sink " + list_of(twice) + " cannot take output back: it " + since +
                                                "; give --accept-duplicates if that is acceptable");
}

result<void> check_logs(const engine::plan& p, bool is_same) {
  if (is_same) return {};
  for (std::uint32_t i = 0; i < p.spec.actors.size(); ++i) {
    if (!is_logged(*first_of(p, i))) continue;
    return user_error(errc::invalid_argument,
                      "'" + p.spec.actors[i].name +
                          "' logs its events in its topology's own data, which is not in a savepoint: only the "
                          "topology that it was taken of can start from it, under its name");
  }
  return {};
}

std::vector<std::string> logged_tasks(const engine::plan& p, const runtime::placement& where) {
  std::vector<std::string> out;
  const auto is_here = [&](task_id t) { return !where.nodes || where.of(t, where.nodes->name()).empty(); };
  for (const auto& t : p.tasks) {
    if (is_here(t.id) && is_logged(*p.instantiate(t.id))) out.push_back(p.task_name(t.id));
  }
  return out;
}

}  // namespace millrace::node
