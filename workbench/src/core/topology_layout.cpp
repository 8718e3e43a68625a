#include "core/topology_layout.hpp"

#include <cmath>

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr int format_version = 1;
constexpr const char* version_member = "millrace_layout";
constexpr const char* places_member = "actors";

error mistake(const std::string& source, const std::string& where, const std::string& what) {
  return user_error(errc::parse_error, source + ": " + where + ": " + what +
                                           "; mend it, or remove the file: the nodes are then laid out anew");
}

bool isCoordinate(const json& value) {
  return value.is_number() && std::abs(value.get<double>()) <= layoutCoordinateMax;
}

}  // namespace

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
    if (!place.is_array() || place.size() != 2 || !isCoordinate(place[0]) || !isCoordinate(place[1])) {
      return mistake(source, "/actors/" + name, "expected two numbers, from -1000000 to 1000000");
    }
    layout.places[name] = QPointF{place[0].get<double>(), place[1].get<double>()};
  }
  root.erase(version_member);
  root.erase(places_member);
  layout.unknownMembers = std::move(root);
  return layout;
}

QByteArray toText(const TopologyLayout& layout) {
  std::string text = "{\n  \"millrace_layout\": 1,\n  \"actors\": {";
  const char* separator = "\n    ";
  for (const auto& [name, place] : layout.places) {
    text += separator + json(name).dump() + ": [" + std::to_string(std::lround(place.x())) + ", " +
            std::to_string(std::lround(place.y())) + "]";
    separator = ",\n    ";
  }
  text += layout.places.empty() ? "}" : "\n  }";
  for (const auto& [name, value] : layout.unknownMembers.items()) {
    text += ",\n  " + json(name).dump() + ": " + value.dump();
  }
  return QByteArray::fromStdString(text + "\n}\n");
}

}  // namespace millrace::workbench
