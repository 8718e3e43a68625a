#include "core/param_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// As in a topology's file: the shortest text that reads back as the same number.
QString numberText(double value) {
  std::array<char, 32> buffer;  // NOLINT: written by to_chars
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return QString::fromLatin1(buffer.data(), end - buffer.data());
}

error notAllowed(const ParamInfo& param) {
  return user_error(errc::invalid_argument, param.name + " takes " + toStd(allowedText(param)));
}

result<std::optional<param_value>> inRange(const ParamInfo& param, double number, param_value value) {
  if (number < param.min.value_or(number) || number > param.max.value_or(number)) return notAllowed(param);
  return std::optional{std::move(value)};
}

}  // namespace

QString valueText(const param_value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? QStringLiteral("true") : QStringLiteral("false");
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return QString::number(*integer);
  if (const auto* number = std::get_if<double>(&value)) return numberText(*number);
  return toQt(std::get<std::string>(value));
}

QString allowedText(const ParamInfo& param) {
  static const std::array names{"true or false", "a whole number", "a number", "text"};
  QString text = QString::fromLatin1(names[static_cast<std::size_t>(param.type)]);
  if (!param.choices.empty()) {
    QStringList choices;
    for (const auto& c : param.choices) choices << toQt(c);
    return QStringLiteral("one of ") + choices.join(QStringLiteral(", "));
  }
  if (param.min && param.max) {
    text += QStringLiteral(" from %1 to %2").arg(numberText(*param.min), numberText(*param.max));
  } else if (param.min) {
    text += QStringLiteral(" from %1 on").arg(numberText(*param.min));
  } else if (param.max) {
    text += QStringLiteral(" up to %1").arg(numberText(*param.max));
  }
  return param.unit.empty() ? text : text + QStringLiteral(" (%1)").arg(toQt(param.unit));
}

result<std::optional<param_value>> parseValue(const ParamInfo& param, const QString& text) {
  if (text.isEmpty()) return std::optional<param_value>{};
  bool isNumber = false;
  switch (param.type) {
    case ParamInfo::Type::Flag:
      if (text != QStringLiteral("true") && text != QStringLiteral("false")) return notAllowed(param);
      return std::optional<param_value>{text == QStringLiteral("true")};
    case ParamInfo::Type::Integer: {
      const std::int64_t value = text.trimmed().toLongLong(&isNumber);
      return isNumber ? inRange(param, static_cast<double>(value), value) : notAllowed(param);
    }
    case ParamInfo::Type::Number: {
      const double value = text.trimmed().toDouble(&isNumber);
      return isNumber ? inRange(param, value, value) : notAllowed(param);
    }
    case ParamInfo::Type::Text:
      break;
  }
  if (!param.choices.empty() && std::ranges::find(param.choices, toStd(text)) == param.choices.end()) {
    return notAllowed(param);
  }
  return std::optional<param_value>{toStd(text)};
}

}  // namespace millrace::workbench
