#include "core/line_diff.hpp"

#include <algorithm>
#include <vector>

namespace millrace::workbench {
namespace {

/// The table below takes a million cells at this size.
constexpr qsizetype linesMax = 2000;

}  // namespace

QStringList lineDiff(const QString& before, const QString& after) {
  auto old = before.split(QLatin1Char('\n'));
  auto now = after.split(QLatin1Char('\n'));
  while (!old.isEmpty() && !now.isEmpty() && old.first() == now.first()) {
    old.removeFirst();
    now.removeFirst();
  }
  while (!old.isEmpty() && !now.isEmpty() && old.last() == now.last()) {
    old.removeLast();
    now.removeLast();
  }
  QStringList out;
  const auto gone = [&](qsizetype i) { out << QStringLiteral("- ") + old[i].trimmed(); };
  const auto come = [&](qsizetype j) { out << QStringLiteral("+ ") + now[j].trimmed(); };
  if (std::max(old.size(), now.size()) > linesMax) {
    for (qsizetype i = 0; i < old.size(); ++i) gone(i);
    for (qsizetype j = 0; j < now.size(); ++j) come(j);
    return out;
  }
  const auto width = static_cast<std::size_t>(now.size()) + 1;
  // common[i, j]: lines that the rests from i and j on have in common.
  std::vector<std::uint16_t> common((static_cast<std::size_t>(old.size()) + 1) * width);
  const auto cell = [&](qsizetype i, qsizetype j) -> std::uint16_t& {
    return common[static_cast<std::size_t>(i) * width + static_cast<std::size_t>(j)];
  };
  for (auto i = old.size() - 1; i >= 0; --i) {
    for (auto j = now.size() - 1; j >= 0; --j) {
      cell(i, j) = old[i] == now[j] ? static_cast<std::uint16_t>(cell(i + 1, j + 1) + 1)
                                    : std::max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  qsizetype i = 0, j = 0;
  while (i < old.size() || j < now.size()) {
    if (i < old.size() && j < now.size() && old[i] == now[j]) {
      ++i;
      ++j;
    } else if (j == now.size() || (i < old.size() && cell(i + 1, j) >= cell(i, j + 1))) {
      gone(i++);
    } else {
      come(j++);
    }
  }
  return out;
}

}  // namespace millrace::workbench
