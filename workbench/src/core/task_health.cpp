#include "core/task_health.hpp"

#include <QDateTime>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/figures.hpp"
#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr quint64 nsPerMs = 1'000'000;
constexpr std::size_t partsMax = 3;

qint64 momentOf(const json& j, const char* name) {
  return static_cast<qint64>(countOf(j, name) / nsPerMs);
}

HealthChange readChange(const json& j) {
  return {textOf(j, "state"), textOf(j, "why"), momentOf(j, "since_ns")};
}

QString changeText(const HealthChange& change, const QString& preposition) {
  const auto at = QDateTime::fromMSecsSinceEpoch(change.sinceMs).toString(QStringLiteral("HH:mm:ss"));
  auto state = change.state;
  state.replace(QLatin1Char('_'), QLatin1Char(' '));
  const auto text = QStringLiteral("%1 %2 %3").arg(state, preposition, at);
  return change.why.isEmpty() ? text : text + QStringLiteral(": ") + change.why;
}

/// What took longest, longest first.
QString spentText(const json& spent) {
  if (!spent.is_object()) return {};
  std::vector<std::pair<double, QString>> parts;
  for (const auto& [name, ms] : spent.items()) {
    if (name != "total" && ms.is_number() && ms.get<double>() >= 1) parts.emplace_back(ms.get<double>(), toQt(name));
  }
  std::ranges::sort(parts, std::ranges::greater{});
  if (parts.size() > partsMax) parts.resize(partsMax);
  QStringList words;
  for (const auto& [ms, name] : parts) words << QStringLiteral("%1 %2").arg(name, millisecondsText(ms));
  return words.join(QStringLiteral(", ")).replace(QLatin1Char('_'), QLatin1Char(' '));
}

}  // namespace

TaskHealth readHealth(const json& task) {
  TaskHealth out;
  out.task = toStd(textOf(task, "name"));
  const auto& health = memberOf(task, "health");
  if (!health.is_object()) return out;
  out.now = readChange(health);
  for (const auto& change : listOf(health, "before")) out.before.push_back(readChange(change));
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
  return toQt(task) + QLatin1Char(' ') + changeText(change, QStringLiteral("since"));
}

QString pastText(const HealthChange& change) {
  return changeText(change, QStringLiteral("from"));
}

std::vector<RecoveryNote> readRecoveries(const json& status) {
  std::vector<RecoveryNote> all;
  for (const auto& r : listOf(status, "recoveries")) {
    if (!flagOf(r, "is_over")) continue;
    RecoveryNote note;
    note.cause = toStd(textOf(r, "cause"));
    note.scope = textOf(r, "scope");
    note.why = textOf(r, "why");
    note.failedAtMs = momentOf(r, "failed_at_ns");
    note.tasks = numberOf(r, "tasks");
    note.fromEpoch = countOf(r, "from_epoch");
    note.totalMs = numberOf(memberOf(r, "spent_ms"), "total");
    note.spent = spentText(memberOf(r, "spent_ms"));
    all.push_back(std::move(note));
  }
  return all;
}

QString textOf(const RecoveryNote& r) {
  const auto tasks = numberText(r.tasks, QStringLiteral("task"));
  auto text = QStringLiteral("%1 was back after %2 (%3: %4, from snapshot %5)")
                  .arg(toQt(r.cause), millisecondsText(r.totalMs), r.scope, tasks)
                  .arg(r.fromEpoch);
  if (!r.spent.isEmpty()) text += QStringLiteral("; ") + r.spent;
  return r.why.isEmpty() ? text : text + QStringLiteral("; it failed: ") + r.why;
}

}  // namespace millrace::workbench
