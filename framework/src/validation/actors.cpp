#include <algorithm>
#include <exception>
#include <set>

#include "actor_setup.hpp"
#include "millrace/detail/nearest.hpp"
#include "millrace/registry.hpp"
#include "millrace/router.hpp"
#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t key_groups_max = 65'536;
constexpr milliseconds snapshot_interval_min{10};
constexpr std::uint32_t attempts_max = 1'000;
constexpr std::size_t actors_max = 10'000;
constexpr milliseconds hang_after_min{10};
constexpr std::uint64_t state_memory_min = std::uint64_t{64} << 10;

const char* const name_rule = "use 1 to 64 of the characters a-z, A-Z, 0-9, _ and -";

void check_name(graph& g, const graph_actor& a, std::set<std::string>& taken) {
  if (!is_valid_name(a.name())) {
    g.problems.error("'" + a.name() + "'", "this is no valid actor name", name_rule);
  } else if (!taken.insert(a.name()).second) {
    g.problems.error(a.name(), "two actors have this name",
                     "rename one of them: state and output files are found by the name");
  }
}

void make_probe(graph& g, graph_actor& a) {
  const auto& type = a.spec->type;
  const auto* entry = actor_registry::instance().find(type);
  if (entry == nullptr) {
    const auto near = actor_registry::instance().nearest(type);
    g.problems.error(
        a.name(), "there is no actor type '" + type + "'",
        near.empty() ? "'millrace actor list' shows the types this program knows" : "did you mean '" + near + "'?");
    return;
  }
  try {
    a.probe = entry->make();
    engine::take_salt_role(*a.probe, a.role);
  } catch (const std::exception& e) {
    g.problems.error(a.name(), "the constructor of '" + type + "' threw: " + e.what(), "correct the actor's code");
  }
}

template <class Ports>
void check_port_names(graph& g, const graph_actor& a, const Ports& ports, const char* what) {
  std::set<std::string> taken;
  for (const auto* port : ports) {
    if (taken.insert(port->name()).second) continue;
    g.problems.error(a.name() + "." + port->name(),
                     std::string{"type '"} + a.spec->type + "' has two " + what + " of this name",
                     "rename one in the actor's code ('dead' is taken by every actor)");
  }
}

void check_ports(graph& g, const graph_actor& a) {
  check_port_names(g, a, a.inputs(), "inputs");
  check_port_names(g, a, a.outputs(), "outputs");
  if (a.is(actor_kind::producer) && !a.inputs().empty()) {
    g.problems.error(a.name(), "it is a producer but has an input", "derive it from millrace::processor");
  }
  if (!a.is(actor_kind::producer) && a.inputs().empty()) {
    g.problems.error(a.name(), std::string{"it is a "} + to_string(a.probe->kind()) + " but has no input",
                     "give it an input in its code, or derive it from millrace::producer");
  }
  if (a.is(actor_kind::sink) && a.outputs().size() > 1) {
    g.problems.error(a.name(), "it is a sink but has an output", "derive it from millrace::processor");
  }
}

void set_param(graph& g, const graph_actor& a, const std::string& name, const param_value& v) {
  const auto& params = engine::actor_access::params(*a.probe);
  const auto at = std::ranges::find(params, name, [](const param_base* p) { return p->name(); });
  if (at == params.end()) {
    std::vector<std::string> known;
    for (const auto* p : params) known.push_back(p->name());
    const auto near = nearest(name, known);
    g.problems.error(a.name() + "." + name, "type '" + a.spec->type + "' has no parameter '" + name + "'",
                     near.empty() ? "it has: " + quoted_list(known) : "did you mean '" + near + "'?");
    return;
  }
  auto& p = **at;
  if (auto ok = p.set(resolved(p, v, g.spec.base_folder)); !ok) {
    const auto remedy = "give " + p.allowed();
    auto what = ok.error().message;
    if (what.ends_with(": " + remedy)) what.resize(what.size() - remedy.size() - 2);  // said once
    g.problems.error(a.name() + "." + name, std::move(what), remedy);
  }
}

void check_params(graph& g, graph_actor& a) {
  const auto errors_before = g.problems.errors();
  for (const auto& [name, value] : a.spec->params) set_param(g, a, name, value);
  for (const auto* p : engine::actor_access::params(*a.probe)) {
    if (!p->options().required || a.spec->params.contains(p->name())) continue;
    g.problems.error(a.name() + "." + p->name(), "the parameter is required but not set", "give " + p->allowed());
  }
  // configure() would complain about the same values again.
  a.has_failed = g.problems.errors() != errors_before;
}

void check_restarts(graph& g, const failure_policy& p, const std::string& where) {
  if (p.max_restarts > attempts_max) {
    g.problems.error(where, "max_restarts is " + std::to_string(p.max_restarts), "give a number from 0 to 1000");
  }
  if (p.backoff.count() < 0 || p.backoff > p.backoff_max) {
    g.problems.error(where, "backoff is negative or longer than backoff_max", "make backoff_max the longer of the two");
  }
  if (p.period.count() <= 0) {
    g.problems.error(where, "period is not longer than 0", "give the time max_restarts counts in, for example \"1m\"");
  }
  if (p.jitter_percent > 100) {
    g.problems.error(where, "jitter_percent is " + std::to_string(p.jitter_percent), "give a number from 0 to 100");
  }
  if (p.beyond != failure_action::stop && p.beyond != failure_action::escalate) {
    g.problems.error(where, std::string{"beyond is '"} + to_string(p.beyond) + "', which is no end of restarts",
                     "give 'stop' or 'escalate'");
  }
}

