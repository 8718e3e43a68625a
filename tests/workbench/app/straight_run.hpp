#pragma once

#include <QDir>
#include <QProcess>
#include <QTest>
#include <algorithm>
#include <cstdint>
#include <vector>

#include "workplace.hpp"

namespace millrace::workbench::testing {

/// All events below a folder, sorted: partitions and files may be cut elsewhere.
[[nodiscard]] inline std::vector<QByteArray> sortedBelow(const QString& folder) {
  auto lines = eventsBelow(folder);
  std::ranges::sort(lines);
  return lines;
}

/// What a sink's files should hold: what `millrace run` writes of the first `events` events of the generator `events`,
/// in a process of its own, without a window, a stop or a fault. The generator's events do not depend on how many there
/// are. Empty: it did not run, as its own words on the way say. `t` writes below `path` of the actor `out`.
[[nodiscard]] inline std::vector<QByteArray> straightRun(topology t, std::size_t events, const QString& folder) {
  if (!QDir{}.mkpath(folder)) return {};
  for (auto& a : t.actors) {
    if (a.name == "events") {
      a.params["count"] = static_cast<std::int64_t>(events);
      a.params["rate"] = 0.0;
    }
    if (a.name == "out") a.params["path"] = std::string{"straight"};
  }
  const auto path = folder + QStringLiteral("/straight.mill");
  QFile file{path};
  if (!file.open(QIODevice::WriteOnly)) return {};
  file.write(QByteArray::fromStdString(to_text(t)));
  file.close();
  QProcess run;
  run.setWorkingDirectory(folder);
  run.setProcessChannelMode(QProcess::MergedChannels);
  run.start(QStringLiteral(MILLRACE_COMMAND), {QStringLiteral("run"), path, QStringLiteral("--no-table")});
  if (!run.waitForFinished(patience) || run.exitCode() != 0) {
    qWarning("%s", run.readAll().constData());
    return {};
  }
  return sortedBelow(folder + QStringLiteral("/straight"));
}

/// What is lost, and what is too much; empty when the output is what it should be. Both sorted.
[[nodiscard]] inline QByteArray difference(const std::vector<QByteArray>& got, const std::vector<QByteArray>& wanted) {
  std::vector<QByteArray> lost, extra;
  std::ranges::set_difference(wanted, got, std::back_inserter(lost));
  std::ranges::set_difference(got, wanted, std::back_inserter(extra));
  if (wanted.empty()) return "there is nothing to compare with";
  if (lost.empty() && extra.empty()) return {};
  return QByteArray::number(lost.size()) + " lost (" + (lost.empty() ? QByteArray{} : lost.front().trimmed()) + "), " +
         QByteArray::number(extra.size()) + " too many (" + (extra.empty() ? QByteArray{} : extra.front().trimmed()) +
         ')';
}

}  // namespace millrace::workbench::testing
