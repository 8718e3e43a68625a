#include "core/experiment_parts.hpp"

#include <QStringList>
#include <algorithm>
#include <array>

#include "core/call_arguments.hpp"
#include "core/experiment_json.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;
using Section = ExperimentSection;

constexpr const char* hypothesisPointer = "/steady-state-hypothesis";

std::string escaped(const std::string& name) {
  return (json::json_pointer{} / name).to_string();
}

std::size_t judgementIndex(const json& root) {
  const auto& all = valueAt(root, "/extensions");
  if (!all.is_array()) return 0;
  const auto own =
      std::ranges::find_if(all, [](const json& e) { return textAt(e, "name") == QLatin1String("millrace"); });
  return static_cast<std::size_t>(own - all.begin());
}

QString toleranceText(const json& t) {
  if (!t.is_object()) return toQt(t.dump());
  const auto type = textAt(t, "type");
  if (type == QLatin1String("jsonpath")) {
    const auto path = textAt(t, "path");
    if (t.contains("expect")) return QStringLiteral("%1 = %2").arg(path, toQt(argumentText(t["expect"])));
    return path;
  }
  if (type == QLatin1String("regex")) return QStringLiteral("matches %1").arg(textAt(t, "pattern"));
  if (type == QLatin1String("range") && t.contains("range"))
    return QStringLiteral("within %1").arg(toQt(t["range"].dump()));
  return toQt(t.dump());
}

QString callText(const json& activity) {
  const auto& provider = valueAt(activity, "/provider");
  const auto type = textAt(provider, "type");
  if (type == QLatin1String("http")) return QStringLiteral("http %1").arg(textAt(provider, "url"));
  if (type == QLatin1String("python"))
    return QStringLiteral("python %1.%2").arg(textAt(provider, "module"), textAt(provider, "func"));
  if (isInjection(activity)) {
    const auto& words = provider["arguments"];
    const auto kind = toQt(argumentText(words[3]));
    const auto target = optionOf(words, "--target");
    const auto duration = optionOf(words, "--for");
    auto text = target ? QStringLiteral("%1 at %2").arg(kind, toQt(*target)) : kind;
    return duration ? QStringLiteral("%1 for %2").arg(text, toQt(*duration)) : text;
  }
  return (textAt(provider, "path") + QLatin1Char(' ') + toQt(lineOf(valueAt(provider, "/arguments")))).trimmed();
}

QString activityText(const json& activity) {
  if (activity.contains("ref")) return QStringLiteral("as %1").arg(textAt(activity, "ref"));
  auto text = callText(activity);
  if (activity.contains("tolerance")) text += QStringLiteral(" → ") + toleranceText(activity["tolerance"]);
  const auto& pauses = valueAt(activity, "/pauses");
  if (pauses.is_object() && pauses.contains("before"))
    text = QStringLiteral("after %1 s: %2").arg(toQt(argumentText(pauses["before"])), text);
  if (pauses.is_object() && pauses.contains("after"))
    text += QStringLiteral(", then %1 s").arg(toQt(argumentText(pauses["after"])));
  if (valueAt(activity, "/background") == true) text += QStringLiteral(", in the background");
  return text;
}

QString judgementText(const json& own) {
  QStringList parts;
  for (const auto* name : {"topology", "seed", "blast_radius", "baseline", "recovery", "abort", "oracle", "expect"}) {
    if (own.is_object() && own.contains(name)) {
      parts << QStringLiteral("%1 %2").arg(QString::fromLatin1(name), toQt(argumentText(own[name])));
    }
  }
  return parts.join(QStringLiteral(", "));
}

}  // namespace

std::string listOf(Section section) {
  switch (section) {
    case Section::Hypothesis:
      return std::string{hypothesisPointer} + "/probes";
    case Section::Method:
      return "/method";
    case Section::Rollbacks:
      return "/rollbacks";
    default:
      return {};
  }
}

int itemCount(const json& root, Section section) {
  if (section == Section::Configuration) {
    const auto& all = valueAt(root, "/configuration");
    return all.is_object() ? static_cast<int>(all.size()) : 0;
  }
  const auto list = listOf(section);
  if (list.empty()) return 0;
  const auto& all = valueAt(root, list);
  return all.is_array() ? static_cast<int>(all.size()) : 0;
}

std::string pointerOf(const json& root, ExperimentRow row) {
  switch (row.section) {
    case Section::About:
      return {};
    case Section::Configuration: {
      if (row.item < 0 || row.item >= itemCount(root, row.section)) return "/configuration";
      return "/configuration" + escaped(std::next(root.at("configuration").begin(), row.item).key());
    }
    case Section::Strategies:
      return "/runtime";
    case Section::Judgement:
      return "/extensions/" + std::to_string(judgementIndex(root));
    case Section::Hypothesis:
      if (row.item < 0) return hypothesisPointer;
      break;
    case Section::Method:
    case Section::Rollbacks:
      break;
  }
  return row.item < 0 ? listOf(row.section) : listOf(row.section) + "/" + std::to_string(row.item);
}

