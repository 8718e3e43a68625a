#pragma once

#include <QString>
#include <nlohmann/json.hpp>
#include <string>

#include "core/text.hpp"

namespace millrace::workbench {

/// What stands at a JSON pointer; null: nothing.
[[nodiscard]] inline const nlohmann::ordered_json& valueAt(const nlohmann::ordered_json& root,
                                                           const std::string& pointer) {
  static const nlohmann::ordered_json nothing;
  const nlohmann::ordered_json::json_pointer place{pointer};
  return root.contains(place) ? root.at(place) : nothing;
}

/// A member that is a text; empty: it is none.
[[nodiscard]] inline QString textAt(const nlohmann::ordered_json& j, const char* name) {
  if (!j.is_object()) return {};
  const auto found = j.find(name);
  return found != j.end() && found->is_string() ? toQt(found->get<std::string>()) : QString{};
}

}  // namespace millrace::workbench
