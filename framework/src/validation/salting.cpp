#include "validation/salting.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "millrace/engine/partials.hpp"
#include "millrace/partition_state.hpp"
#include "millrace/router.hpp"
#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

using engine::salt_role;

constexpr const char* collecting = engine::collecting_suffix;
constexpr const char* gathering = engine::gathering_suffix;

std::uint32_t salt_of(const graph_actor& a) {
  return a.is(actor_kind::router) ? static_cast<const router&>(*a.probe).salt() : 1;
}

/// Streams over which a salted router spreads the keys of keyed inputs.
std::vector<const graph_stream*> salted_streams(const graph& g) {
  std::vector<const graph_stream*> out;
  for (const auto& s : g.streams) {
    if (salt_of(g.source(s)) < 2 || s.output == engine::actor_access::dead_index) continue;
    if (g.target(s).inputs()[s.input]->is_keyed() && g.target(s).parallelism > 1) out.push_back(&s);
  }
  return out;
}

/// One salted input: what stands in its way, with the words that say who asked for it.
class salted_input {
public:
  salted_input(graph& g, const graph_stream& s) : g_{&g}, to_{&g.target(s)}, in_{to_->inputs()[s.input]} {
    who_ = "'" + g.source(s).name() + "' salts its key (" + to_->input_keys[s.input]->description() + ")";
    remedy_ = "take \"salt\" out of '" + g.source(s).name() + "'";
  }

  void check() const {
    if (!to_->is(actor_kind::processor) || !in_->is_mergeable()) return refuse_undeclared(*in_);
    for (const auto* other : to_->inputs()) {
      if (!other->is_keyed() || !other->is_mergeable()) return refuse_undeclared(*other);
    }
    check_states();
    for (const auto* m : engine::actor_access::mergeables(*to_->probe)) {
      if (const auto why = m->obstacle(); !why.empty()) refuse("its '" + m->state_name() + "' " + why);
    }
    check_names();
  }

private:
  void refuse(const std::string& what, const std::string& other_remedy = {}) const {
    g_->problems.error(to_->name() + "." + in_->name(), who_ + ", but " + what, remedy_ + other_remedy);
  }
  void refuse_undeclared(const input_base& other) const {
    const auto which = &other == in_ ? std::string{"this input"} : "its input '" + other.name() + "'";
    refuse("type '" + to_->spec->type + "' does not say that what it makes of the events of " + which +
               " can be made in parts and merged",
           ", or, if windows and running totals are all it keeps, declare the input in its code with "
           "{.mergeable = true}");
  }
  void check_states() const {
    std::set<std::string> known;
    for (const auto* m : engine::actor_access::mergeables(*to_->probe)) known.insert(m->state_name());
    for (const auto& c : engine::actor_access::state(*to_->probe).rows().layout().cells()) {
      if (known.contains(c.name)) continue;
      refuse((c.name.starts_with("timer:") ? "timer '" + c.name.substr(6) + "'" : "state '" + c.name + "'") +
             " cannot be kept in parts");
    }
    for (const auto* s : engine::actor_access::partition_states(*to_->probe)) {
      refuse("state '" + s->name() + "' of its partitions cannot be kept in parts");
    }
  }
  void check_names() const {
    for (const auto* suffix : {collecting, gathering}) {
      const auto name = to_->name() + suffix;
      if (!is_valid_name(name))
        refuse("'" + name + "', as one half of it will be called, is too long a name", ", or give it a shorter one");
      if (g_->spec.find(name) != nullptr)
        refuse("there is an actor '" + name + "', as one half of it will be called", ", or rename that one");
    }
  }

  graph* g_;
  const graph_actor* to_;
  const input_base* in_;
  std::string who_;
  std::string remedy_;
};

void warn_of_useless(graph& g) {
  for (const auto& a : g.actors) {
    const auto salt = salt_of(a);
    if (salt < 2) continue;
    for (const auto i : a.out_of) {
      const auto& to = g.target(g.streams[i]);
      if (to.parallelism >= salt) continue;
      g.problems.warning(a.name() + ".salt",
                         "a key can be in at most " + std::to_string(to.parallelism) + " places, the partitions of '" +
                             to.name() + "', not in " + std::to_string(salt),
                         "raise the parallelism of '" + to.name() + "', or lower the salt");
      break;
    }
  }
}

}  // namespace

void check_salting(graph& g) {
  if (g.problems.has_errors()) return;
  for (const auto* s : salted_streams(g)) salted_input{g, *s}.check();
  if (!g.problems.has_errors()) warn_of_useless(g);
}

std::optional<salted_topology> with_merge_stages(const graph& g) {
  std::map<std::string, std::string> salted;  // actor, and the type of the router before it
  for (const auto* s : salted_streams(g)) salted[g.target(*s).name()] = g.source(*s).spec->type;
  if (salted.empty()) return std::nullopt;
  salted_topology out{g.spec, {}};
  auto& t = out.spec;
  t.actors.clear();
  t.streams.clear();
  for (const auto& a : g.spec.actors) {
    const auto at = salted.find(a.name);
    if (at != salted.end()) {
      t.actors.push_back(a);
      t.actors.back().name += collecting;
      t.add(a.name + gathering, at->second);
      t.connect(a.name + collecting + "." + engine::partials_port, a.name + gathering + ".in");
      t.connect(a.name + gathering + ".out", a.name + "." + engine::partials_port);
      out.roles.insert(out.roles.end(), {salt_role::collects, salt_role::gathers});
      for (auto& group : t.groups) {
        if (std::ranges::find(group.actors, a.name) == group.actors.end()) continue;
        group.actors.insert(group.actors.end(), {a.name + collecting, a.name + gathering});
      }
    }
    t.actors.push_back(a);
    out.roles.push_back(at == salted.end() ? salt_role::whole : salt_role::merges);
  }
  for (const auto& s : g.streams) {
    auto spec = g.spec.streams[s.index];
    if (salted.contains(spec.to_actor)) spec.to_actor += collecting;
    const bool passes = g.source(s).outputs()[s.output]->passes() != nullptr;
    const bool is_dead = s.output == engine::actor_access::dead_index;
    if (salted.contains(spec.from_actor) && (passes || is_dead)) {
      // Late events leave where they arrived; what is given up may be given up in either half.
      if (is_dead) t.streams.push_back(spec);
      spec.from_actor += collecting;
    }
    t.streams.push_back(std::move(spec));
  }
  return out;
}

}  // namespace millrace::detail
