#include "node/steering_answer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "millrace/topology.hpp"
#include "node/arguments.hpp"
#include "node/parameter_secrecy.hpp"
#include "node/parameter_text.hpp"
#include "node/status_json.hpp"
#include "node/wall_clock.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 5> verbs{"pause", "resume", "mute", "unmute", "set"};

/// Pausing what is paused changes nothing: it is paused since it was.
json pause(deployment& d, bool on) {
  const bool was = d.paused_since.ns != 0;
  if (was != on) d.paused_since = on ? wall_now() : processing_time{};
  return {{"topology", d.name}, {"changed", was != on}, {"paused_since", instant_json(d.paused_since)}};
}

result<json> mute(deployment& d, const topology& t, const json& args, bool on) {
  const auto actor = text_argument(args, "actor");
  if (!actor) return actor.error();
  if (std::ranges::find(t.actors, *actor, &actor_spec::name) == t.actors.end()) {
    std::string names;
    for (const auto& a : t.actors) names += (names.empty() ? "" : ", ") + a.name;
    return user_error(errc::not_found, "there is no actor '" + *actor + "'; there are " + names);
  }
  const bool is_change = on ? d.muted.insert(*actor).second : d.muted.erase(*actor) != 0;
  return json{{"topology", d.name}, {"changed", is_change}, {"muted", d.muted}};
}

result<steered> set(deployment& d, topology t, const json& args) {
  const auto actor = text_argument(args, "actor");
  const auto param = text_argument(args, "parameter");
  if (!actor || !param || !args.contains("value")) {
    return user_error(errc::invalid_argument, "'set' takes actor and parameter (texts), and value");
  }
  auto value = set_live_parameter(t, *actor, *param, args["value"]);
  if (!value) return std::move(value).error();
  const auto type = std::ranges::find(t.actors, *actor, &actor_spec::name)->type;
  auto text = to_text(t);
  const bool is_change = text != d.text;
  d.text = std::move(text);
  json answer{{"topology", d.name},
              {"changed", is_change},
              {"parameter", *actor + "." + *param},
              {"value", is_secret(type, *param) ? json(masked_value)
                                                : std::visit([](const auto& v) { return json(v); }, *value)}};
  return steered{std::move(answer),
                 runtime::changed_parameter{.actor = *actor, .param = *param, .value = *std::move(value)}};
}

}  // namespace

bool is_steering(const std::string& verb) noexcept {
  return std::ranges::find(verbs, verb) != verbs.end();
}

result<steered> steer(deployment& d, const std::string& verb, const json& args) {
  if (verb == "pause" || verb == "resume") return steered{pause(d, verb == "pause")};
  auto t = parse_topology(d.text, d.name);
  if (!t) return std::move(t).error();
  t->base_folder = d.base_folder;
  if (verb == "set") return set(d, *std::move(t), args);
  auto answer = mute(d, *t, args, verb == "mute");
  if (!answer) return std::move(answer).error();
  return steered{*std::move(answer)};
}

result<void> apply(runtime::run_steering& steering, const deployment& d) {
  const auto before = steering.muted();
  if (d.paused_since.ns == 0) {
    steering.resume();
  } else {
    steering.pause(d.paused_since);
  }
  for (const bool on : {true, false}) {
    for (const auto& actor : on ? d.muted : before) {
      if ((on ? before : d.muted).contains(actor)) continue;
      if (auto done = steering.mute(actor, on); !done) return done;
    }
  }
  return {};
}

std::vector<runtime::changed_parameter> settings_between(const std::string& was, const std::string& is) {
  std::vector<runtime::changed_parameter> out;
  if (was == is) return out;
  const auto before = parse_topology(was, "before");
  const auto after = parse_topology(is, "after");
  if (!before || !after) return out;
  for (const auto& a : after->actors) {
    const auto old = std::ranges::find(before->actors, a.name, &actor_spec::name);
    if (old == before->actors.end()) continue;
    for (const auto& [name, value] : a.params) {
      const auto at = old->params.find(name);
      if (at == old->params.end() || at->second != value)
        out.push_back({.actor = a.name, .param = name, .value = value});
    }
  }
  return out;
}

result<json> steer(runtime::topology_run& run, const std::string& verb, const json& args) {
  auto& steering = run.steering();
  const auto& spec = run.plan().spec;
  deployment d{.name = spec.name, .text = to_text(spec), .base_folder = spec.base_folder};
  d.paused_since = steering.paused_since();
  d.muted = steering.muted();
  auto done = steer(d, verb, args);
  if (!done) return std::move(done).error();
  const auto& s = done->setting;
  const auto applied = s ? steering.set(s->actor, s->param, s->value) : apply(steering, d);
  if (!applied) return applied.error();
  return std::move(done->answer);
}

}  // namespace millrace::node
