#include "core/figures.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/json_reading.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr double nsPerMs = 1e6;
constexpr quint64 nsPerWholeMs = 1'000'000;
/// A producer whose times lie further back replays old or made-up data: how far says nothing.
constexpr double lagMsMax = 24.0 * 3600 * 1000;
constexpr double busyWarning = 0.9;
constexpr double blockedWarning = 0.3;
constexpr double blockedCritical = 0.8;

std::optional<double> maybeNumber(const json& j, const char* name) {
  const auto& value = memberOf(j, name);
  return value.is_number() ? std::optional{value.get<double>()} : std::nullopt;
}

Health healthOf(const QString& state, const ActorFigures& f) {
  if (const auto level = levelOf(f.condition); level >= Health::Warning) return level;
  if (state == QLatin1String("failed") || state == QLatin1String("backing_off")) return Health::Critical;
  if (f.blocked >= blockedCritical) return Health::Critical;
  if (f.busy >= busyWarning || f.blocked >= blockedWarning || f.deadLetters > 0) return Health::Warning;
  return f.rate() > 0 || f.busy > 0.01 ? Health::Ok : Health::Idle;
}

/// The state to show of several partitions: the one that wants attention most.
int urgency(const QString& state) {
  static const QStringList order{QStringLiteral("finished"), QStringLiteral("idle"),    QStringLiteral("running"),
                                 QStringLiteral("starting"), QStringLiteral("blocked"), QStringLiteral("backing_off"),
                                 QStringLiteral("failed")};
  return static_cast<int>(order.indexOf(state));
}

void widen(std::optional<double>& largest, std::optional<double> value) {
  if (value) largest = std::max(largest.value_or(0), *value);
}

/// What has not changed is shared with the figures before.
std::shared_ptr<const TaskHealth> healthFrom(const json& task, const ActorFigures* before, std::size_t index) {
  if (before != nullptr && index < before->tasks.size()) {
    const auto& old = before->tasks[index];
    const auto& health = memberOf(task, "health");
    if (old->now.sinceMs == static_cast<qint64>(countOf(health, "since_ns") / nsPerWholeMs) &&
        old->task == toStd(textOf(task, "name")) && old->now.state == textOf(health, "state")) {
      return old;
    }
  }
  return std::make_shared<const TaskHealth>(readHealth(task));
}

void addHealth(ActorFigures& f, const json& task, const ActorFigures* before) {
  if (!memberOf(task, "health").is_object()) return;
  f.tasks.push_back(healthFrom(task, before, f.tasks.size()));
  const auto& state = f.tasks.back()->now.state;
  if (isTrouble(state) && (f.condition.isEmpty() || levelOf(state) > levelOf(f.condition))) f.condition = state;
}

void addTask(ActorFigures& f, const json& task) {
  const auto state = textOf(task, "state");
  if (f.partitions++ == 0 || urgency(state) > urgency(f.state)) f.state = state;
  f.kind = kindOf(toStd(textOf(task, "kind")));
  f.inPerS += numberOf(task, "in_per_s");
  f.outPerS += numberOf(task, "out_per_s");
  f.busy = std::max(f.busy, numberOf(task, "busy_share"));
  f.blocked = std::max(f.blocked, numberOf(task, "blocked_share"));
  const double window = numberOf(task, "credit_window");
  if (window > 0) f.fill = std::max(f.fill, numberOf(task, "credit_used") / window);
  f.deadLetters += numberOf(task, "dead_letters");
  f.isMuted = f.isMuted || flagOf(task, "muted");
  if (auto node = textOf(task, "node"); !node.isEmpty()) {
    const auto partition = std::min<std::uint64_t>(countOf(task, "partition"), std::numeric_limits<int>::max());
    f.nodes[static_cast<int>(partition)] = std::move(node);
  }
  f.retries += numberOf(task, "retries");
  f.late += numberOf(task, "late");
  f.stateBytes += numberOf(task, "state_bytes");
  if (numberOf(task, "backlog") > 0) f.backlog = f.backlog.value_or(0) + numberOf(task, "backlog");
  widen(f.lagMs, maybeNumber(task, "watermark_lag_ms"));
  if (const double p50 = numberOf(task, "latency_p50_us"); p50 > 0) widen(f.latencyP50, p50 / 1000);
  if (const double p99 = numberOf(task, "latency_p99_us"); p99 > 0) widen(f.latencyP99, p99 / 1000);
}

