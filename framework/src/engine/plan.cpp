#include "millrace/engine/plan.hpp"

#include <algorithm>

#include "actor_setup.hpp"
#include "millrace/check.hpp"
#include "millrace/registry.hpp"
#include "millrace/router.hpp"

namespace millrace::engine {
namespace {

void set_params(actor& a, const topology& t, const actor_spec& spec) {
  for (auto* p : actor_access::params(a)) {
    const auto given = spec.params.find(p->name());
    if (given == spec.params.end()) continue;
    const auto ok = p->set(detail::resolved(*p, given->second, t.base_folder));
    MILLRACE_CHECK(ok.has_value(), "a parameter that validation took is refused");
  }
}

}  // namespace

std::string plan::task_name(task_id id) const {
  const auto& t = tasks[id.value];
  return spec.actors[t.actor].name + "/" + std::to_string(t.partition);
}

std::unique_ptr<actor> plan::instantiate(task_id id) const {
  const auto index = tasks[id.value].actor;
  const auto& actor_spec = spec.actors[index];
  const auto* entry = actor_registry::instance().find(actor_spec.type);
  MILLRACE_CHECK(entry != nullptr, "an actor type went away after validation");
  auto made = entry->make();
  take_salt_role(*made, roles[index]);
  set_params(*made, spec, actor_spec);
  const auto configured = detail::configure(*made, input_types[index], spec.base_folder);
  MILLRACE_CHECK(configured.has_value(), "configure() refuses what it took at validation");
  // Every call of dynamic_record_type makes a type of its own: all partitions must emit the one the streams were joined
  // by.
  const auto& outputs = actor_access::outputs(*made);
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i]->set_type(output_types[index][i]);
  if (made->kind() == actor_kind::router && router_keys[index] != nullptr) {
    static_cast<router&>(*made).use_key(router_keys[index], spec.settings.key_groups);
  }
  return made;
}

}  // namespace millrace::engine
