#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/actor_catalogue.hpp"
#include "core/experiment_parts.hpp"

namespace millrace::workbench {

/// One value of a row that a form edits.
struct ExperimentField {
  std::string label;    ///< with the letter that Alt reaches it by, where it has one
  std::string pointer;  ///< within the row's value; mistakes there, and below, are this field's
  ParamInfo info;
  std::optional<param_value> value;  ///< nothing: it is left out
  /// Puts a value into the row's. What is wrong with it otherwise; empty: it was taken.
  std::function<std::string(nlohmann::ordered_json& row, const std::optional<param_value>& value)> put;
};

/// What can be edited of a row, in the order of a form. `spec`: the topology it is for, which targets are taken from.
/// Pure.
[[nodiscard]] std::vector<ExperimentField> fieldsOf(const nlohmann::ordered_json& root, ExperimentRow row,
                                                    const topology& spec);
/// The value of a row that its fields edit; a new one where there is none yet.
[[nodiscard]] nlohmann::ordered_json editedValue(const nlohmann::ordered_json& root, ExperimentRow row);

// By kind of row; used by `fieldsOf`.
void addInjectionFields(const nlohmann::ordered_json& item, const topology& spec, std::vector<ExperimentField>& fields);
void addToleranceFields(const nlohmann::ordered_json& item, std::vector<ExperimentField>& fields);
void addJudgementFields(const nlohmann::ordered_json& item, std::vector<ExperimentField>& fields);

/// A field for the member at `pointer` as it stands: a text, a number or true and false by `info`. Nothing, or an
/// empty text, takes the member out, and objects that it leaves empty.
[[nodiscard]] ExperimentField memberField(std::string label, std::string pointer, ParamInfo info,
                                          const nlohmann::ordered_json& row);
/// The same for texts such as `1500ms`.
[[nodiscard]] ExperimentField durationField(std::string label, std::string pointer, const char* initial,
                                            const char* help, const nlohmann::ordered_json& row);
/// The same for a list of texts, `; ` between them.
[[nodiscard]] ExperimentField listField(std::string label, std::string pointer, const char* help,
                                        const nlohmann::ordered_json& row);
void putMember(nlohmann::ordered_json& row, const std::string& pointer,
               const std::optional<nlohmann::ordered_json>& value);

// What fields say of themselves. `name` is what screen readers and messages call them.
[[nodiscard]] ParamInfo textInfo(const char* name, const char* initial, const char* help);
[[nodiscard]] ParamInfo numberInfo(const char* name, std::optional<double> initial, double least, double most,
                                   const char* unit, const char* help);
[[nodiscard]] ParamInfo choiceInfo(const char* name, std::vector<std::string> choices, const char* help);

/// A plain value as it is typed: numbers, true, false and null are those; a text that looks like one is in quotes.
[[nodiscard]] std::string scalarText(const nlohmann::ordered_json& value);
[[nodiscard]] nlohmann::ordered_json scalarOf(const std::string& text);

}  // namespace millrace::workbench
