#include "core/wiring_rules.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

QString endName(const std::string& actor, const std::string& port) {
  return toQt(actor + "." + port);
}

/// The port of the catalogue; nullptr when the type or the port is not known there.
template <class Find>
const PortInfo* portOf(const topology& spec, const ActorCatalogue& catalogue, const std::string& actor, Find find) {
  const auto* found = spec.find(actor);
  const auto* type = found == nullptr ? nullptr : catalogue.find(found->type);
  return type == nullptr ? nullptr : find(*type);
}

}  // namespace

Refusal recordsRefusal(const PortInfo& from, const PortInfo& to) {
  if (!from.record || !to.record) return {};
  for (const auto& wanted : to.record->fields) {
    const auto at = from.record->find(wanted.name);
    if (!at) {
      if (has_default(wanted)) continue;
      return QStringLiteral("%1 has no field '%2' (%3), which %4 needs")
          .arg(toQt(from.record->name), toQt(wanted.name), toQt(to_text(wanted.type)), toQt(to.record->name));
    }
    const auto& given = from.record->fields[*at];
    if (given.type.kind == wanted.type.kind && (wanted.type.optional || !given.type.optional)) continue;
    return QStringLiteral("field '%1' is %2 here, and %3 wants %4")
        .arg(toQt(wanted.name), toQt(to_text(given.type)), toQt(to.record->name), toQt(to_text(wanted.type)));
  }
  return {};
}

std::set<std::string> actorsBefore(const topology& spec, const std::string& actor) {
  std::unordered_map<std::string_view, std::vector<const std::string*>> feeders;
  for (const auto& s : spec.streams) feeders[s.to_actor].push_back(&s.from_actor);
  std::set<std::string> seen{actor};
  std::vector<std::string> open{actor};
  while (!open.empty()) {
    const auto present = std::move(open.back());
    open.pop_back();
    const auto at = feeders.find(present);
    if (at == feeders.end()) continue;
    for (const auto* feeder : at->second) {
      if (seen.insert(*feeder).second) open.push_back(*feeder);
    }
  }
  return seen;
}

StreamsFrom::StreamsFrom(const topology& spec, const ActorCatalogue& catalogue, const std::string& actor)
    : m_spec{spec}, m_catalogue{catalogue}, m_before{actorsBefore(spec, actor)} {}

Refusal StreamsFrom::refusal(const stream_spec& stream) const {
  if (stream.from_actor == stream.to_actor) return QStringLiteral("an actor cannot feed itself");
  if (std::ranges::find(m_spec.streams, stream) != m_spec.streams.end()) {
    return QStringLiteral("this wire is there already");
  }
  if (m_before.contains(stream.to_actor)) {
    return QStringLiteral("%1 feeds %2 already: a topology has no circles")
        .arg(toQt(stream.to_actor), toQt(stream.from_actor));
  }
  const auto* from =
      portOf(m_spec, m_catalogue, stream.from_actor, [&](const ActorType& t) { return t.output(stream.from_port); });
  const auto* to =
      portOf(m_spec, m_catalogue, stream.to_actor, [&](const ActorType& t) { return t.input(stream.to_port); });
  if (from == nullptr || to == nullptr) return {};
  const auto refusal = recordsRefusal(*from, *to);
  return refusal.isEmpty() ? refusal
                           : QStringLiteral("%1 does not fit %2: %3")
                                 .arg(endName(stream.from_actor, stream.from_port),
                                      endName(stream.to_actor, stream.to_port), refusal);
}

Refusal streamRefusal(const topology& spec, const ActorCatalogue& catalogue, const stream_spec& stream) {
  return StreamsFrom{spec, catalogue, stream.from_actor}.refusal(stream);
}

}  // namespace millrace::workbench
