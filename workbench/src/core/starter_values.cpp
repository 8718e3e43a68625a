#include "core/starter_values.hpp"

#include <algorithm>

namespace millrace::workbench {
namespace {

/// By the names that the engine's own actors use for these things.
const std::map<std::string, param_value>& plainValues() {
  static const std::map<std::string, param_value> values{
      {"key", std::string{"key"}},     {"value", std::string{"value"}},  {"item", std::string{"key"}},
      {"field", std::string{"value"}}, {"values", std::string{"value"}}, {"size", std::string{"1s"}},
      {"gap", std::string{"1s"}},      {"ttl", std::string{"1m"}},       {"step", std::string{"1s"}},
      {"events", std::int64_t{100}},   {"metric", std::string{"value"}}};
  return values;
}

/// Not required, but without it the generator fills a disk as fast as it can.
constexpr double generatorRate = 1000;

}  // namespace

std::map<std::string, param_value> starterValues(const ActorType& type, const std::string& name) {
  std::map<std::string, param_value> values;
  for (const auto& p : type.params) {
    if (!p.required) continue;
    const auto plain = plainValues().find(p.name);
    if (plain != plainValues().end() && (p.type == ParamInfo::Type::Text) == (plain->second.index() == 3)) {
      values[p.name] = plain->second;
    } else if (p.isPath && type.kind == ActorKind::Sink) {
      values[p.name] = "out/" + name;
    }
  }
  if (type.id == "millrace.generator") values["rate"] = generatorRate;
  return values;
}

std::string nameOfType(const std::string& id) {
  auto name = id.substr(id.rfind('.') + 1);
  std::ranges::replace_if(
      name, [](char c) { return !is_valid_name(std::string{c}); }, '_');
  return name.empty() ? "actor" : name.substr(0, name_chars_max - 8);
}

std::string freeName(const topology& spec, const std::string& wanted) {
  if (spec.find(wanted) == nullptr) return wanted;
  for (std::size_t number = 2;; ++number) {
    auto name = wanted.substr(0, name_chars_max - 8) + "-" + std::to_string(number);
    if (spec.find(name) == nullptr) return name;
  }
}

}  // namespace millrace::workbench
