// Fields of what the engine adds to the format: faults, and how a run is judged; and of tolerances.

#include <charconv>

#include "core/call_arguments.hpp"
#include "core/experiment_fields.hpp"
#include "core/experiment_json.hpp"
#include "core/param_text.hpp"
#include "millrace/duration.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;
using Fields = std::vector<ExperimentField>;

std::string textOf(const std::optional<param_value>& value) {
  return value ? toStd(valueText(*value)) : std::string{};
}

std::optional<std::string> optionalText(const std::optional<param_value>& value) {
  auto text = textOf(value);
  return text.empty() ? std::nullopt : std::optional{std::move(text)};
}

json& wordsOf(json& item) {
  return item["provider"]["arguments"];
}

/// A number of a command line; one that is none is shown as it is.
std::optional<param_value> numberOr(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  double value = 0;
  const auto* const end = text->data() + text->size();
  if (std::from_chars(text->data(), end, value).ptr == end) return value;
  return *text;
}

/// `--flag`, a text.
ExperimentField optionField(std::string label, const std::string& flag, ParamInfo info, const json& words) {
  const auto present = optionOf(words, flag);
  auto value = info.type == ParamInfo::Type::Text ? (present ? std::optional<param_value>{*present} : std::nullopt)
                                                  : numberOr(present);
  auto put = [flag](json& r, const std::optional<param_value>& v) {
    setOption(wordsOf(r), flag, optionalText(v));
    return std::string{};
  };
  return {std::move(label), "/provider/arguments", std::move(info), std::move(value), std::move(put)};
}

ExperimentField kindField(const json& words) {
  auto info = textInfo("fault", "", "What is done");
  for (const auto& kind : chaos::catalogue()) info.suggestions.emplace_back(kind.name);
  info.required = true;
  const auto present = argumentText(words[3]);
  if (const auto kind = chaos::fault_kind_of(present)) {
    const auto& entry = chaos::entry_of(*kind);
    info.help = std::string{entry.what} + ". Then: " + entry.noticed;
  }
  ExperimentField field{"&Fault", "/provider/arguments/3", std::move(info), param_value{present}, {}};
  field.put = [](json& r, const std::optional<param_value>& v) -> std::string {
    const auto wanted = chaos::fault_kind_of(textOf(v));
    if (!wanted) return wanted.error().message;
    changeKind(r, chaos::entry_of(*wanted));
    return {};
  };
  return field;
}

ExperimentField targetField(const json& words, const chaos::fault_entry& kind, const topology& spec) {
  auto info = textInfo("target", "", "Actor, actor/partition, from->to, or *; behind it @2 or @25%: some of them");
  info.suggestions = targetsOf(spec, kind.place);
  info.required = true;
  return optionField("&Target", "--target", std::move(info), words);
}

ExperimentField lengthField(const json& words, const chaos::fault_entry* kind) {
  auto info =
      textInfo("duration", kind != nullptr && kind->usual_hits != 0 ? "until it has struck" : "until its lease ends",
               "How long it lasts, such as 2s or 500ms");
  auto field = optionField("&Lasts", "--for", std::move(info), words);
  field.put = [](json& r, const std::optional<param_value>& v) -> std::string {
    const auto text = optionalText(v);
    if (text) {
      if (const auto d = parse_duration(*text); !d) return d.error().message;
    }
    setOption(wordsOf(r), "--for", text);
    return {};
  };
  return field;
}

/// What a tolerance is, as the form names it.
const std::vector<std::string>& toleranceKinds() {
  static const std::vector<std::string> kinds{"none", "exactly", "range", "regex", "jsonpath"};
  return kinds;
}

std::string kindOf(const json& item) {
  if (!item.contains("tolerance")) return "none";
  const auto& t = item["tolerance"];
  if (t.is_array()) return "range";
  return t.is_object() ? toStd(textAt(t, "type")) : "exactly";
}

json newTolerance(const std::string& kind) {
  if (kind == "range") return {{"type", "range"}, {"range", json::array({0, 1})}};
  if (kind == "regex") return {{"type", "regex"}, {"pattern", ".*"}};
  if (kind == "jsonpath") return {{"type", "jsonpath"}, {"path", "$.state"}, {"expect", "running"}};
  return 0;
}

