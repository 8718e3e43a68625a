// Fields of single members, which all others are made of.

#include <cmath>

#include "core/experiment_fields.hpp"
#include "core/experiment_json.hpp"
#include "millrace/duration.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* listSeparator = "; ";

std::optional<param_value> valueOf(const json& v, ParamInfo::Type type) {
  if (v.is_null()) return std::nullopt;
  if (v.is_boolean() && type == ParamInfo::Type::Flag) return v.get<bool>();
  if (v.is_number() && type == ParamInfo::Type::Integer) return v.get<std::int64_t>();
  if (v.is_number() && type == ParamInfo::Type::Number) return v.get<double>();
  // What does not fit is shown as it is, and what the engine says of it below.
  return v.is_string() ? v.get<std::string>() : v.dump();
}

json jsonOf(const param_value& value) {
  return std::visit(
      [](const auto& v) -> json {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, double>) {
          // Whole numbers stay whole in the file.
          if (std::floor(v) == v && std::abs(v) < 1e15) return static_cast<std::int64_t>(v);
        }
        return v;
      },
      value);
}

std::optional<json> wanted(const std::optional<param_value>& value) {
  if (!value) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&*value); text != nullptr && text->empty()) return std::nullopt;
  return jsonOf(*value);
}

std::string textOf(const std::optional<param_value>& value) {
  const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
  return text != nullptr ? *text : std::string{};
}

}  // namespace

namespace {

/// Something else that stands in the way of a place gives way: a text, or a list where a member is wanted.
void clearWay(json& row, json::json_pointer place) {
  std::vector<json::json_pointer> ways;
  for (; !place.empty(); place.pop_back()) ways.push_back(place);
  for (auto way = ways.rbegin(); way != ways.rend(); ++way) {
    const auto around = way->parent_pointer();
    if (!row.contains(around)) return;
    if (!row.at(around).is_object() && !row.contains(*way)) row.at(around) = json::object();
  }
}

}  // namespace

void putMember(json& row, const std::string& pointer, const std::optional<json>& value) {
  const json::json_pointer place{pointer};
  if (value) {
    clearWay(row, place);
    row[place] = *value;
    return;
  }
  if (!row.contains(place)) return;
  const auto parent = place.parent_pointer();
  row.at(parent).erase(place.back());
  if (!parent.empty() && row.at(parent).is_object() && row.at(parent).empty())
    putMember(row, parent.to_string(), std::nullopt);
}

ExperimentField memberField(std::string label, std::string pointer, ParamInfo info, const json& row) {
  auto value = valueOf(valueAt(row, pointer), info.type);
  auto put = [pointer](json& r, const std::optional<param_value>& v) {
    putMember(r, pointer, wanted(v));
    return std::string{};
  };
  return {std::move(label), std::move(pointer), std::move(info), std::move(value), std::move(put)};
}

ExperimentField durationField(std::string label, std::string pointer, const char* initial, const char* help,
                              const json& row) {
  auto field = memberField(std::move(label), std::move(pointer), textInfo("duration", initial, help), row);
  field.put = [pointer = field.pointer](json& r, const std::optional<param_value>& v) -> std::string {
    const auto text = textOf(v);
    if (!text.empty()) {
      if (const auto d = parse_duration(text); !d) return d.error().message;
    }
    putMember(r, pointer, wanted(v));
    return {};
  };
  return field;
}

ExperimentField listField(std::string label, std::string pointer, const char* help, const json& row) {
  const auto& list = valueAt(row, pointer);
  std::string text;
  for (const auto& item : list.is_array() ? list : json::array()) {
    text += (text.empty() ? "" : listSeparator) + (item.is_string() ? item.get<std::string>() : item.dump());
  }
  auto put = [pointer](json& r, const std::optional<param_value>& v) {
    auto items = json::array();
    for (const auto& part : toQt(textOf(v)).split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
      if (!part.trimmed().isEmpty()) items.push_back(toStd(part.trimmed()));
    }
    putMember(r, pointer, items.empty() ? std::nullopt : std::optional{std::move(items)});
    return std::string{};
  };
  auto value = text.empty() ? std::nullopt : std::optional<param_value>{text};
  return {std::move(label), std::move(pointer), textInfo("list", "", help), std::move(value), std::move(put)};
}

ParamInfo textInfo(const char* name, const char* initial, const char* help) {
  ParamInfo info;
  info.name = name;
  info.initial = std::string{initial};
  info.help = help;
  return info;
}

ParamInfo numberInfo(const char* name, std::optional<double> initial, double least, double most, const char* unit,
                     const char* help) {
  ParamInfo info;
  info.name = name;
  info.type = ParamInfo::Type::Number;
  if (initial) {
    info.initial = *initial;
  } else {
    info.initial = std::string{};
  }
  info.min = least;
  info.max = most;
  info.unit = unit;
  info.help = help;
  return info;
}

ParamInfo choiceInfo(const char* name, std::vector<std::string> choices, const char* help) {
  auto info = textInfo(name, choices.front().c_str(), help);
  info.choices = std::move(choices);
  return info;
}

std::string scalarText(const json& value) {
  if (!value.is_string()) return value.dump();
  const auto text = value.get<std::string>();
  return json::parse(text, nullptr, false).is_discarded() ? text : value.dump();
}

json scalarOf(const std::string& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(text) : value;
}

}  // namespace millrace::workbench
