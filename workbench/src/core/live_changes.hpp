#pragma once

#include <QStringList>
#include <string>
#include <vector>

#include "core/actor_catalogue.hpp"
#include "millrace/topology.hpp"

namespace millrace::workbench {

/// How a drawing can become what runs without deploying it.
struct LiveChanges {
  struct Change {
    std::string actor, param;
    param_value value;
    bool isUsual = false;  ///< the drawing leaves the parameter out: the value is the type's own
    bool operator==(const Change&) const = default;
  };
  std::vector<Change> changes;
  QStringList fixed;  ///< parameters that differ and cannot be changed while it runs, as "actor.parameter"
};

/// Compares parameters of the actors that both have. Actors of types the catalogue lacks are passed over. Pure.
[[nodiscard]] LiveChanges liveChanges(const topology& running, const topology& drawn, const ActorCatalogue& catalogue);

}  // namespace millrace::workbench
