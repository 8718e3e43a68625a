#include "core/task_health.hpp"

#include <QDateTime>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/figures.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr qint64 nsPerMs = 1'000'000;
constexpr std::size_t partsMax = 3;

HealthChange readChange(const json& j) {
  return {toQt(j.value("state", "")), toQt(j.value("why", "")), j.value("since_ns", qint64{0}) / nsPerMs};
}

}  // namespace

TaskHealth readHealth(const json& task) {
  TaskHealth out;
  out.task = task.value("name", "");
  const auto health = task.find("health");
  if (health == task.end() || !health->is_object()) return out;
  out.now = readChange(*health);
  const auto before = health->value("before", json::array());
  for (const auto& change : before) out.before.push_back(readChange(change));
  return out;
}

Health levelOf(const QString& state) {
  if (state == QLatin1String("failed") || state == QLatin1String("backing_off")) return Health::Critical;
  if (state == QLatin1String("degraded") || state == QLatin1String("restoring")) return Health::Warning;
  return state == QLatin1String("running") ? Health::Ok : Health::Idle;
}

bool isTrouble(const QString& state) {
  return levelOf(state) >= Health::Warning;
}

QString textOf(const std::string& task, const HealthChange& change) {
  const auto at = QDateTime::fromMSecsSinceEpoch(change.sinceMs).toString(QStringLiteral("HH:mm:ss"));
  auto text = QStringLiteral("%1 %2 since %3").arg(toQt(task), change.state, at);
  text.replace(QLatin1Char('_'), QLatin1Char(' '));
  return change.why.isEmpty() ? text : text + QStringLiteral(": ") + change.why;
}

std::vector<RecoveryNote> readRecoveries(const json& status) {
  std::vector<RecoveryNote> all;
  const auto recoveries = status.value("recoveries", json::array());
  for (const auto& r : recoveries) {
    if (!r.value("is_over", false)) continue;
    RecoveryNote note;
    note.cause = r.value("cause", "");
    note.scope = toQt(r.value("scope", ""));
    note.why = toQt(r.value("why", ""));
    note.failedAtMs = r.value("failed_at_ns", qint64{0}) / nsPerMs;
    note.tasks = r.value("tasks", 0.0);
    note.fromEpoch = r.value("from_epoch", std::uint64_t{0});
    std::vector<std::pair<double, QString>> parts;
    const auto spent = r.value("spent_ms", json::object());
    for (const auto& [name, ms] : spent.items()) {
      if (name == "total") {
        note.totalMs = ms.get<double>();
      } else if (ms.get<double>() >= 1) {
        parts.emplace_back(ms.get<double>(), toQt(name));
      }
    }
    std::ranges::sort(parts, std::ranges::greater{});
    if (parts.size() > partsMax) parts.resize(partsMax);
    QStringList words;
    for (const auto& [ms, name] : parts) words << QStringLiteral("%1 %2").arg(name, millisecondsText(ms));
    note.spent = words.join(QStringLiteral(", ")).replace(QLatin1Char('_'), QLatin1Char(' '));
    all.push_back(std::move(note));
  }
  return all;
}

QString textOf(const RecoveryNote& r) {
  const auto tasks = r.tasks == 1 ? QStringLiteral("1 task") : QStringLiteral("%1 tasks").arg(countText(r.tasks));
  auto text = QStringLiteral("%1 was back after %2 (%3: %4, from snapshot %5)")
                  .arg(toQt(r.cause), millisecondsText(r.totalMs), r.scope, tasks)
                  .arg(r.fromEpoch);
  if (!r.spent.isEmpty()) text += QStringLiteral("; ") + r.spent;
  return r.why.isEmpty() ? text : text + QStringLiteral("; it failed: ") + r.why;
}

}  // namespace millrace::workbench
