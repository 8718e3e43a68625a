#pragma once

#include <QByteArray>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/actor_catalogue.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// What leaves the outputs of a topology, by actor and port, as the engine's validation found along its streams: also
/// where a type of actors alone does not tell.
using KnownRecords = std::map<std::pair<std::string, std::string>, schema>;

/// Reads what `millrace validate --json` prints. What cannot be read is left out.
[[nodiscard]] KnownRecords readRecords(const QByteArray& json);

/// What `stream` carries: of its type's output, or else of `known` (nothing: that is being found out). Nothing: that is
/// not known.
[[nodiscard]] std::optional<schema> recordOf(const topology& spec, const ActorCatalogue& catalogue,
                                             const std::optional<KnownRecords>& known, const stream_spec& stream);

}  // namespace millrace::workbench
