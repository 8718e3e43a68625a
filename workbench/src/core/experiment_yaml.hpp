#pragma once

#include <QByteArray>
#include <QString>
#include <nlohmann/json.hpp>

#include "millrace/error.hpp"

namespace millrace::workbench {

/// What a YAML file holds, its members in their order.
struct YamlText {
  nlohmann::ordered_json value;
  /// What of it is lost when it is written again, such as "comments"; empty: nothing.
  QString lost;
};

/// Reads YAML as `millrace chaos` does: plain scalars that are numbers, true or false are those, all others are texts.
/// Errors (`parse_error`): the syntax with its line; more than 32 levels or 100,000 values.
[[nodiscard]] result<YamlText> readYaml(const QByteArray& text);

/// Writes what `readYaml` reads back as the same value: blocks, with what is short on one line.
/// Errors (`invalid_argument`): a value that YAML cannot hold so.
[[nodiscard]] result<QByteArray> writeYaml(const nlohmann::ordered_json& value);

}  // namespace millrace::workbench
