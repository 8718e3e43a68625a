#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace millrace::workbench {

// Arguments of a process in an experiment: a list, each a text or a plain value. What is not asked for stays as it is.

/// One argument as the process gets it.
[[nodiscard]] std::string argumentText(const nlohmann::ordered_json& argument);
/// `--flag VALUE` or `--flag=VALUE`; nothing: it is not there.
[[nodiscard]] std::optional<std::string> optionOf(const nlohmann::ordered_json& arguments, const std::string& flag);
/// In the place and form it has; a new one at the end. Nothing: it is taken out.
void setOption(nlohmann::ordered_json& arguments, const std::string& flag, const std::optional<std::string>& value);
/// The same for `--with NAME=VALUE`.
[[nodiscard]] std::optional<std::string> parameterOf(const nlohmann::ordered_json& arguments, const std::string& name);
void setParameter(nlohmann::ordered_json& arguments, const std::string& name, const std::optional<std::string>& value);
/// Takes out every `--with`.
void clearParameters(nlohmann::ordered_json& arguments);

/// A list of arguments as one line: blanks between, quotes where one has blanks or quotes itself.
[[nodiscard]] std::string lineOf(const nlohmann::ordered_json& arguments);
/// The list that a line means; arguments that are what they were in `before` keep their type. Nothing: a quote is open.
[[nodiscard]] std::optional<nlohmann::ordered_json> argumentsOf(const std::string& line,
                                                                const nlohmann::ordered_json& before);

}  // namespace millrace::workbench
