#include "core/actor_catalogue.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/param_text.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

param_value valueOf(const json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  return value.is_string() ? value.get<std::string>() : std::string{};
}

ParamInfo::Type typeOf(const std::string& text) {
  if (text == "yes/no") return ParamInfo::Type::Flag;
  if (text == "integer") return ParamInfo::Type::Integer;
  return text == "number" ? ParamInfo::Type::Number : ParamInfo::Type::Text;
}

ParamInfo readParam(const json& j) {
  ParamInfo p;
  p.name = j.at("name");
  p.type = typeOf(j.at("type"));
  p.initial = valueOf(j.at("default"));
  p.unit = j.value("unit", "");
  p.help = j.value("help", "");
  p.choices = j.value("choices", std::vector<std::string>{});
  p.required = j.value("required", false);
  p.live = j.value("live", false);
  p.isPath = j.value("path", false);
  if (j.contains("min")) p.min = j["min"].get<double>();
  if (j.contains("max")) p.max = j["max"].get<double>();
  p.isSecret = j.value("secret", false);
  if (j.contains("shown_when"))
    p.shownWhen = param_condition{j["shown_when"].at("parameter"), j["shown_when"].at("values")};
  return p;
}

ActorType readType(const json& j) {
  ActorType t;
  t.id = j.at("id");
  t.title = j.value("title", t.id);
  t.category = j.value("category", "");
  t.help = j.value("help", "");
  t.promise = j.value("promise", "");
  t.kind = kindOf(j.at("kind"));
  for (const auto& in : j.at("inputs")) {
    t.inputs.push_back({in.at("name"), readRecord(in.value("accepts", "")), in.value("keyed", false)});
  }
  for (const auto& out : j.at("outputs"))
    t.outputs.push_back({out.at("name"), readRecord(out.value("emits", "")), false});
  for (const auto& p : j.at("parameters")) t.params.push_back(readParam(p));
  // The dead letters' output stands first in the engine's list and last on the canvas.
  std::stable_partition(t.outputs.begin(), t.outputs.end(), [](const PortInfo& p) { return p.name != deadPort; });
  return t;
}

template <class Items>
auto findByName(const Items& items, const std::string& name) {
  const auto at = std::ranges::find(items, name, &Items::value_type::name);
  return at == items.end() ? nullptr : &*at;
}

}  // namespace

std::optional<schema> readRecord(const std::string& text) {
  const auto open = text.find(" (");
  if (open == std::string::npos || !text.ends_with(')')) return std::nullopt;
  auto read = parse_schema(text.substr(0, open), text.substr(open + 2, text.size() - open - 3));
  if (!read) return std::nullopt;
  return *std::move(read);
}

const PortInfo* ActorType::input(const std::string& name) const {
  return findByName(inputs, name);
}
const PortInfo* ActorType::output(const std::string& name) const {
  return findByName(outputs, name);
}
const ParamInfo* ActorType::param(const std::string& name) const {
  return findByName(params, name);
}

bool ActorType::shows(const ParamInfo& p, const std::map<std::string, param_value>& values) const {
  if (!p.shownWhen || values.contains(p.name)) return true;
  const auto* on = param(p.shownWhen->param);
  if (on == nullptr) return true;
  const auto at = values.find(on->name);
  const auto text = toStd(valueText(at == values.end() ? on->initial : at->second));
  return std::ranges::find(p.shownWhen->values, text) != p.shownWhen->values.end();
}

bool ActorType::isKeyed() const {
  if (kind != ActorKind::Processor) return false;
  if (std::ranges::any_of(inputs, &PortInfo::keyed)) return true;
  // Inputs that take any record are keyed by what the parameter of that name says.
  const auto* key = param("key");
  return key != nullptr && key->required;
}

const PortInfo* ActorType::mainOutput() const {
  return outputs.empty() || outputs.front().name == deadPort ? nullptr : &outputs.front();
}

result<ActorCatalogue> ActorCatalogue::parse(const QByteArray& text) {
  ActorCatalogue catalogue;
  try {
    for (const auto& type : json::parse(text.begin(), text.end())) catalogue.m_types.push_back(readType(type));
  } catch (const json::exception& e) {
    return user_error(errc::parse_error, std::string{"the engine's list of actors cannot be read ("} + e.what() +
                                             "): are the workbench and the 'millrace' command of one version?");
  }
  std::ranges::sort(catalogue.m_types, {}, &ActorType::id);
  for (std::size_t i = 0; i < catalogue.m_types.size(); ++i) catalogue.m_places[catalogue.m_types[i].id] = i;
  return catalogue;
}

const ActorType* ActorCatalogue::find(const std::string& id) const {
  const auto at = m_places.find(id);
  return at == m_places.end() ? nullptr : &m_types[at->second];
}

}  // namespace millrace::workbench
