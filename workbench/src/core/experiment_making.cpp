#include <QDir>
#include <algorithm>
#include <variant>

#include "core/call_arguments.hpp"
#include "core/experiment_json.hpp"
#include "core/experiment_parts.hpp"
#include "core/param_text.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;

/// How long a fault lasts that is not spent by itself.
constexpr const char* usualDuration = "2s";
/// How long input lasts that would have no end.
constexpr double inputS = 20;
constexpr double inputEventsMax = 500'000;

json call(json arguments) {
  return {{"type", "process"}, {"path", "millrace"}, {"arguments", std::move(arguments)}, {"timeout", 10}};
}

json activity(const char* type, const std::string& name, json provider) {
  return {{"type", type}, {"name", name}, {"provider", std::move(provider)}};
}

json runningProbe(const std::string& run) {
  return {{"type", "probe"},
          {"name", "is-running"},
          {"tolerance", {{"type", "jsonpath"}, {"path", "$.state"}, {"expect", "running"}}},
          {"provider", call({"topology", "status", run, "--json"})}};
}

/// The first that a kill may be done to: no producer or sink, where there is another.
std::string usualTarget(const topology& spec) {
  const auto isBetween = [&](const actor_spec& a) {
    const auto isOf = [&](auto member) {
      return std::ranges::any_of(spec.streams, [&](const stream_spec& s) { return s.*member == a.name; });
    };
    return isOf(&stream_spec::from_actor) && isOf(&stream_spec::to_actor);
  };
  const auto found = std::ranges::find_if(spec.actors, isBetween);
  if (found != spec.actors.end()) return found->name;
  return spec.actors.empty() ? "*" : spec.actors.front().name;
}

/// Generators without an end get one: only then there is an output to compare.
json endsOf(const topology& spec) {
  auto out = json::array();
  for (const auto& a : spec.actors) {
    const auto numberOf = [&](const char* name) {
      const auto found = a.params.find(name);
      if (found == a.params.end()) return 0.0;
      if (const auto* n = std::get_if<double>(&found->second)) return *n;
      const auto* whole = std::get_if<std::int64_t>(&found->second);
      return whole != nullptr ? static_cast<double>(*whole) : 0.0;
    };
    if (a.type != "millrace.generator" || numberOf("count") > 0) continue;
    const double rate = numberOf("rate");
    const auto count = rate > 0 ? std::min(rate * inputS, inputEventsMax) : inputEventsMax;
    out.push_back(a.name + ".count=" + std::to_string(static_cast<std::int64_t>(count)));
  }
  return out;
}

}  // namespace

std::vector<std::string> targetsOf(const topology& spec, chaos::fault_place place) {
  using chaos::fault_place;
  std::vector<std::string> out;
  const auto isProducer = [&](const actor_spec& a) {
    return std::ranges::none_of(spec.streams, [&](const stream_spec& s) { return s.to_actor == a.name; });
  };
  switch (place) {
    case fault_place::task:
    case fault_place::handler:
    case fault_place::producer:
      for (const auto& a : spec.actors) {
        if (place == fault_place::producer && !isProducer(a)) continue;
        out.push_back(a.name);
        for (std::uint32_t i = 0; a.parallelism > 1 && i < a.parallelism; ++i)
          out.push_back(a.name + "/" + std::to_string(i));
      }
      out.emplace_back("*");
      break;
    case fault_place::channel:
      for (const auto& s : spec.streams) out.push_back(s.from_actor + "->" + s.to_actor);
      out.emplace_back("*->*");
      break;
    case fault_place::disk:
      out = {"snapshot", "log", "letters", "sink", "*"};
      break;
    case fault_place::clock:
    case fault_place::process:
      break;
  }
  return out;
}

