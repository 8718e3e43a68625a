#include "core/known_records.hpp"

#include <nlohmann/json.hpp>

#include "core/json_reading.hpp"

namespace millrace::workbench {

KnownRecords readRecords(const QByteArray& bytes) {
  KnownRecords known;
  const auto root = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
  for (const auto& out : listOf(root, "outputs")) {
    if (!out.is_object()) continue;
    if (auto record = readRecord(toStd(textOf(out, "emits")))) {
      known.insert_or_assign({toStd(textOf(out, "actor")), toStd(textOf(out, "port"))}, *std::move(record));
    }
  }
  return known;
}

std::optional<schema> recordOf(const topology& spec, const ActorCatalogue& catalogue,
                               const std::optional<KnownRecords>& known, const stream_spec& stream) {
  const auto* from = spec.find(stream.from_actor);
  const auto* type = from == nullptr ? nullptr : catalogue.find(from->type);
  const auto* port = type == nullptr ? nullptr : type->output(stream.from_port);
  if (port != nullptr && port->record) return port->record;
  if (!known) return std::nullopt;
  const auto found = known->find({stream.from_actor, stream.from_port});
  return found == known->end() ? std::nullopt : std::optional{found->second};
}

}  // namespace millrace::workbench
