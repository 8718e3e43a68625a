#include "catalogue/actor_description.hpp"

#include <algorithm>

#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/router.hpp"
#include "millrace/sink.hpp"
#include "plugins/plugin_loader.hpp"

namespace millrace::catalogue {

namespace {

std::string accepts_text(const input_base& in) {
  switch (in.what()) {
    case input_base::accepts::typed:
      return record_text(*in.type());
    case input_base::accepts::dynamic:
      return "any record";
    case input_base::accepts::any:
      return "any batch, as it is";
  }
  return {};
}

std::string emits_text(const output_base& out) {
  return out.type() ? record_text(*out.type()) : "records whose fields depend on parameters and input";
}

/// What the kind promises: replay, delivery or routing.
std::string promise_text(const actor& a) {
  if (const auto* p = dynamic_cast<const producer*>(&a)) return to_string(p->replays());
  if (const auto* s = dynamic_cast<const sink*>(&a)) return to_string(s->delivers());
  if (const auto* r = dynamic_cast<const router*>(&a)) {
    if (r->broadcasts()) return "broadcast";
    return r->routes_by_key() ? "by key" : "by choice";
  }
  return {};
}

nlohmann::json value_json(const param_value& v) {
  return std::visit([](const auto& held) { return nlohmann::json(held); }, v);
}

/// As it is written in a topology; nothing for a secret.
std::string initial_text(const param_base& p) {
  if (p.options().is_secret) return {};
  const auto value = p.get();
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return to_string(value);
}

nlohmann::json param_json(const param_base& p) {
  const auto& o = p.options();
  nlohmann::json j{{"name", p.name()},
                   {"type", p.type_name()},
                   {"default", o.is_secret ? nlohmann::json("") : value_json(p.get())},
                   {"required", o.required},
                   {"live", o.live},
                   {"path", o.is_path},
                   {"secret", o.is_secret},
                   {"unit", o.unit},
                   {"help", o.help},
                   {"choices", o.choices},
                   {"allowed", p.allowed()},
                   {"initial", initial_text(p)}};
  if (o.min) j["min"] = *o.min;
  if (o.max) j["max"] = *o.max;
  if (o.shown_when) j["shown_when"] = {{"parameter", o.shown_when->param}, {"values", o.shown_when->values}};
  return j;
}

std::string text_of(const nlohmann::json& j, const char* name) {
  return j.at(name).get<std::string>();
}

/// "with format csv or xml"
std::string condition_text(const nlohmann::json& shown_when) {
  auto text = "with " + text_of(shown_when, "parameter");
  const char* before = " ";
  for (const auto& value : shown_when.at("values")) {
    text += before + value.get<std::string>();
    before = " or ";
  }
  return text;
}

std::string param_text(const nlohmann::json& p) {
  auto text = "  " + text_of(p, "name") + ": " + text_of(p, "allowed");
  const auto initial = text_of(p, "initial");
  if (p.at("required").get<bool>()) {
    text += " — required";
  } else if (!initial.empty()) {
    text += " — default " + initial;
  }
  if (p.at("live").get<bool>()) text += " — may change while running";
  if (p.at("secret").get<bool>()) text += " — a secret, never shown";
  if (p.contains("shown_when")) text += " — " + condition_text(p["shown_when"]);
  text += "\n";
  const auto help = text_of(p, "help");
  if (!help.empty()) text += "      " + help + "\n";
  return text;
}

}  // namespace

std::string record_text(const record_type& type) {
  return type.schema().name + " (" + to_text(type.schema()) + ")";
}

bool is_of_benchmarks(const actor_registry::entry& type) {
  return type.info.category == "Bench";
}

nlohmann::json describe(const actor_registry::entry& type) {
  const auto a = type.make();
  auto inputs = nlohmann::json::array();
  for (const auto* in : engine::actor_access::inputs(*a)) {
    inputs.push_back({{"name", in->name()}, {"accepts", accepts_text(*in)}, {"keyed", in->is_keyed()}});
  }
  auto outputs = nlohmann::json::array();
  for (const auto* out : engine::actor_access::outputs(*a)) {
    outputs.push_back({{"name", out->name()}, {"emits", emits_text(*out)}});
  }
  auto params = nlohmann::json::array();
  for (const auto* p : engine::actor_access::params(*a)) params.push_back(param_json(*p));
  return {{"id", type.info.id},
          {"title", type.info.title},
          {"category", type.info.category},
          {"help", type.info.help},
          {"version", type.info.version},
          {"plugin", type.plugin},
          {"build_id", plugins::build_of_actor(type.info.id)},
          {"kind", to_string(a->kind())},
          {"promise", promise_text(*a)},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)},
          {"parameters", std::move(params)}};
}

std::string description_text(const nlohmann::json& type) {
  const auto promise = text_of(type, "promise");
  const auto help = text_of(type, "help");
  auto text = text_of(type, "id") + ": " + text_of(type, "title") + "\n" + text_of(type, "kind") +
              (promise.empty() ? "" : ", " + promise) + ", version " +
              std::to_string(type.at("version").get<std::uint32_t>()) + "\n";
  const auto plugin = type.value("plugin", "");
  const auto build = type.value("build_id", "");
  if (!plugin.empty())
    text += "plugin " + plugin + (build.empty() ? ", without a build id" : ", build id " + build) + "\n";
  if (!help.empty()) text += "\n" + help + "\n";
  const auto& inputs = type.at("inputs");
  if (!inputs.empty()) text += "\nInputs\n";
  for (const auto& in : inputs) {
    text += "  " + text_of(in, "name") + ": " + text_of(in, "accepts") + (in.at("keyed").get<bool>() ? ", keyed" : "") +
            "\n";
  }
  text += "\nOutputs\n";
  for (const auto& out : type.at("outputs")) text += "  " + text_of(out, "name") + ": " + text_of(out, "emits") + "\n";
  const auto& params = type.at("parameters");
  if (!params.empty()) text += "\nParameters\n";
  for (const auto& p : params) text += param_text(p);
  return text;
}

}  // namespace millrace::catalogue
