#include "core/experiment_progress.hpp"

#include <algorithm>

#include "core/figures.hpp"
#include "core/json_reading.hpp"
#include "core/run_history.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

std::optional<double> secondsOf(const json& j, const char* name) {
  return memberOf(j, name).is_number() ? std::optional{numberOf(j, name) / 1000} : std::nullopt;
}

Health healthOf(const QString& state) {
  if (state == QLatin1String("succeeded")) return Health::Ok;
  if (state == QLatin1String("failed")) return Health::Critical;
  return state == QLatin1String("deviated") ? Health::Warning : Health::Idle;
}

}  // namespace

void ExperimentProgress::take(const QString& line) {
  const auto text = toStd(line);
  const auto event = json::parse(text, nullptr, false);
  if (!event.is_object()) return;
  const auto name = textOf(event, "event");
  m_elapsedS = std::max(m_elapsedS, secondsOf(event, "elapsed_ms").value_or(m_elapsedS));
  if (name == QLatin1String("begin")) {
    begin(event);
  } else if (name == QLatin1String("phase")) {
    enter(textOf(event, "name"));
  } else if (name == QLatin1String("activity")) {
    noteActivity(event);
  } else if (name == QLatin1String("steady_state")) {
    const bool isMet = flagOf(event, "is_met");
    addStep({m_elapsedS, QStringLiteral("steady state %1").arg(textOf(event, "when")), QStringLiteral("hypothesis"),
             isMet ? QStringLiteral("holds") : QStringLiteral("does not hold"), isMet ? Health::Ok : Health::Critical});
  } else if (name == QLatin1String("sample")) {
    m_figures = QStringLiteral("%1, p99 %2, struck %3")
                    .arg(rateText(numberOf(event, "per_s")), millisecondsText(numberOf(event, "p99_ms")),
                         timesText(numberOf(event, "hits")));
  } else if (name == QLatin1String("verdict")) {
    m_report = memberOf(event, "report");
    m_reportText = textOf(event, "text");
    end(m_elapsedS);
  }
}

void ExperimentProgress::begin(const json& event) {
  m_title = textOf(event, "title");
  m_abortAfterS = secondsOf(event, "abort_after_ms");
  for (const auto& p : listOf(event, "phases")) {
    if (p.is_object()) {
      m_phases.push_back({textOf(p, "name"), secondsOf(p, "expected_ms"), secondsOf(p, "most_ms"), {}, {}});
    }
  }
}

void ExperimentProgress::enter(const QString& phase) {
  for (auto& p : m_phases) {
    if (p.begunS && !p.endedS) p.endedS = m_elapsedS;
  }
  auto at = std::ranges::find(m_phases, phase, &Phase::name);
  if (at == m_phases.end()) at = m_phases.insert(m_phases.end(), {phase, {}, {}, {}, {}});
  at->begunS = m_elapsedS;
  at->endedS.reset();
}

void ExperimentProgress::end(double nowS) {
  m_isOver = true;
  m_elapsedS = std::max(m_elapsedS, nowS);
  for (auto& p : m_phases) {
    if (p.begunS && !p.endedS) p.endedS = m_elapsedS;
  }
}

std::optional<std::size_t> ExperimentProgress::present() const {
  const auto at = std::ranges::find_if(m_phases, [](const Phase& p) { return p.begunS && !p.endedS; });
  return at == m_phases.end() ? std::nullopt : std::optional{static_cast<std::size_t>(at - m_phases.begin())};
}

double ExperimentProgress::expectedS() const {
  double sum = 0;
  for (const auto& p : m_phases) {
    const double known = p.expectedS.value_or(0);
    sum += p.endedS ? *p.endedS - *p.begunS : p.begunS ? std::max(known, m_elapsedS - *p.begunS) : known;
  }
  return sum;
}

void ExperimentProgress::addStep(Step step) {
  m_steps.push_back(std::move(step));
  if (m_steps.size() > stepsMax) m_steps.pop_front();
}

/// One line for each, which changes when it ends.
void ExperimentProgress::noteActivity(const json& event) {
  const auto state = textOf(event, "state");
  const auto what = QStringLiteral("%1 %2").arg(textOf(event, "type"), textOf(event, "name"));
  if (state != QLatin1String("begun")) {
    const auto own = std::find_if(m_steps.rbegin(), m_steps.rend(),
                                  [&](const Step& s) { return s.what == what && s.state == QLatin1String("begun"); });
    if (own != m_steps.rend()) {
      own->state = state;
      own->health = healthOf(state);
      return;
    }
  }
  addStep({m_elapsedS, what, textOf(event, "part"), state, healthOf(state)});
}

}  // namespace millrace::workbench