/// What hangs keeps its thread and may come back at any time: nothing it then does may count.
void check_hanging(graph& g, const graph_actor& a) {
  const auto& p = a.spec->on_failure;
  const auto where = a.name() + ".on_failure";
  if (p.hang_after != milliseconds::zero() && p.hang_after < hang_after_min) {
    g.problems.error(where, "hang_after is shorter than 10ms", "give for example \"30s\", or \"0s\" to look away");
  }
  if (p.on_hang != hang_action::rebuild || a.probe == nullptr) return;
  const char* why = nullptr;
  if (a.is(actor_kind::sink)) why = "a sink that hangs may still write when it comes back";
  if (a.is(actor_kind::producer)) why = "a producer that hangs may still take from its source when it comes back";
  if (a.spec->state.place == state_place::disk) why = "its state is on disk, where the one that hangs may still write";
  if (why == nullptr) return;
  g.problems.error(where, std::string{"on_hang is 'rebuild', but "} + why,
                   "give 'restart', which ends the whole process, or 'report'");
}

void check_policy(graph& g, const graph_actor& a) {
  const auto& p = a.spec->on_failure;
  const auto where = a.name() + ".on_failure";
  check_restarts(g, p, where);
  if (p.max_attempts < 1 || p.max_attempts > attempts_max) {
    g.problems.error(where, "max_attempts is " + std::to_string(p.max_attempts), "give a number from 1 to 1000");
  }
  if (p.after_retries == failure_action::retry) {
    g.problems.error(where, "after_retries is 'retry', which would never end",
                     "give one of 'resume', 'restart', 'stop', 'escalate'");
  }
}

void check_state_memory(graph& g, const graph_actor& a) {
  const auto& s = a.spec->state;
  const auto where = a.name() + ".state";
  if (s.place == state_place::memory && s.memory_bytes != state_spec{}.memory_bytes) {
    g.problems.error(where, "it limits the memory of state that may not leave memory", "set \"place\": \"disk\"");
  }
  if (s.memory_bytes < state_memory_min) {
    g.problems.error(where, "the limit is lower than 64KiB", "give at least \"1MiB\" for each partition");
  }
}

void check_actor(graph& g, graph_actor& a) {
  check_policy(g, a);
  check_state_memory(g, a);
  if (a.parallelism < 1 || a.parallelism > router::partitions_max) {
    g.problems.error(a.name(), "its parallelism is " + std::to_string(a.parallelism), "give a number from 1 to 4096");
    a.parallelism = 1;
  }
  make_probe(g, a);
  check_hanging(g, a);
  if (a.probe == nullptr) return;
  check_ports(g, a);
  check_params(g, a);
}

}  // namespace

void check_groups(graph& g) {
  std::set<std::string> names;
  std::set<std::string> taken;
  for (const auto& group : g.spec.groups) {
    const auto where = "groups." + group.name;
    if (!is_valid_name(group.name)) {
      g.problems.error("groups", "'" + group.name + "' is no valid name of a group", name_rule);
    } else if (!names.insert(group.name).second) {
      g.problems.error(where, "two groups have this name", "rename one of them");
    }
    if (group.actors.empty()) g.problems.error(where, "no actor is in it", "name some, or take the group out");
    for (const auto& name : group.actors) {
      if (g.spec.find(name) == nullptr) {
        std::vector<std::string> known;
        for (const auto& a : g.spec.actors) known.push_back(a.name);
        const auto near = nearest(name, known);
        g.problems.error(where, "there is no actor '" + name + "'",
                         near.empty() ? "name actors of this topology" : "did you mean '" + near + "'?");
      } else if (!taken.insert(name).second) {
        g.problems.error(where, "'" + name + "' is in two groups, or twice in one", "leave it in one of them");
      }
    }
    check_restarts(g, group.restarts, where);
  }
}

void check_settings(graph& g) {
  const auto& s = g.spec.settings;
  if (!is_valid_name(g.spec.name)) {
    g.problems.error("name", "'" + g.spec.name + "' is no valid topology name", name_rule);
  }
  if (s.key_groups < 1 || s.key_groups > key_groups_max) {
    g.problems.error("settings.key_groups", "it is " + std::to_string(s.key_groups), "give a number from 1 to 65536");
  }
  if (s.snapshot_interval != milliseconds::zero() && s.snapshot_interval < snapshot_interval_min) {
    g.problems.error("settings.snapshot_interval", "it is shorter than 10ms",
                     "give at least \"10ms\", or \"0s\" for no snapshots but the last");
  }
  if (s.snapshot_timeout <= milliseconds::zero()) {
    g.problems.error("settings.snapshot_timeout", "it is not longer than 0", "give for example \"60s\"");
  }
}

void check_actors(graph& g) {
  if (g.spec.actors.size() > actors_max) {
    g.problems.error("actors", std::to_string(g.spec.actors.size()) + " actors are too many",
                     "a topology has at most 10,000: use parallelism instead of copies");
    return;
  }
  std::set<std::string> taken;
  bool has_producer = false;
  bool has_sink = false;
  bool has_unknown = false;
  for (const auto& spec : g.spec.actors) {
    auto& a = g.actors.emplace_back();
    a.spec = &spec;
    a.parallelism = spec.parallelism;
    if (!g.roles.empty()) a.role = g.roles[g.actors.size() - 1];
    check_name(g, a, taken);
    check_actor(g, a);
    has_producer |= a.is(actor_kind::producer);
    has_sink |= a.is(actor_kind::sink);
    has_unknown |= a.probe == nullptr;
  }
  if (has_unknown) return;
  if (!has_producer) g.problems.error("actors", "no actor is a producer", "add one: nothing would ever flow");
  if (!has_sink) g.problems.error("actors", "no actor is a sink", "add one: nothing would come out");
}

}  // namespace millrace::detail
