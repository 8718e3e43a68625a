#include "core/auto_wiring.hpp"

#include <algorithm>
#include <cmath>

#include "core/starter_values.hpp"
#include "core/wiring_rules.hpp"

namespace millrace::workbench {
namespace {

constexpr const char* keyRouter = "millrace.by_key";

QPointF placeOf(const EditBuilder& edit, const std::string& actor) {
  const auto& places = edit.drawing().layout.places;
  const auto at = places.find(actor);
  return at == places.end() ? QPointF{} : at->second;
}

std::string addOne(EditBuilder& edit, const ActorType& type, QPointF place) {
  actor_spec actor;
  actor.name = freeName(edit.drawing().spec, nameOfType(type.id));
  actor.type = type.id;
  actor.params = starterValues(type, actor.name);
  auto name = actor.name;
  edit.addActor(std::move(actor), freePlace(edit.drawing().layout, place));
  return name;
}

/// Joins the main output of `from` with the first input of `to` that takes it. False: none does.
bool join(EditBuilder& edit, const ActorCatalogue& catalogue, const std::optional<KnownRecords>& known,
          const std::string& from, const std::string& to) {
  const auto& spec = edit.drawing().spec;
  const auto* source = catalogue.find(spec.find(from)->type);
  const auto* target = catalogue.find(spec.find(to)->type);
  if (source == nullptr || target == nullptr || source->mainOutput() == nullptr) return false;
  for (const auto& input : target->inputs) {
    stream_spec stream{from, source->mainOutput()->name, to, input.name};
    if (!streamRefusal(spec, catalogue, known, stream).isEmpty()) continue;
    edit.addStream(std::move(stream));
    return true;
  }
  return false;
}

}  // namespace

QPointF freePlace(const TopologyLayout& layout, QPointF wanted) {
  const auto isCovered = [&](QPointF p) {
    return std::ranges::any_of(layout.places, [p](const auto& other) {
      return std::abs(other.second.x() - p.x()) < columnPitch * 0.75 &&
             std::abs(other.second.y() - p.y()) < rowPitch * 0.9;
    });
  };
  // At most one row a node is taken.
  for (std::size_t i = 0; i <= layout.places.size() && isCovered(wanted); ++i) wanted.ry() += rowPitch;
  return wanted;
}

std::string addActor(EditBuilder& edit, const ActorCatalogue& catalogue, const std::optional<KnownRecords>& known,
                     const NewActor& wanted) {
  const auto* behind = wanted.behind ? edit.drawing().spec.find(*wanted.behind) : nullptr;
  const auto* source = behind == nullptr ? nullptr : catalogue.find(behind->type);
  if (source == nullptr || source->mainOutput() == nullptr || wanted.type->inputs.empty()) {
    return addOne(edit, *wanted.type, wanted.place);
  }
  auto before = *wanted.behind;
  const QPointF step{columnPitch, 0};
  const auto* router = catalogue.find(keyRouter);
  if (wanted.type->isKeyed() && source->kind != ActorKind::Router && router != nullptr) {
    const auto spread = addOne(edit, *router, placeOf(edit, before) + step);
    join(edit, catalogue, known, before, spread);
    before = spread;
  }
  auto name = addOne(edit, *wanted.type, placeOf(edit, before) + step);
  join(edit, catalogue, known, before, name);
  return name;
}

}  // namespace millrace::workbench
