#include "core/live_changes.hpp"

#include "core/text.hpp"

namespace millrace::workbench {

LiveChanges liveChanges(const topology& running, const topology& drawn, const ActorCatalogue& catalogue) {
  LiveChanges all;
  for (const auto& actor : drawn.actors) {
    const auto* before = running.find(actor.name);
    const auto* type = catalogue.find(actor.type);
    if (before == nullptr || type == nullptr || before->type != actor.type) continue;
    for (const auto& param : type->params) {
      const auto now = actor.params.find(param.name);
      const auto then = before->params.find(param.name);
      const auto& value = now == actor.params.end() ? param.initial : now->second;
      const auto& was = then == before->params.end() ? param.initial : then->second;
      if (value == was) continue;
      if (param.live) {
        all.changes.push_back({actor.name, param.name, value, now == actor.params.end()});
      } else {
        all.fixed << toQt(actor.name + "." + param.name);
      }
    }
  }
  return all;
}

}  // namespace millrace::workbench
