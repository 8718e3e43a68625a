#pragma once

#include <QString>
#include <optional>

#include "core/actor_catalogue.hpp"

namespace millrace::workbench {

/// What a parameter's value looks like while it is edited; empty for none.
[[nodiscard]] QString valueText(const param_value& value);
/// What may be typed: `number from 1 to 4096`, `text`, with its unit.
[[nodiscard]] QString allowedText(const ParamInfo& param);
/// The value that was typed; nothing for an empty text, which leaves the parameter to its default.
///
/// Errors (`invalid_argument`) say what is allowed: no number, outside the range, or none of the choices.
[[nodiscard]] result<std::optional<param_value>> parseValue(const ParamInfo& param, const QString& text);

}  // namespace millrace::workbench
