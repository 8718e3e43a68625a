#pragma once

#include <QByteArray>
#include <QPointF>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// Where things stand on the canvas: the file `NAME.mill.layout` beside a topology. It means nothing to the engine, so
/// moving a node never touches the topology's own file.
///
/// Places are those of a node's top left corner, in canvas units. Members this version does not know are kept as they
/// are. Thread: as the value.
struct TopologyLayout {
  std::map<std::string, QPointF> places;                     ///< by actor
  nlohmann::json unknownMembers = nlohmann::json::object();  ///< of the file, written back

  bool operator==(const TopologyLayout&) const = default;
};

/// Coordinates beyond this are mistakes: a canvas that large cannot be scrolled.
inline constexpr double layoutCoordinateMax = 1e6;

/// Reads the text of a layout file. Errors (`parse_error`, the user's) name `source` and the member.
[[nodiscard]] result<TopologyLayout> parseLayout(const QByteArray& text, const std::string& source);
/// One actor a line, sorted by name, whole numbers: the same layout gives the same bytes.
[[nodiscard]] QByteArray toText(const TopologyLayout& layout);

}  // namespace millrace::workbench
