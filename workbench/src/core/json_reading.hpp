#pragma once

#include <nlohmann/json.hpp>

#include "core/text.hpp"

// Reading what an engine answers. A member that is not there, or is something else, is read as nothing: an engine of
// another version must not end the program.
namespace millrace::workbench {

/// Empty: there is no such text.
[[nodiscard]] inline QString textOf(const nlohmann::json& j, const char* name) {
  const auto at = j.is_object() ? j.find(name) : j.end();
  return at != j.end() && at->is_string() ? toQt(at->get<std::string>()) : QString{};
}

[[nodiscard]] inline double numberOf(const nlohmann::json& j, const char* name) {
  const auto at = j.is_object() ? j.find(name) : j.end();
  return at != j.end() && at->is_number() ? at->get<double>() : 0;
}

/// Of ids and counts, which may be more than a double can hold.
[[nodiscard]] inline quint64 countOf(const nlohmann::json& j, const char* name) {
  const auto at = j.is_object() ? j.find(name) : j.end();
  return at != j.end() && at->is_number_unsigned() ? at->get<quint64>() : 0;
}

[[nodiscard]] inline bool flagOf(const nlohmann::json& j, const char* name) {
  const auto at = j.is_object() ? j.find(name) : j.end();
  return at != j.end() && at->is_boolean() && at->get<bool>();
}

/// An array; empty: there is none.
[[nodiscard]] inline nlohmann::json listOf(const nlohmann::json& j, const char* name) {
  const auto at = j.is_object() ? j.find(name) : j.end();
  return at != j.end() && at->is_array() ? *at : nlohmann::json::array();
}

}  // namespace millrace::workbench