ExperimentField toleranceField(const json& item) {
  const auto kind = kindOf(item);
  ExperimentField field{
      "Tolerance &is",
      "/tolerance",
      choiceInfo("tolerance", toleranceKinds(), "What the probe is to find; without one it only looks"),
      param_value{kind},
      {}};
  field.put = [kind](json& r, const std::optional<param_value>& v) {
    const auto wanted = textOf(v);
    if (wanted == "none") {
      r.erase("tolerance");
    } else if (wanted != kind) {
      r["tolerance"] = newTolerance(wanted);
    }
    return std::string{};
  };
  return field;
}

/// A value of any plain type.
ExperimentField scalarField(std::string label, std::string pointer, const char* help, const json& item) {
  const auto& present = valueAt(item, pointer);
  auto value = present.is_null() ? std::nullopt : std::optional<param_value>{scalarText(present)};
  auto put = [pointer](json& r, const std::optional<param_value>& v) {
    const auto text = optionalText(v);
    putMember(r, pointer, text ? std::optional{scalarOf(*text)} : std::nullopt);
    return std::string{};
  };
  return {std::move(label), std::move(pointer), textInfo("value", "", help), std::move(value), std::move(put)};
}

/// An end of a range, which is always there.
ExperimentField endField(std::string label, const std::string& pair, std::size_t end, const json& item) {
  auto info = numberInfo(end == 0 ? "least" : "most", std::nullopt, -1e15, 1e15, "", "");
  info.required = true;
  auto field = memberField(std::move(label), pair + "/" + std::to_string(end), std::move(info), item);
  field.put = [pair, end, put = std::move(field.put)](json& r, const std::optional<param_value>& v) -> std::string {
    if (!v) return "a number is wanted here";
    if (const auto& both = valueAt(r, pair); !both.is_array() || both.size() != 2) {
      putMember(r, pair, json::array({0, 0}));
    }
    return put(r, v);
  };
  return field;
}

/// Which of the orders an oracle compares by.
ExperimentField oracleField(const json& own) {
  const auto& oracle = valueAt(own, "/oracle");
  const auto order = textAt(oracle, "order");
  const std::string present = oracle == false ? "no" : order == QLatin1String("by_key") ? "by key" : "as a whole";
  ExperimentField field{
      "&Output",
      "/oracle",
      choiceInfo("output", {"as a whole", "by key", "no"},
                 "How it is compared with a run without faults: all records in any order; those of each "
                 "key in theirs; not at all"),
      param_value{present},
      {}};
  field.put = [](json& r, const std::optional<param_value>& v) {
    const auto wanted = textOf(v);
    if (wanted == "no") {
      r["oracle"] = false;
      return std::string{};
    }
    if (!r.contains("oracle") || !r["oracle"].is_object()) r["oracle"] = json::object();
    r["oracle"]["order"] = wanted == "by key" ? "by_key" : "none";
    if (wanted == "by key" && !r["oracle"].contains("key")) r["oracle"]["key"] = "key";
    return std::string{};
  };
  return field;
}

}  // namespace

void addInjectionFields(const json& item, const topology& spec, Fields& fields) {
  const auto& words = valueAt(item, "/provider/arguments");
  const auto* kind = injectedKind(item);
  fields.push_back(kindField(words));
  if (kind != nullptr && kind->place != chaos::fault_place::clock && kind->place != chaos::fault_place::process) {
    fields.push_back(targetField(words, *kind, spec));
  }
  if (kind != nullptr) {
    for (const auto& p : kind->parameters) {
      ExperimentField field{p.name,
                            "/provider/arguments",
                            numberInfo(p.name, p.usual, p.least, p.most, "", p.what),
                            numberOr(parameterOf(words, p.name)),
                            {}};
      field.put = [name = std::string{p.name}](json& r, const std::optional<param_value>& v) {
        setParameter(wordsOf(r), name, optionalText(v));
        return std::string{};
      };
      fields.push_back(std::move(field));
    }
  }
  fields.push_back(lengthField(words, kind));
  fields.push_back(optionField("&Hits at most", "--hits",
                               numberInfo("hits", kind == nullptr ? 0.0 : static_cast<double>(kind->usual_hits), 0, 1e9,
                                          "", "It is spent after so many strikes; 0: no limit"),
                               words));
  fields.push_back(optionField("Probabilit&y", "--probability",
                               numberInfo("probability", 1, 0.000001, 1, "", "That it strikes a batch"), words));
  fields.push_back(optionField("Spares e&vents", "--after-events",
                               numberInfo("events", 0, 0, 1e15, "", "So many at each place go by first"), words));
  ExperimentField run{"&Run",
                      "/provider/arguments/2",
                      textInfo("run", "", "Name of the topology"),
                      param_value{argumentText(words[2])},
                      {}};
  run.info.required = true;
  run.put = [](json& r, const std::optional<param_value>& v) -> std::string {
    if (textOf(v).empty()) return "a text is wanted here";
    wordsOf(r)[2] = textOf(v);
    return {};
  };
  fields.push_back(std::move(run));
}

