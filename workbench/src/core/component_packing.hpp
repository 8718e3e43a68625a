#pragma once

#include <QPointF>
#include <QSizeF>
#include <map>
#include <string>

#include "millrace/topology.hpp"

namespace millrace::workbench {

/// Puts the parts of a layout that no stream joins beside each other, in rows, so that the whole comes near to a
/// window's shape instead of one long column. Within a part nothing moves. `node`: size of a node. Pure.
[[nodiscard]] std::map<std::string, QPointF> packComponents(const topology& spec, std::map<std::string, QPointF> places,
                                                            QSizeF node);

}  // namespace millrace::workbench
