#pragma once

#include <QByteArray>
#include <QPointF>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// A frame around actors. Collapsed it is drawn as one box; the engine never hears of it.
struct NodeGroup {
  std::set<std::string> actors;
  bool isCollapsed = false;

  bool operator==(const NodeGroup&) const = default;
};

/// A note on the canvas.
struct Comment {
  QPointF place;
  std::string text;

  bool operator==(const Comment&) const = default;
};

/// Where things stand on the canvas: the file `NAME.mill.layout` beside a topology. The engine never reads it, so
/// moving a node never touches the topology's own file. On which nodes actors run is here, too: the topology's file
/// says what is computed, and is the same wherever that is.
///
/// Places are those of a node's top left corner, in canvas units. Members this version does not know are kept as they
/// are. Thread: as the value.
struct TopologyLayout {
  std::map<std::string, QPointF> places;                 ///< by actor
  std::map<std::string, NodeGroup> groups;               ///< by title; an actor is in one at most
  std::map<std::string, Comment> comments;               ///< by a number that nobody sees
  std::map<std::string, std::vector<std::string>> pins;  ///< by actor: the nodes it runs on, in turns
  std::vector<std::string> nodes;  ///< where actors without pins run, in turns; none: where it is deployed
  nlohmann::json unknownMembers = nlohmann::json::object();  ///< of the file, written back

  /// The title of the group an actor is in; nullptr: none.
  [[nodiscard]] const std::string* groupOf(const std::string& actor) const;

  bool operator==(const TopologyLayout&) const = default;
};

/// Of a group's title and of a comment, in bytes: what can be read on a canvas.
inline constexpr std::size_t groupTitleBytesMax = 80;
inline constexpr std::size_t commentBytesMax = 4000;

/// Coordinates beyond this are mistakes: a canvas that large cannot be scrolled.
inline constexpr double layoutCoordinateMax = 1e6;

/// Reads the text of a layout file. Errors (`parse_error`, the user's) name `source` and the member.
[[nodiscard]] result<TopologyLayout> parseLayout(const QByteArray& text, const std::string& source);
/// One actor, group or comment a line, sorted by name, whole numbers: the same layout gives the same bytes.
[[nodiscard]] QByteArray toText(const TopologyLayout& layout);

}  // namespace millrace::workbench