ExperimentRow rowOf(const json& root, const std::string& pointer) {
  const auto isWithin = [&](const std::string& place) { return pointer == place || pointer.starts_with(place + "/"); };
  if (isWithin("/runtime")) return {Section::Strategies};
  if (isWithin("/extensions")) return {Section::Judgement};
  for (const auto section : {Section::Configuration, Section::Hypothesis, Section::Method, Section::Rollbacks}) {
    for (int i = 0; i < itemCount(root, section); ++i) {
      if (isWithin(pointerOf(root, {section, i}))) return {section, i};
    }
    if (isWithin(pointerOf(root, {section}))) return {section};
  }
  return {};
}

QString titleOf(const json& root, ExperimentRow row) {
  if (row.item < 0) {
    static const std::array names{"Experiment", "Configuration", "Steady state", "Method",
                                  "Rollbacks",  "Strategies",    "Judgement"};
    return QString::fromLatin1(names[static_cast<std::size_t>(row.section)]);
  }
  if (row.item >= itemCount(root, row.section)) return {};
  if (row.section == Section::Configuration) {
    return toQt(std::next(root.at("configuration").begin(), row.item).key());
  }
  const auto& item = valueAt(root, pointerOf(root, row));
  const auto name = textAt(item, "name");
  return name.isEmpty() ? textAt(item, "ref") : name;
}

QString detailOf(const json& root, ExperimentRow row) {
  const auto& value = valueAt(root, pointerOf(root, row));
  if (row.item >= 0 && row.section != Section::Configuration) return activityText(value);
  switch (row.section) {
    case Section::About:
      return textAt(root, "title");
    case Section::Configuration:
      if (row.item < 0) return {};
      return textAt(value, "type") == QLatin1String("env") ? QStringLiteral("environment %1").arg(textAt(value, "key"))
                                                           : toQt(argumentText(value));
    case Section::Hypothesis:
      return textAt(value, "title");
    case Section::Strategies: {
      const auto rollbacks = textAt(valueAt(value, "/rollbacks"), "strategy");
      return rollbacks.isEmpty() ? QString{} : QStringLiteral("rollbacks %1").arg(rollbacks);
    }
    case Section::Judgement:
      return judgementText(value);
    default:
      return {};
  }
}

bool isInjection(const json& item) {
  const auto& provider = valueAt(item, "/provider");
  const auto& words = valueAt(provider, "/arguments");
  return textAt(provider, "path") == QLatin1String("millrace") && words.is_array() && words.size() > 3 &&
         words[0] == "chaos" && words[1] == "inject";
}

const chaos::fault_entry* injectedKind(const json& item) {
  if (!isInjection(item)) return nullptr;
  const auto kind = chaos::fault_kind_of(argumentText(item["provider"]["arguments"][3]));
  return kind ? &chaos::entry_of(*kind) : nullptr;
}

std::vector<ExperimentPart> partsOf(Section section) {
  using enum ExperimentPart;
  switch (section) {
    case Section::Configuration:
      return {Value, Variable};
    case Section::Hypothesis:
      return {RunningProbe, CommandProbe};
    case Section::Method:
      return {Fault, RunningProbe, Command, CommandProbe};
    case Section::Rollbacks:
      return {ClearFaults, Command};
    default:
      return {};
  }
}

QString nameOf(ExperimentPart part) {
  static const std::array names{"Fault",
                                "Probe: it runs",
                                "Action: a command",
                                "Probe: a command",
                                "Clear all faults",
                                "A value",
                                "A variable of the environment"};
  return QString::fromLatin1(names[static_cast<std::size_t>(part)]);
}

QStringList otherPrograms(const json& root) {
  QStringList out;
  const auto program = textAt(valueAt(root, pointerOf(root, {Section::Judgement, -1})), "program");
  if (!program.isEmpty()) out << program;
  for (const auto section : {Section::Hypothesis, Section::Method, Section::Rollbacks}) {
    for (int i = 0; i < itemCount(root, section); ++i) {
      const auto& provider = valueAt(root, pointerOf(root, {section, i}) + "/provider");
      const auto path = textAt(provider, "path");
      if (textAt(provider, "type") == QLatin1String("process") && path != QLatin1String("millrace")) out << path;
    }
  }
  out.removeDuplicates();
  return out;
}

}  // namespace millrace::workbench
