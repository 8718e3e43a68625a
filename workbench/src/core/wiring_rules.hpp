#pragma once

#include <QString>
#include <set>
#include <string>

#include "core/known_records.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// Why a wire cannot be; empty: it can. Written for the person who holds it: what does not fit, and what would.
using Refusal = QString;

/// Whether `stream` may be added to `spec`: its ends exist, it is not there yet, it closes no circle, and its records
/// fit. Types the catalogue lacks are taken as they come, and records that nobody knows yet fit; the
/// engine's validation has the last word.
[[nodiscard]] Refusal streamRefusal(const topology& spec, const ActorCatalogue& catalogue,
                                    const std::optional<KnownRecords>& known, const stream_spec& stream);

/// What `streamRefusal` says, for many streams from one actor: what comes before it is looked for once.
///
/// Refers to all three; for as long as none of them changes.
class StreamsFrom {
public:
  StreamsFrom(const topology& spec, const ActorCatalogue& catalogue, const std::optional<KnownRecords>& known,
              const std::string& actor);
  /// `stream` begins at the actor.
  [[nodiscard]] Refusal refusal(const stream_spec& stream) const;

private:
  const topology& m_spec;
  const ActorCatalogue& m_catalogue;
  const std::optional<KnownRecords>& m_known;
  std::set<std::string> m_before;
};

/// All actors whose records reach `actor` along the streams, itself included.
[[nodiscard]] std::set<std::string> actorsBefore(const topology& spec, const std::string& actor);

}  // namespace millrace::workbench
