#include "core/topology_layout.hpp"

#include <algorithm>
#include <cmath>

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr int format_version = 1;
constexpr const char* version_member = "millrace_layout";
constexpr const char* places_member = "actors";
constexpr const char* groups_member = "groups";
constexpr const char* comments_member = "comments";
constexpr const char* pins_member = "placement";
constexpr const char* nodes_member = "nodes";
constexpr std::size_t pinsMax = 256;  // as an engine takes

error mistake(const std::string& source, const std::string& where, const std::string& what) {
  return user_error(errc::parse_error, source + ": " + where + ": " + what +
                                           "; mend it, or remove the file: the nodes are then laid out anew");
}

bool isCoordinate(const json& value) {
  return value.is_number() && std::abs(value.get<double>()) <= layoutCoordinateMax;
}

bool isPlace(const json& value) {
  return value.is_array() && value.size() == 2 && isCoordinate(value[0]) && isCoordinate(value[1]);
}

std::string placeText(QPointF place) {
  return "[" + std::to_string(std::lround(place.x())) + ", " + std::to_string(std::lround(place.y())) + "]";
}

result<void> readGroups(const json& groups, TopologyLayout& layout, const std::string& source) {
  if (!groups.is_object()) return mistake(source, "/groups", "expected an object");
  for (const auto& [title, value] : groups.items()) {
    const auto where = "/groups/" + title;
    const auto actors = value.is_object() ? value.value("actors", json{}) : json{};
    const auto collapsed = value.is_object() ? value.value("collapsed", json(false)) : json{};
    if (title.empty() || title.size() > groupTitleBytesMax || !actors.is_array() || !collapsed.is_boolean()) {
      return mistake(source, where, "expected a title of 1 to 80 bytes, and 'actors', a list of names");
    }
    NodeGroup group;
    group.isCollapsed = collapsed.get<bool>();
    for (const auto& actor : actors) {
      if (!actor.is_string()) return mistake(source, where + "/actors", "expected names");
      if (layout.groupOf(actor.get<std::string>()) != nullptr) {
        return mistake(source, where + "/actors", actor.dump() + " is in another group already");
      }
      group.actors.insert(actor.get<std::string>());
    }
    layout.groups[title] = std::move(group);
  }
  return {};
}

result<void> readComments(const json& comments, TopologyLayout& layout, const std::string& source) {
  if (!comments.is_object()) return mistake(source, "/comments", "expected an object");
  for (const auto& [id, value] : comments.items()) {
    const auto text = value.is_object() ? value.value("text", json{}) : json{};
    const auto place = value.is_object() ? value.value("place", json{}) : json{};
    if (!text.is_string() || text.get<std::string>().size() > commentBytesMax || !isPlace(place)) {
      return mistake(source, "/comments/" + id, "expected 'text' of up to 4000 bytes and 'place', two numbers");
    }
    layout.comments[id] = {QPointF{place[0].get<double>(), place[1].get<double>()}, text.get<std::string>()};
  }
  return {};
}

bool areNodes(const json& nodes) {
  const auto isName = [](const json& node) { return node.is_string() && !node.get_ref<const std::string&>().empty(); };
  return nodes.is_array() && nodes.size() <= pinsMax && std::ranges::all_of(nodes, isName);
}

result<void> readPins(const json& pins, TopologyLayout& layout, const std::string& source) {
  if (!pins.is_object()) return mistake(source, "/placement", "expected an object");
  for (const auto& [actor, nodes] : pins.items()) {
    if (!areNodes(nodes) || nodes.empty()) {
      return mistake(source, "/placement/" + actor, "expected a list of names of nodes");
    }
    layout.pins[actor] = nodes.get<std::vector<std::string>>();
  }
  return {};
}

/// `,\n  "name": {` and its entries, one a line.
template <class Map, class ToLine>
std::string memberText(const char* name, const Map& entries, ToLine toLine) {
  if (entries.empty()) return {};
  std::string text = ",\n  " + json(name).dump() + ": {";
  const char* separator = "\n    ";
  for (const auto& [key, value] : entries) {
    text += separator + json(key).dump() + ": " + toLine(value);
    separator = ",\n    ";
  }
  return text + "\n  }";
}

}  // namespace

const std::string* TopologyLayout::groupOf(const std::string& actor) const {
  for (const auto& [title, group] : groups) {
    if (group.actors.contains(actor)) return &title;
  }
  return nullptr;
}

result<TopologyLayout> parseLayout(const QByteArray& text, const std::string& source) {
  auto root = json::parse(text.begin(), text.end(), nullptr, false);
  if (!root.is_object()) return mistake(source, "/", "expected a JSON object");
  if (root.value(version_member, json{}) != format_version) {
    return mistake(source, std::string{"/"} + version_member, "expected version " + std::to_string(format_version));
  }
  TopologyLayout layout;
  const auto places = root.value(places_member, json::object());
  if (!places.is_object()) return mistake(source, "/actors", "expected an object");
  for (const auto& [name, place] : places.items()) {
    if (!isPlace(place)) {
      return mistake(source, "/actors/" + name, "expected two numbers, from -1000000 to 1000000");
    }
    layout.places[name] = QPointF{place[0].get<double>(), place[1].get<double>()};
  }
  if (auto read = readGroups(root.value(groups_member, json::object()), layout, source); !read) {
    return std::move(read).error();
  }
  if (auto read = readComments(root.value(comments_member, json::object()), layout, source); !read) {
    return std::move(read).error();
  }
  if (auto read = readPins(root.value(pins_member, json::object()), layout, source); !read) {
    return std::move(read).error();
  }
  const auto nodes = root.value(nodes_member, json::array());
  if (!areNodes(nodes)) return mistake(source, "/nodes", "expected a list of names of nodes");
  layout.nodes = nodes.get<std::vector<std::string>>();
  for (const auto* member :
       {version_member, places_member, groups_member, comments_member, pins_member, nodes_member}) {
    root.erase(member);
  }
  layout.unknownMembers = std::move(root);
  return layout;
}

QByteArray toText(const TopologyLayout& layout) {
  std::string text = "{\n  \"millrace_layout\": 1,\n  \"actors\": {";
  const char* separator = "\n    ";
  for (const auto& [name, place] : layout.places) {
    text += separator + json(name).dump() + ": " + placeText(place);
    separator = ",\n    ";
  }
  text += layout.places.empty() ? "}" : "\n  }";
  text += memberText(groups_member, layout.groups, [](const NodeGroup& group) {
    auto line = "{\"actors\": " + json(group.actors).dump();
    return line + (group.isCollapsed ? ", \"collapsed\": true}" : "}");
  });
  text += memberText(comments_member, layout.comments, [](const Comment& comment) {
    return "{\"place\": " + placeText(comment.place) + ", \"text\": " + json(comment.text).dump() + "}";
  });
  text +=
      memberText(pins_member, layout.pins, [](const std::vector<std::string>& nodes) { return json(nodes).dump(); });
  if (!layout.nodes.empty()) text += ",\n  " + json(nodes_member).dump() + ": " + json(layout.nodes).dump();
  for (const auto& [name, value] : layout.unknownMembers.items()) {
    text += ",\n  " + json(name).dump() + ": " + value.dump();
  }
  return QByteArray::fromStdString(text + "\n}\n");
}

}  // namespace millrace::workbench
