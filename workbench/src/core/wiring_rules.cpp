#include "core/wiring_rules.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/text.hpp"
#include "millrace/convert.hpp"
#include "millrace/dynamic_batch.hpp"

namespace millrace::workbench {
namespace {

QString endName(const std::string& actor, const std::string& port) {
  return toQt(actor + "." + port);
}

/// What an input wants; nothing: that is not known, or it takes what comes.
std::optional<schema> wantedBy(const topology& spec, const ActorCatalogue& catalogue, const stream_spec& stream) {
  const auto* found = spec.find(stream.to_actor);
  const auto* type = found == nullptr ? nullptr : catalogue.find(found->type);
  const auto* port = type == nullptr ? nullptr : type->input(stream.to_port);
  return port == nullptr ? std::nullopt : port->record;
}

}  // namespace

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

StreamsFrom::StreamsFrom(const topology& spec, const ActorCatalogue& catalogue,
                         const std::optional<KnownRecords>& known, const std::string& actor)
    : m_spec{spec}, m_catalogue{catalogue}, m_known{known}, m_before{actorsBefore(spec, actor)} {}

Refusal StreamsFrom::refusal(const stream_spec& stream) const {
  if (stream.from_actor == stream.to_actor) return QStringLiteral("an actor cannot feed itself");
  if (std::ranges::find(m_spec.streams, stream) != m_spec.streams.end()) {
    return QStringLiteral("this wire is there already");
  }
  if (m_before.contains(stream.to_actor)) {
    return QStringLiteral("%1 feeds %2 already: a topology has no circles")
        .arg(toQt(stream.to_actor), toQt(stream.from_actor));
  }
  const auto given = recordOf(m_spec, m_catalogue, m_known, stream);
  const auto wanted = wantedBy(m_spec, m_catalogue, stream);
  if (!given || !wanted) return {};
  // As the engine joins them: what loses no value fits.
  const auto joined = make_converter(dynamic_record_type(std::make_shared<schema>(*given)),
                                     dynamic_record_type(std::make_shared<schema>(*wanted)));
  return joined ? Refusal{}
                : QStringLiteral("%1 does not fit %2: %3")
                      .arg(endName(stream.from_actor, stream.from_port), endName(stream.to_actor, stream.to_port),
                           toQt(joined.error().message));
}

Refusal streamRefusal(const topology& spec, const ActorCatalogue& catalogue, const std::optional<KnownRecords>& known,
                      const stream_spec& stream) {
  return StreamsFrom{spec, catalogue, known, stream.from_actor}.refusal(stream);
}

}  // namespace millrace::workbench
