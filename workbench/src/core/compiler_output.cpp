#include "core/compiler_output.hpp"

#include <QRegularExpression>

namespace millrace::workbench {

std::optional<BuildNote> buildNoteIn(const QString& line) {
  static const QRegularExpression compiler{
      QStringLiteral("^([^:\\s][^:]*):(\\d+):(?:(\\d+):)? (fatal error|error|warning): (.+)$")};
  if (const auto m = compiler.match(line); m.hasMatch()) {
    return BuildNote{m.captured(4) == QLatin1String("warning") ? Health::Warning : Health::Critical, m.captured(1),
                     m.captured(2).toInt(), m.captured(3).toInt(), m.captured(5)};
  }
  static const QRegularExpression cmake{QStringLiteral("^CMake (Error|Warning)(?: at ([^:]+):(\\d+))?(.*)$")};
  if (const auto m = cmake.match(line); m.hasMatch()) {
    auto what = m.captured(4).trimmed();
    return BuildNote{m.captured(1) == QLatin1String("Warning") ? Health::Warning : Health::Critical, m.captured(2),
                     m.captured(3).toInt(), 0, QStringLiteral("CMake ") + what};
  }
  static const QRegularExpression linker{QStringLiteral("(undefined reference to .+|ld: cannot find .+)$")};
  if (const auto m = linker.match(line); m.hasMatch()) return BuildNote{Health::Critical, {}, 0, 0, m.captured(1)};
  return std::nullopt;
}

std::optional<double> buildProgressIn(const QString& line) {
  static const QRegularExpression ninja{QStringLiteral("^\\[(\\d+)/(\\d+)\\]")};
  if (const auto m = ninja.match(line); m.hasMatch() && m.captured(2).toInt() > 0) {
    return m.captured(1).toDouble() / m.captured(2).toDouble();
  }
  static const QRegularExpression make{QStringLiteral("^\\[\\s*(\\d+)%\\]")};
  if (const auto m = make.match(line); m.hasMatch()) return m.captured(1).toDouble() / 100;
  return std::nullopt;
}

}  // namespace millrace::workbench
