#include "core/experiment_fields.hpp"

#include "core/call_arguments.hpp"
#include "core/experiment_json.hpp"

namespace millrace::workbench {
namespace {

using json = nlohmann::ordered_json;
using Section = ExperimentSection;
using Fields = std::vector<ExperimentField>;

constexpr double pauseMaxS = 86'400;
constexpr double timeoutMaxS = 86'400;

std::string textOf(const std::optional<param_value>& value) {
  const auto* text = value ? std::get_if<std::string>(&*value) : nullptr;
  return text != nullptr ? *text : std::string{};
}

/// A text that cannot be left out.
ExperimentField neededField(std::string label, std::string pointer, const char* name, const char* help,
                            const json& row) {
  auto field = memberField(std::move(label), std::move(pointer), textInfo(name, "", help), row);
  field.info.required = true;
  field.put = [pointer = field.pointer](json& r, const std::optional<param_value>& v) -> std::string {
    if (textOf(v).empty()) return "a text is wanted here";
    putMember(r, pointer, textOf(v));
    return {};
  };
  return field;
}

void addAbout(const json& root, Fields& fields) {
  fields.push_back(neededField("&Title", "/title", "title", "What is to be shown, in a few words", root));
  fields.push_back(neededField("D&escription", "/description", "description", "Why, and what is expected", root));
  fields.push_back(listField("Ta&gs", "/tags", "Words to find it by, with ; between", root));
}

/// Keeps its place among the others.
std::string renameMember(json& all, const std::string& from, const std::string& to) {
  if (to.empty()) return "a name is wanted here";
  if (to == from) return {};
  if (all.contains(to)) return "there is a '" + to + "' already";
  auto renamed = json::object();
  for (const auto& [name, value] : all.items()) renamed[name == from ? to : name] = value;
  all = std::move(renamed);
  return {};
}

/// The row's value is the whole configuration: a name is a member's.
void addValue(const json& all, const std::string& name, Fields& fields) {
  const auto pointer = (json::json_pointer{} / name).to_string();
  ExperimentField title{"&Name", pointer, textInfo("name", "", "Elsewhere ${name} stands for it"), name, {}};
  title.info.required = true;
  title.put = [name](json& r, const std::optional<param_value>& v) { return renameMember(r, name, textOf(v)); };
  fields.push_back(std::move(title));
  const auto& value = valueAt(all, pointer);
  if (textAt(value, "type") == QLatin1String("env")) {
    fields.push_back(neededField("&Variable", pointer + "/key", "variable", "Of the environment", all));
    fields.push_back(memberField("De&fault", pointer + "/default",
                                 textInfo("default", "", "Where the environment has none; without it that is an error"),
                                 all));
    return;
  }
  ExperimentField field{
      "&Value", pointer, textInfo("value", "", "A number, true, false or a text"), param_value{scalarText(value)}, {}};
  field.put = [pointer](json& r, const std::optional<param_value>& v) {
    r[json::json_pointer{pointer}] = scalarOf(textOf(v));
    return std::string{};
  };
  fields.push_back(std::move(field));
}

void addProcess(const json& item, Fields& fields) {
  fields.push_back(neededField("&Program", "/provider/path", "program",
                               "millrace, or another one, which is asked about before it runs", item));
  const auto& words = valueAt(item, "/provider/arguments");
  ExperimentField line{
      "&Arguments",
      "/provider/arguments",
      textInfo("arguments", "", "With blanks between; quotes around what has blanks. No shell reads them"),
      std::nullopt,
      {}};
  if (const auto text = words.is_null() ? std::string{} : lineOf(words); !text.empty()) line.value = text;
  line.put = [](json& r, const std::optional<param_value>& v) -> std::string {
    auto now = argumentsOf(textOf(v), valueAt(r, "/provider/arguments"));
    if (!now) return "a quote is not closed";
    putMember(r, "/provider/arguments", std::move(*now));
    return {};
  };
  fields.push_back(std::move(line));
}

void addProvider(const json& item, Fields& fields) {
  const auto type = textAt(valueAt(item, "/provider"), "type");
  if (type == QLatin1String("http")) {
    fields.push_back(
        neededField("&URL", "/provider/url", "url", "Kept for Chaos Toolkit; it is not called from here", item));
  } else if (type == QLatin1String("python")) {
    fields.push_back(neededField("&Module", "/provider/module", "module",
                                 "Kept for Chaos Toolkit; it is not called from here", item));
    fields.push_back(neededField("&Function", "/provider/func", "function", "", item));
  } else {
    addProcess(item, fields);
  }
}

void addActivity(const json& item, const topology& spec, Section section, Fields& fields) {
  if (item.contains("ref")) {
    fields.push_back(neededField("&Refers to", "/ref", "reference", "Name of an activity before it", item));
    return;
  }
  fields.push_back(neededField("&Name", "/name", "name", "What journal and timeline call it", item));
  const bool isProbe = textAt(item, "type") == QLatin1String("probe");
  if (isInjection(item)) {
    addInjectionFields(item, spec, fields);
  } else {
    addProvider(item, fields);
    if (isProbe) addToleranceFields(item, fields);
  }
  fields.push_back(memberField("Time&out", "/provider/timeout",
                               numberInfo("timeout", 60, 0, timeoutMaxS, "s", "What takes longer has failed"), item));
  fields.push_back(memberField("Pause &before", "/pauses/before", numberInfo("pause", 0, 0, pauseMaxS, "s", ""), item));
  fields.push_back(memberField("Pause &after", "/pauses/after", numberInfo("pause", 0, 0, pauseMaxS, "s", ""), item));
  if (section != Section::Method) return;
  ParamInfo background = textInfo("background", "", "The next one begins while it goes on");
  background.type = ParamInfo::Type::Flag;
  background.initial = false;
  fields.push_back(memberField("In the bac&kground", "/background", std::move(background), item));
}

void addStrategies(const json& runtime, Fields& fields) {
  fields.push_back(
      memberField("&Rollbacks", "/rollbacks/strategy",
                  choiceInfo("rollbacks", {"default", "always", "never", "deviated"},
                             "default: unless it was ended before its time; always: also when it is cancelled"),
                  runtime));
  fields.push_back(memberField(
      "Steady &state", "/hypothesis/strategy",
      choiceInfo("hypothesis",
                 {"default", "before-method-only", "after-method-only", "during-method-only", "continuously"},
                 "When its probes are looked at; default: before and after the method"),
      runtime));
  fields.push_back(memberField(
      "&Frequency", "/hypothesis/frequency",
      numberInfo("frequency", 1, 0.01, 3600, "s", "Between two looks, where it is looked at continuously"), runtime));
}

}  // namespace

json editedValue(const json& root, ExperimentRow row) {
  if (row.section == Section::Configuration)
    return valueAt(root, "/configuration").is_object() ? root["configuration"] : json::object();
  const auto& value = valueAt(root, pointerOf(root, row));
  if (!value.is_null()) return value;
  return row.section == Section::Judgement ? json{{"name", "millrace"}} : json::object();
}

Fields fieldsOf(const json& root, ExperimentRow row, const topology& spec) {
  Fields fields;
  const auto value = editedValue(root, row);
  if (row.item >= 0 && row.item >= itemCount(root, row.section)) return fields;
  switch (row.section) {
    case Section::About:
      addAbout(value, fields);
      break;
    case Section::Configuration:
      if (row.item >= 0) addValue(value, toStd(titleOf(root, row)), fields);
      break;
    case Section::Strategies:
      addStrategies(value, fields);
      break;
    case Section::Judgement:
      addJudgementFields(value, fields);
      break;
    case Section::Hypothesis:
      if (row.item < 0)
        fields.push_back(neededField("&Title", "/title", "title", "What is so while all is well", value));
      [[fallthrough]];
    case Section::Method:
    case Section::Rollbacks:
      if (row.item >= 0 && value.is_object()) addActivity(value, spec, row.section, fields);
      break;
  }
  return fields;
}

}  // namespace millrace::workbench
