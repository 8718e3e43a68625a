#pragma once

#include <QPointF>
#include <map>
#include <string>

#include "millrace/topology.hpp"

namespace millrace::workbench {

/// Places for all actors, from left to right along the streams: each in the column behind the last that feeds it,
/// columns ordered so that wires cross little (the mean of the neighbours' rows, swept to and fro; after Sugiyama,
/// Tagawa and Toda 1981). For machines without graphviz. Pure; thousands of actors take milliseconds.
[[nodiscard]] std::map<std::string, QPointF> layeredLayout(const topology& spec);

}  // namespace millrace::workbench
