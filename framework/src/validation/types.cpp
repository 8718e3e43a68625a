#include <algorithm>

#include "actor_setup.hpp"
#include "millrace/dynamic_batch.hpp"
#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

/// What the handler of an input sees when `arriving` is the first stream into it.
record_type_ptr seen_by(const input_base& port, const record_type_ptr& arriving) {
  if (port.what() == input_base::accepts::typed) return port.type();
  if (port.what() == input_base::accepts::any || arriving->is_dynamic()) return arriving;
  return dynamic_record_type(arriving->shared_schema());
}

void join(graph& g, graph_stream& s, record_type_ptr& seen) {
  s.type = g.source(s).outputs()[s.output]->type();
  auto& target = g.actors[s.to];
  if (s.type == nullptr) {
    target.has_failed = true;
    return;
  }
  if (seen == nullptr) seen = seen_by(*target.inputs()[s.input], s.type);
  if (seen == s.type) return;
  auto made = make_converter(s.type, seen);
  if (!made) {
    g.problems.error(
        g.input_name(s), "records of '" + g.output_name(s) + "' do not fit: " + made.error().message,
        "connect another output, or put an actor between that makes '" + seen->schema().name + "' of them");
    target.has_failed = true;
    return;
  }
  s.to_input = std::make_shared<const converter>(std::move(*made));
}

void configure_actor(graph& g, graph_actor& a) {
  if (auto ok = configure(*a.probe, a.input_types, g.spec.base_folder); !ok) {
    g.problems.error(a.name(), ok.error().message,
                     "change the actor's parameters or streams ('millrace actor list' describes the type)");
    a.has_failed = true;
    return;
  }
  for (const auto s : a.out_of) {
    const auto& port = *a.outputs()[g.streams[s].output];
    if (port.type() != nullptr) continue;
    g.problems.error(a.name() + "." + port.name(), "the output has no record type after configure()",
                     "call set_type() in configure() of '" + a.spec->type + "'");
    a.has_failed = true;
    return;
  }
}

}  // namespace

void check_types(graph& g) {
  for (auto& a : g.actors) {
    if (a.probe != nullptr) a.input_types.resize(a.inputs().size());
  }
  for (const auto index : g.order) {
    auto& a = g.actors[index];
    if (a.probe == nullptr) continue;
    for (const auto s : a.into) join(g, g.streams[s], a.input_types[g.streams[s].input]);
    if (a.role == engine::salt_role::merges) {
      // What it configures itself by arrives at its other half.
      const auto& types = g.collector_of(a).input_types;
      std::copy(types.begin(), types.end(), a.input_types.begin());
    }
    if (!a.has_failed) configure_actor(g, a);
  }
}

}  // namespace millrace::detail
