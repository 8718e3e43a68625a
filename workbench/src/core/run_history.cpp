#include "core/run_history.hpp"

#include <QDateTime>
#include <algorithm>
#include <cmath>

namespace millrace::workbench {
namespace {

constexpr std::size_t ringSamplesMax = 1920;
constexpr double heatStepS = 1;
/// Of a time that is asked for: what may be missing of it at its beginning.
constexpr double missingMax = 0.02;

/// `sum` holds `count` samples; one more joins.
void merge(RunSample& sum, const RunSample& sample, std::size_t count) {
  const auto n = static_cast<double>(count);
  const auto mean = [n](double& into, double value) { into = (into * n + value) / (n + 1); };
  const auto worst = [](double& into, double value) { into = std::max(into, value); };
  mean(sum.inPerS, sample.inPerS);
  mean(sum.outPerS, sample.outPerS);
  mean(sum.latencyP50, sample.latencyP50);
  worst(sum.behindMs, sample.behindMs);
  worst(sum.backlog, sample.backlog);
  worst(sum.latencyP99, sample.latencyP99);
  worst(sum.busy, sample.busy);
  worst(sum.blocked, sample.blocked);
  worst(sum.fill, sample.fill);
  worst(sum.stateBytes, sample.stateBytes);
  worst(sum.snapshotMs, sample.snapshotMs);
  sum.deadLetters += sample.deadLetters;
}

HeatCell cellOf(const ActorFigures& f) {
  return {static_cast<float>(f.latencyP99.value_or(0)), static_cast<float>(f.blocked), static_cast<float>(f.busy),
          static_cast<float>(f.fill)};
}

}  // namespace

RunSample sampleOf(const RunFigures& run, double at) {
  RunSample s;
  s.at = at;
  s.snapshotMs = run.snapshotMs;
  for (const auto& [name, f] : run.actors) {
    if (f.kind == ActorKind::Producer) s.inPerS += f.outPerS;
    if (f.kind == ActorKind::Sink) s.outPerS += f.inPerS;
    s.behindMs = std::max(s.behindMs, f.behindMs.value_or(0));
    s.backlog += f.backlog.value_or(0);
    s.latencyP50 = std::max(s.latencyP50, f.latencyP50.value_or(0));
    s.latencyP99 = std::max(s.latencyP99, f.latencyP99.value_or(0));
    s.busy = std::max(s.busy, f.busy);
    s.blocked = std::max(s.blocked, f.blocked);
    s.fill = std::max(s.fill, f.fill);
    s.stateBytes += f.stateBytes;
  }
  return s;
}

void RunHistory::Ring::add(const RunSample& sample) {
  const bool isNew =
      samples.empty() || step == 0 || std::floor(samples.back().at / step) != std::floor(sample.at / step);
  if (isNew) {
    samples.push_back(sample);
    merged = 1;
    const auto limit = step == 0 ? samplesMax : ringSamplesMax;
    if (samples.size() > limit) samples.pop_front();
  } else {
    merge(samples.back(), sample, merged++);
  }
}

void RunHistory::add(const RunSample& sample) {
  for (auto& ring : m_rings) ring.add(sample);
}

void RunHistory::add(const RunFigures& run, double at) {
  auto sample = sampleOf(run, at);
  sample.deadLetters = m_letters.take(run);
  add(sample);
  if (run.snapshots > m_snapshots && m_snapshots > 0) mark(RunMark::Kind::Snapshot, at, QStringLiteral("snapshot"));
  if (run.restarts > m_restarts) mark(RunMark::Kind::Restart, at, QStringLiteral("restart"));
  if (run.state != m_state && !m_state.isEmpty()) mark(RunMark::Kind::State, at, run.state);
  addEvents(run, at);
  m_snapshots = run.snapshots;
  m_restarts = run.restarts;
  m_state = run.state;
  addHeat(run, at);
}

void RunHistory::note(Note event) {
  m_events.push_back(std::move(event));
  ++m_eventCount;
  if (m_events.size() > eventsMax) m_events.pop_front();
}

/// What the figures tell that those before did not.
void RunHistory::addEvents(const RunFigures& run, double at) {
  if (run.state != m_state) {
    note({std::llround(at * 1000),
          run.state == QLatin1String("failed") ? Health::Critical : Health::Ok,
          {},
          run.message.isEmpty() ? run.state : run.state + QStringLiteral(": ") + run.message});
  }
  for (const auto& [name, f] : run.actors) {
    for (const auto& task : f.tasks) {
      const auto told = m_healthSince.try_emplace(task->task, 0).first;
      const auto tell = [&](const HealthChange& change) {
        // A task that has always run is no event.
        if (change.sinceMs <= told->second || (told->second == 0 && !isTrouble(change.state))) return;
        note({change.sinceMs, levelOf(change.state), QString::fromStdString(task->task), textOf(task->task, change)});
      };
      if (task->now.sinceMs == told->second) continue;
      for (const auto& change : task->before) tell(change);
      tell(task->now);
      told->second = task->now.sinceMs;
    }
  }
  for (const auto& recovery : run.recoveries) {
    if (recovery.failedAtMs <= m_recoveredMs) continue;
    m_recoveredMs = recovery.failedAtMs;
    note({std::llround(at * 1000), Health::Warning, QString::fromStdString(recovery.cause), textOf(recovery)});
  }
}

void RunHistory::mark(RunMark::Kind kind, double at, const QString& text) {
  m_marks.push_back({kind, at, at, text});
  if (m_marks.size() > marksMax) m_marks.pop_front();
}

void RunHistory::markFault(const QString& text, double at, bool isOver) {
  note({std::llround(at * 1000),
        isOver ? Health::Ok : Health::Warning,
        {},
        isOver ? QStringLiteral("fault over: %1").arg(text) : QStringLiteral("fault: %1").arg(text)});
  if (!isOver) {
    m_marks.push_back({RunMark::Kind::Fault, at, 0, text});
    if (m_marks.size() > marksMax) m_marks.pop_front();
    return;
  }
  for (auto& m : m_marks) {
    if (m.kind == RunMark::Kind::Fault && m.until == 0 && m.text == text) m.until = at;
  }
}

void RunHistory::addHeat(const RunFigures& run, double at) {
  for (const auto& [name, f] : run.actors) {
    if (m_heatActors.size() >= heatActorsMax) break;
    if (std::ranges::find(m_heatActors, name) == m_heatActors.end()) m_heatActors.push_back(name);
  }
  if (m_heat.empty() || std::floor(m_heat.back().at / heatStepS) != std::floor(at / heatStepS)) {
    m_heat.push_back({at, {}});
    if (m_heat.size() > heatColumnsMax) m_heat.pop_front();
  }
  auto& cells = m_heat.back().cells;
  cells.resize(m_heatActors.size());
  for (std::size_t i = 0; i < m_heatActors.size(); ++i) {
    const auto f = run.actors.find(m_heatActors[i]);
    if (f == run.actors.end()) continue;
    const auto now = cellOf(f->second);
    for (std::size_t q = 0; q < now.size(); ++q) cells[i][q] = std::max(cells[i][q], now[q]);
  }
}

std::vector<RunSample> RunHistory::last(double seconds) const {
  const Ring* ring = &m_rings.back();
  for (const auto& r : m_rings) {
    if (r.span < seconds) continue;
    ring = &r;
    break;
  }
  std::vector<RunSample> samples;
  if (ring->samples.empty()) return samples;
  const double from = ring->samples.back().at - seconds;
  const auto first = std::ranges::lower_bound(ring->samples, from, {}, &RunSample::at);
  samples.assign(first, ring->samples.end());
  return samples;
}

std::vector<RunSample> RunHistory::between(double from, double until) const {
  const double begin = std::max(from, oldest());
  // One sample less at the beginning is better than all of them coarser.
  const double slack = (until - begin) * missingMax;
  const auto ring = std::ranges::find_if(
      m_rings, [&](const Ring& r) { return !r.samples.empty() && r.samples.front().at <= begin + slack; });
  if (ring == m_rings.end()) return {};
  const auto first = std::ranges::lower_bound(ring->samples, from, {}, &RunSample::at);
  const auto end = std::ranges::upper_bound(ring->samples, until, {}, &RunSample::at);
  return first < end ? std::vector<RunSample>{first, end} : std::vector<RunSample>{};
}

double RunHistory::oldest() const noexcept {
  return m_rings.back().samples.empty() ? 0 : m_rings.back().samples.front().at;
}

double RunHistory::newest() const noexcept {
  return m_rings.front().samples.empty() ? 0 : m_rings.front().samples.back().at;
}

std::size_t RunHistory::bytes() const {
  std::size_t sum = m_marks.size() * sizeof(RunMark);
  for (const auto& ring : m_rings) sum += ring.samples.size() * sizeof(RunSample);
  for (const auto& column : m_heat) sum += sizeof(column) + column.cells.capacity() * sizeof(HeatCell);
  return sum;
}

QByteArray toCsv(const std::vector<RunSample>& samples) {
  QByteArray text =
      "time,in_per_s,out_per_s,behind_ms,backlog,latency_p50_ms,latency_p99_ms,busy,blocked,fill,state_bytes,"
      "snapshot_ms\n";
  for (const auto& s : samples) {
    text += QDateTime::fromMSecsSinceEpoch(std::llround(s.at * 1000), Qt::UTC).toString(Qt::ISODateWithMs).toUtf8();
    for (const double value : {s.inPerS, s.outPerS, s.behindMs, s.backlog, s.latencyP50, s.latencyP99, s.busy,
                               s.blocked, s.fill, s.stateBytes, s.snapshotMs}) {
      text += ',' + QByteArray::number(value, 'g', 10);
    }
    text += '\n';
  }
  return text;
}

}  // namespace millrace::workbench
