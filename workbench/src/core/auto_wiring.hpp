#pragma once

#include <QPointF>
#include <QSizeF>
#include <optional>
#include <string>

#include "core/edit.hpp"
#include "core/known_records.hpp"

namespace millrace::workbench {

/// Where a new node goes, and what it is joined with.
struct NewActor {
  const ActorType* type = nullptr;
  std::optional<std::string> behind;  ///< wired to this actor's output, and placed right of it
  QPointF place{};                    ///< otherwise: here
};

/// Adds an actor to the drawing of `edit` and wires it by port type to the one it stands behind: the main output into
/// the first input that fits. An actor that works by key gets a router by key in between, unless there is one. Ports
/// that do not fit stay open. Returns the actor's name.
std::string addActor(EditBuilder& edit, const ActorCatalogue& catalogue, const std::optional<KnownRecords>& known,
                     const NewActor& wanted);

/// Distance from one column of nodes to the next, and from row to row, in canvas units.
inline constexpr double columnPitch = 256;
inline constexpr double rowPitch = 136;
/// Of a node with few ports.
inline constexpr QSizeF nodeSize{192, 94};

/// A place near `wanted` that no node covers: rows below are tried one after the other.
[[nodiscard]] QPointF freePlace(const TopologyLayout& layout, QPointF wanted);

}  // namespace millrace::workbench
