#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

// Reading what an engine answers. A member that is not there, or is something else, is read as nothing: an engine of
// another version must not end the program.
namespace millrace::workbench {

/// Null: there is none. Lives as long as `j`.
[[nodiscard]] inline const nlohmann::json& memberOf(const nlohmann::json& j, const char* name) {
  static const nlohmann::json none;
  const auto at = j.is_object() ? j.find(name) : j.end();
  return at == j.end() ? none : *at;
}

/// Empty: there is no such text.
[[nodiscard]] inline QString textOf(const nlohmann::json& j, const char* name) {
  const auto& value = memberOf(j, name);
  return value.is_string() ? toQt(value.get_ref<const std::string&>()) : QString{};
}

/// What stands there, whatever it is: texts without their quotes, nothing for null.
[[nodiscard]] inline QString anyTextOf(const nlohmann::json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return toQt(value.get_ref<const std::string&>());
  return toQt(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

[[nodiscard]] inline double numberOf(const nlohmann::json& j, const char* name) {
  const auto& value = memberOf(j, name);
  return value.is_number() ? value.get<double>() : 0;
}

/// Of ids, counts and moments, which may be more than a double can hold.
[[nodiscard]] inline quint64 countOf(const nlohmann::json& j, const char* name) {
  constexpr double exactMax = 9e15;  // doubles are exact up to there
  const auto& value = memberOf(j, name);
  if (value.is_number_unsigned()) return value.get<quint64>();
  if (value.is_number_integer()) return static_cast<quint64>(std::max<qint64>(0, value.get<qint64>()));
  const double n = numberOf(j, name);
  return n > 0 ? static_cast<quint64>(std::min(n, exactMax)) : 0;
}

[[nodiscard]] inline bool flagOf(const nlohmann::json& j, const char* name) {
  const auto& value = memberOf(j, name);
  return value.is_boolean() && value.get<bool>();
}

/// An array; empty: there is none. Lives as long as `j`.
[[nodiscard]] inline const nlohmann::json& listOf(const nlohmann::json& j, const char* name) {
  static const nlohmann::json none = nlohmann::json::array();
  const auto& value = memberOf(j, name);
  return value.is_array() ? value : none;
}

}  // namespace millrace::workbench