json makePart(ExperimentPart part, const topology& spec) {
  switch (part) {
    case ExperimentPart::Fault:
      return makeInjection(chaos::entry_of(chaos::fault_kind::kill), spec.name, usualTarget(spec));
    case ExperimentPart::RunningProbe:
      return runningProbe(spec.name);
    case ExperimentPart::Command:
      return activity("action", "command", call({"topology", "status", spec.name}));
    case ExperimentPart::CommandProbe: {
      auto probe = activity("probe", "probe", call({"topology", "status", spec.name}));
      probe["tolerance"] = 0;
      return probe;
    }
    case ExperimentPart::ClearFaults:
      return activity("action", "clear-all-faults", call({"chaos", "clear", spec.name}));
    case ExperimentPart::Value:
      return "";
    case ExperimentPart::Variable:
      return {{"type", "env"}, {"key", "NAME"}, {"default", ""}};
  }
  return nullptr;
}

json makeInjection(const chaos::fault_entry& kind, const std::string& run, const std::string& target) {
  json words{"chaos", "inject", run, kind.name};
  if (!target.empty()) words.insert(words.end(), {json("--target"), json(target)});
  auto out = activity("action", std::string{"inject-"} + kind.name, call(std::move(words)));
  out["pauses"] = {{"after", 1}};
  changeKind(out, kind);
  return out;
}

void changeKind(json& item, const chaos::fault_entry& kind) {
  auto& words = item["provider"]["arguments"];
  const auto* before = injectedKind(item);
  if (before != nullptr && textAt(item, "name") == QLatin1String("inject-") + QLatin1String(before->name)) {
    item["name"] = std::string{"inject-"} + kind.name;
  }
  if (before == nullptr || before->kind != kind.kind) clearParameters(words);
  if (before != nullptr && before->place != kind.place) setOption(words, "--target", std::nullopt);
  words[3] = kind.name;
  for (const auto& p : kind.parameters) {
    if (!parameterOf(words, p.name)) setParameter(words, p.name, toStd(valueText(param_value{p.usual})));
  }
  if (kind.usual_hits != 0) {
    setOption(words, "--for", std::nullopt);
  } else if (!optionOf(words, "--for")) {
    setOption(words, "--for", usualDuration);
  }
  if (kind.place == chaos::fault_place::disk && !optionOf(words, "--target")) setOption(words, "--target", "snapshot");
}

json newExperiment(const ExperimentTarget& target) {
  const auto& spec = target.spec;
  json own{{"name", "millrace"}};
  if (!target.file.isEmpty()) own["topology"] = toStd(target.file);
  if (auto ends = endsOf(spec); !ends.empty()) own["settings"] = std::move(ends);
  own["seed"] = 1;
  own["recovery"] = "30s";
  own["abort"] = {{"after", "5m"}, {"restarts", 100}};
  own["oracle"] = {{"order", "none"}};
  const auto fault = makePart(ExperimentPart::Fault, spec);
  return {{"version", "1.0.0"},
          {"title", spec.name + " survives a fault"},
          {"description", "What becomes of " + spec.name + " when something breaks"},
          {"steady-state-hypothesis",
           {{"title", "The topology is running"}, {"probes", json::array({runningProbe(spec.name)})}}},
          {"method", json::array({fault})},
          {"rollbacks", json::array({makePart(ExperimentPart::ClearFaults, spec)})},
          {"runtime", {{"rollbacks", {{"strategy", "always"}}}}},
          {"extensions", json::array({std::move(own)})}};
}

std::optional<std::string> movedTopology(const json& root, const QString& from, const QString& to) {
  const auto present = textAt(valueAt(root, pointerOf(root, {ExperimentSection::Judgement})), "topology");
  if (present.isEmpty() || from == to || (from.isEmpty() && QDir::isRelativePath(present))) return std::nullopt;
  const auto absolute = QDir::cleanPath(QDir{from}.absoluteFilePath(present));
  const auto relative = QDir{to}.relativeFilePath(absolute);
  const auto moved = relative.startsWith(QLatin1String("..")) ? absolute : relative;
  return moved == present ? std::nullopt : std::optional{toStd(moved)};
}

}  // namespace millrace::workbench
