#include <algorithm>
#include <array>
#include <cmath>

#include "core/figures.hpp"

namespace millrace::workbench {
namespace {

/// Three digits at most, a fraction only below 100.
QString shortNumber(double value) {
  const int decimals = std::abs(value) >= 100 || std::abs(value - std::round(value)) < 0.05 ? 0 : 1;
  return QString::number(value, 'f', decimals);
}

}  // namespace

QString countText(double count) {
  static constexpr std::array<const char*, 5> units{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  while (std::abs(count) >= 999.5 && unit + 1 < units.size()) {
    count /= 1000;
    ++unit;
  }
  return shortNumber(count) + QString::fromLatin1(units[unit]);
}

QString rateText(double perSecond) {
  return countText(perSecond) + QStringLiteral("/s");
}

QString millisecondsText(double value) {
  constexpr double second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
  if (value < 1) return QStringLiteral("<1 ms");
  if (value < second) return shortNumber(value) + QStringLiteral(" ms");
  if (value < minute) return shortNumber(value / second) + QStringLiteral(" s");
  if (value < hour) return shortNumber(value / minute) + QStringLiteral(" min");
  if (value < day) return shortNumber(value / hour) + QStringLiteral(" h");
  return shortNumber(value / day) + QStringLiteral(" d");
}

QString healthText(const ActorFigures& figures) {
  QStringList lines;
  for (const auto& task : figures.tasks) {
    // One that started and has run since is no story.
    const auto isTold = [](const HealthChange& change) { return isTrouble(change.state); };
    if (!isTold(task->now) && std::ranges::none_of(task->before, isTold)) continue;
    lines << textOf(task->task, task->now);
    for (auto at = task->before.rbegin(); at != task->before.rend(); ++at) {
      lines << QStringLiteral("    ") + pastText(*at);
    }
  }
  constexpr qsizetype linesMax = 24;
  if (lines.size() > linesMax) lines.resize(linesMax);
  return lines.join(QLatin1Char('\n'));
}

QString timesText(double count) {
  return count == 1 ? QStringLiteral("once") : QStringLiteral("%1 times").arg(countText(count));
}

QString numberText(double count, const QString& one) {
  return count == 1 ? QStringLiteral("1 ") + one : QStringLiteral("%1 %2s").arg(countText(count), one);
}

QString bytesText(double bytes) {
  static constexpr std::array<const char*, 5> units{" B", " KiB", " MiB", " GiB", " TiB"};
  std::size_t unit = 0;
  while (bytes >= 1023.5 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return shortNumber(bytes) + QString::fromLatin1(units[unit]);
}

}  // namespace millrace::workbench