/// How far each actor is behind the producer that has come furthest.
void compareWatermarks(const json& tasks, RunFigures& run) {
  double newest = 0;
  for (const auto& task : tasks) {
    if (textOf(task, "kind") == QLatin1String("producer")) newest = std::max(newest, numberOf(task, "watermark_ns"));
  }
  for (const auto& task : tasks) {
    const auto at = maybeNumber(task, "watermark_ns");
    const auto f = run.actors.find(toStd(textOf(task, "actor")));
    if (at && newest > 0 && f != run.actors.end()) widen(f->second.behindMs, std::max(0.0, newest - *at) / nsPerMs);
  }
}

RunFigures readRun(const json& status, const RunFigures* before) {
  RunFigures run;
  run.state = textOf(status, "state");
  run.message = textOf(status, "message");
  run.uptimeS = numberOf(status, "uptime_s");
  run.restarts = countOf(status, "restarts");
  run.snapshots = countOf(status, "snapshots");
  run.lastEpoch = countOf(status, "last_epoch");
  run.snapshotAgeS = numberOf(status, "snapshot_age_s");
  run.snapshotMs = numberOf(status, "snapshot_ms");
  for (const auto& note : listOf(status, "notes")) {
    if (note.is_string()) run.notes << toQt(note.get<std::string>());
  }
  const auto& tasks = listOf(status, "tasks");
  for (const auto& task : tasks) {
    const auto name = toStd(textOf(task, "actor"));
    if (name.empty()) continue;
    auto& f = run.actors[name];
    addTask(f, task);
    const auto old = before == nullptr ? decltype(before->actors.end()){} : before->actors.find(name);
    addHealth(f, task, before == nullptr || old == before->actors.end() ? nullptr : &old->second);
  }
  run.recoveries = readRecoveries(status);
  compareWatermarks(tasks, run);
  for (auto& [name, f] : run.actors) {
    if (f.lagMs.value_or(0) > lagMsMax) f.lagMs.reset();
    f.health = healthOf(f.state, f);
    // A task rests between two batches; an actor through which events flow does not.
    if (f.state == QLatin1String("idle") && f.rate() > 0) f.state = QStringLiteral("running");
    if (before != nullptr) {
      const auto old = before->actors.find(name);
      if (old != before->actors.end()) f.rates = old->second.rates;
    }
    f.rates.add(static_cast<float>(f.rate()));
  }
  return run;
}

}  // namespace

void Trail::add(float value) noexcept {
  if (m_size < sizeMax) {
    m_values[m_size++] = value;
    return;
  }
  m_values[m_first] = value;
  m_first = (m_first + 1) % sizeMax;
}

float Trail::at(std::size_t i) const noexcept {
  return m_values[(m_first + i) % sizeMax];
}

float Trail::largest() const noexcept {
  return m_size == 0 ? 0 : *std::max_element(m_values.begin(), m_values.begin() + static_cast<std::ptrdiff_t>(m_size));
}

bool RunFigures::isActive() const {
  return state == QLatin1String("starting") || state == QLatin1String("running") ||
         state == QLatin1String("restoring") || state == QLatin1String("paused") || state == QLatin1String("stopping");
}

Health RunFigures::health() const {
  if (state == QLatin1String("failed")) return Health::Critical;
  auto worst = Health::Idle;
  for (const auto& [name, f] : actors) worst = std::max(worst, f.health);
  return worst;
}

double RunFigures::deadLetters() const {
  double sum = 0;
  for (const auto& [name, f] : actors) sum += f.deadLetters;
  return sum;
}

std::map<std::string, RunFigures> readFigures(const json& statuses, const std::map<std::string, RunFigures>& before) {
  std::map<std::string, RunFigures> all;
  for (const auto& status : statuses) {
    const auto name = toStd(textOf(status, "topology"));
    const auto old = before.find(name);
    if (!name.empty()) all[name] = readRun(status, old == before.end() ? nullptr : &old->second);
  }
  return all;
}

}  // namespace millrace::workbench
