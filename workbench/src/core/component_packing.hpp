#pragma once

#include <QPointF>
#include <QSizeF>
#include <map>
#include <string>
#include <vector>

#include "millrace/topology.hpp"

namespace millrace::workbench {

/// The parts of a topology that no stream joins, each a topology of its own, in the order of their first actors. Pure.
[[nodiscard]] std::vector<topology> connectedParts(const topology& spec);

/// Puts the parts of a layout that no stream joins beside each other, in rows, so that the whole comes near to a
/// window's shape instead of one long column. Within a part nothing moves. `node`: size of a node. Pure.
[[nodiscard]] std::map<std::string, QPointF> packComponents(const topology& spec, std::map<std::string, QPointF> places,
                                                            QSizeF node);

}  // namespace millrace::workbench
