#pragma once

#include <QString>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/actor_catalogue.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

enum class ChangeKind : std::uint8_t { Added, Removed, Changed };

/// One thing in which two topologies differ: an actor, a wire, or (neither) a supervision group or the settings.
struct Difference {
  ChangeKind kind = ChangeKind::Changed;
  std::string actor;
  std::optional<stream_spec> stream;
  QString text;  ///< for people: `window: size 1s → 2s`

  bool operator==(const Difference&) const = default;
};

/// What makes `to` of `from`: actors first, then wires, then groups of supervision, then settings. Values of parameters
/// that `catalogue` calls secret are masked. Pure.
[[nodiscard]] std::vector<Difference> differences(const topology& from, const topology& to,
                                                  const ActorCatalogue& catalogue);

}  // namespace millrace::workbench