void addToleranceFields(const json& item, Fields& fields) {
  fields.push_back(toleranceField(item));
  const auto kind = kindOf(item);
  if (kind == "exactly") {
    fields.push_back(scalarField("E&xpected", "/tolerance",
                                 "A number is the exit code, true that it is 0, a text what is printed", item));
  } else if (kind == "range") {
    const std::string pair = item["tolerance"].is_array() ? "/tolerance" : "/tolerance/range";
    fields.push_back(endField("Lea&st", pair, 0, item));
    fields.push_back(endField("&Most", pair, 1, item));
  } else if (kind == "regex") {
    fields.push_back(
        memberField("&Matches", "/tolerance/pattern", textInfo("pattern", "", "A regular expression (RE2)"), item));
  } else if (kind == "jsonpath") {
    fields.push_back(memberField("&JSON path", "/tolerance/path",
                                 textInfo("path", "", "Where in what was printed: $.tasks[0].lag_ms"), item));
    fields.push_back(scalarField("E&xpected", "/tolerance/expect",
                                 "A number, true, false or a text; nothing: that it is there", item));
    fields.push_back(memberField(
        "&Count", "/tolerance/count",
        [] {
          auto info = numberInfo("count", std::nullopt, 0, 1e6, "", "So many values are found there");
          info.type = ParamInfo::Type::Integer;
          return info;
        }(),
        item));
  }
  if (kind == "regex" || kind == "jsonpath" || (kind == "range" && item["tolerance"].is_object())) {
    fields.push_back(memberField("&Looks at", "/tolerance/target",
                                 choiceInfo("target", {"stdout", "stderr", "status"}, "Of what the process left"),
                                 item));
  }
}

void addJudgementFields(const json& own, Fields& fields) {
  fields.push_back(
      memberField("&Topology", "/topology",
                  textInfo("topology", "none: it brings its own",
                           "File that is run, with data and output of its own; relative to the experiment's"),
                  own));
  fields.push_back(listField("S&ettings", "/settings",
                             "Changes of the topology for both runs, with ; between: orders.count=40000", own));
  fields.push_back(memberField(
      "&Seed", "/seed", numberInfo("seed", 1, 0, 9e15, "", "Of all faults: the same seed strikes the same way"), own));
  fields.push_back(memberField(
      "&Blast radius", "/blast_radius",
      numberInfo("blast radius", 100, 0.1, 100, "%", "A fault that means more of the tasks or channels is refused"),
      own));
  fields.push_back(durationField("&Warm-up", "/warm_up", "1s", "Before anything is measured", own));
  fields.push_back(durationField("Base&line", "/baseline", "2s", "What is normal is measured for so long", own));
  fields.push_back(durationField("&Recovery", "/recovery", "30s", "Throughput is to be back within this time", own));
  fields.push_back(durationField("&Abort after", "/abort/after", "5m", "It ends then, whatever it does", own));
  fields.push_back(memberField(
      "Abort beyon&d", "/abort/restarts",
      numberInfo("restarts", 100, 0, 1e6, "restarts", "It ends when tasks were restarted more often"), own));
  fields.push_back(oracleField(own));
  if (textAt(valueAt(own, "/oracle"), "order") == QLatin1String("by_key")) {
    fields.push_back(memberField("&Key", "/oracle/key", textInfo("key", "", "Column of the output"), own));
  }
  if (valueAt(own, "/oracle") != false) {
    fields.push_back(
        listField("&Without faults", "/oracle/settings", "More changes for that run alone: orders.rate=0", own));
  }
  fields.push_back(memberField(
      "E&xpected", "/expect",
      choiceInfo("verdict", {"PASS", "DEGRADED", "FAIL", "INVALID", "ABORTED"}, "What a suite wants"), own));
  fields.push_back(memberField("Be&cause", "/because", textInfo("reason", "", "A part of the verdict's reason"), own));
}

}  // namespace millrace::workbench
