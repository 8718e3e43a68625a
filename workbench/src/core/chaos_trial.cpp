#include "core/chaos_trial.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/call_arguments.hpp"
#include "core/json_reading.hpp"
#include "core/param_text.hpp"
#include "millrace/chaos/poison.hpp"
#include "millrace/chaos/verdict.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds usualDuration{5000};
constexpr double recoveredShare = 0.95;
/// After the recovery it is watched a little longer, for the latency that stays.
constexpr double settleS = 3;
/// An injected fault that is never seen again is given up after so long.
constexpr double faultMaxS = 90;

Health healthOf(const QString& verdict) {
  if (verdict == QLatin1String("PASS")) return Health::Ok;
  if (verdict == QLatin1String("FAIL")) return Health::Critical;
  return Health::Warning;
}

QString secondsText(double s) {
  return millisecondsText(s * 1000);
}

/// Lines of an experiment's report that compare the output.
void addOutput(const json& report, VerdictCard& card) {
  if (!flagOf(report, "has_oracle")) return;
  const auto& output = memberOf(report, "output");
  double wrong = 0;
  QStringList parts;
  for (const auto* what : {"lost", "duplicated", "changed", "unexpected", "reordered"}) {
    wrong += numberOf(output, what);
    parts << QStringLiteral("%1 %2").arg(countText(numberOf(output, what)), QString::fromLatin1(what));
  }
  card.lines.push_back({wrong > 0 ? Health::Critical : Health::Ok,
                        QStringLiteral("output: %1 records compared, %2")
                            .arg(countText(numberOf(output, "expected")), parts.join(QStringLiteral(", ")))});
}

}  // namespace

FaultWish usualFault(const chaos::fault_entry& kind, std::string target) {
  FaultWish wish;
  wish.kind = kind.name;
  wish.target = std::move(target);
  for (const auto& p : kind.parameters) wish.parameters[p.name] = p.usual;
  if (kind.usual_hits == 0) wish.duration = usualDuration;
  return wish;
}

json toArguments(const FaultWish& wish, const std::string& topology) {
  json args{{"topology", topology}, {"kind", wish.kind}, {"target", wish.target}, {"seed", wish.seed}};
  args["parameters"] = wish.parameters;
  if (wish.duration.count() > 0) args["for_ms"] = wish.duration.count();
  return args;
}

nlohmann::ordered_json toExperiment(const FaultWish& wish, const ExperimentTarget& target) {
  auto experiment = newExperiment(target);
  experiment["title"] = wish.kind + (wish.target.empty() ? "" : " of " + wish.target);
  auto& own = experiment["extensions"][0];
  own["seed"] = wish.seed;
  const auto kind = chaos::fault_kind_of(wish.kind);
  if (!kind) return experiment;
  auto inject = makeInjection(chaos::entry_of(*kind), target.spec.name, wish.target);
  auto& words = inject["provider"]["arguments"];
  for (const auto& [name, value] : wish.parameters) setParameter(words, name, toStd(valueText(param_value{value})));
  if (wish.duration.count() > 0) setOption(words, "--for", std::to_string(wish.duration.count()) + "ms");
  experiment["method"] = nlohmann::ordered_json::array({std::move(inject)});
  return experiment;
}

std::vector<FaultNote> readFaults(const json& answer) {
  std::vector<FaultNote> faults;
  if (!answer.is_array()) return faults;
  for (const auto& f : answer) {
    if (!f.is_object()) continue;
    faults.push_back({countOf(f, "id"), countOf(f, "hits"), countOf(f, "hits_max"), countOf(f, "seed"),
                      textOf(f, "kind"), textOf(f, "target"), textOf(f, "state"), numberOf(f, "age_ms"),
                      numberOf(f, "left_ms")});
  }
  return faults;
}

std::vector<std::string> actorsOf(const QString& target) {
  std::vector<std::string> actors;
  for (const auto& end : target.section(QLatin1Char('@'), 0, 0).split(QStringLiteral("->"))) {
    const auto actor = end.section(QLatin1Char('/'), 0, 0);
    if (!actor.isEmpty() && actor != QLatin1String("*")) actors.push_back(toStd(actor));
  }
  return actors;
}

VerdictCard cardOf(const json& report) {
  VerdictCard card;
  if (!report.is_object()) return card;
  card.verdict = textOf(report, "verdict");
  card.health = healthOf(card.verdict);
  card.title = textOf(report, "title");
  for (const auto& reason : listOf(report, "reasons")) {
    if (reason.is_string()) card.lines.push_back({card.health, toQt(reason.get<std::string>())});
  }
  addOutput(report, card);
  const bool isBack = memberOf(report, "recovery_ms").is_number();
  card.lines.push_back(
      {isBack ? Health::Ok : Health::Warning,
       QStringLiteral("throughput: %1 before, %2")
           .arg(rateText(numberOf(report, "baseline_per_s")),
                isBack ? QStringLiteral("back after ") + millisecondsText(numberOf(report, "recovery_ms"))
                       : QStringLiteral("not seen to come back"))});
  card.lines.push_back({Health::Ok, QStringLiteral("latency p99: %1 before, %2 during, %3 after")
                                        .arg(millisecondsText(numberOf(report, "p99_before_ms")),
                                             millisecondsText(numberOf(report, "p99_during_ms")),
                                             millisecondsText(numberOf(report, "p99_after_ms")))});
  for (const auto& fault : listOf(report, "faults")) {
    if (!fault.is_object()) continue;
    card.lines.push_back({countOf(fault, "hits") > 0 ? Health::Ok : Health::Warning,
                          QStringLiteral("%1 %2: struck %3, seed %4")
                              .arg(textOf(fault, "kind"), textOf(fault, "target"), timesText(numberOf(fault, "hits")))
                              .arg(countOf(fault, "seed"))});
  }
  return card;
}

ChaosTrial::ChaosTrial(FaultWish wish, const std::vector<RunSample>& before, const RunFigures& run, double now)
    : m_wish{std::move(wish)},
      m_begun{now},
      m_now{now},
      m_letters{before, run, now},
      m_restartsBefore{run.restarts},
      m_restarts{run.restarts},
      m_state{run.state} {
  for (const auto& s : before) {
    m_baseline += s.outPerS / static_cast<double>(before.size());
    m_p99Before = std::max(m_p99Before, s.latencyP99);
  }
}

/// Each poisonous input that cannot be read becomes a dead letter; one that can may.
std::string ChaosTrial::wrongLetters() const {
  const auto kind = chaos::fault_kind_of(m_wish.kind);
  const bool isPoison = kind && chaos::is_poison(*kind);
  const double poison = isPoison ? static_cast<double>(m_hits) : 0;
  if (m_letters.excess() - poison > m_letters.chance()) {
    return toStd(countText(m_letters.excess() - poison)) + " more events than before were given up as dead letters";
  }
  if (isPoison && !chaos::is_readable_poison(*kind) && m_letters.excess() < poison - m_letters.chance()) {
    return "input that cannot be read is in no dead letter";
  }
  return {};
}

double ChaosTrial::lastSecond() const {
  double sum = 0;
  for (const auto& s : m_recent) sum += s.outPerS;
  return m_recent.empty() ? 0 : sum / static_cast<double>(m_recent.size());
}

void ChaosTrial::observe(const RunFigures& run, double now) {
  m_now = now;
  m_state = run.state;
  m_isActive = run.isActive();
  m_restarts = std::max(m_restarts, run.restarts);
  m_letters.observe(run, now);
  const auto sample = sampleOf(run, now);
  m_recent.push_back(sample);
  std::erase_if(m_recent, [now](const RunSample& s) { return s.at < now - 1; });
  if (!m_recovered) m_p99During = std::max(m_p99During, sample.latencyP99);
  if (m_recovered) m_p99After = sample.latencyP99;
  const bool isWhole = m_ended && now - *m_ended >= 1;
  if (isWhole && !m_recovered && m_isActive && lastSecond() >= recoveredShare * m_baseline) m_recovered = now;
}

void ChaosTrial::observe(const FaultNote& fault, double now) {
  m_hits = std::max(m_hits, fault.hits);
  if (!fault.isActive() && !m_ended) m_ended = now;
}

bool ChaosTrial::isOver() const {
  if (m_recovered && m_now - *m_recovered >= settleS) return true;
  if (m_ended && m_now - *m_ended >= recoveryMaxS) return true;
  return m_now - m_begun >= faultMaxS;
}

VerdictCard ChaosTrial::card() const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  chaos::findings f;
  f.faults = 1;
  f.faults_without_hits = m_hits == 0 ? 1 : 0;
  f.was_steady_before = m_baseline > 0;
  f.is_steady_after = m_isActive;
  f.baseline_per_s = m_baseline;
  f.recovery_limit = milliseconds{static_cast<std::int64_t>(recoveryMaxS * 1000)};
  if (m_recovered && m_ended) {
    f.recovery = duration_cast<milliseconds>(std::chrono::duration<double>{*m_recovered - *m_ended});
  }
  f.p99_before_ms = m_p99Before;
  f.p99_during_ms = m_p99During;
  f.p99_after_ms = m_p99After;
  f.failure = wrongLetters();
  const auto judged = chaos::judge(f);
  VerdictCard card;
  card.verdict = QString::fromLatin1(chaos::to_string(judged.what));
  card.health = healthOf(card.verdict);
  card.title = toQt(m_wish.kind + " " + m_wish.target);
  for (const auto& reason : judged.reasons) card.lines.push_back({card.health, toQt(reason)});
  const auto check = [&card](bool isFine, const QString& words) {
    card.lines.push_back({isFine ? Health::Ok : Health::Warning, words});
  };
  check(m_hits > 0,
        QStringLiteral("the fault struck %1, seed %2").arg(timesText(static_cast<double>(m_hits))).arg(m_wish.seed));
  check(m_isActive, QStringLiteral("the run is %1, with %2 restarts").arg(m_state).arg(m_restarts - m_restartsBefore));
  check(m_recovered.has_value(), QStringLiteral("throughput: %1 before, %2 (limit %3)")
                                     .arg(rateText(m_baseline),
                                          m_recovered ? QStringLiteral("back at 95 % after ") +
                                                            secondsText(*m_recovered - m_ended.value_or(m_begun))
                                                      : QStringLiteral("not back at 95 %"),
                                          secondsText(recoveryMaxS)));
  check(judged.what != chaos::verdict_kind::degraded || m_p99After <= 2 * m_p99Before,
        QStringLiteral("latency p99: %1 before, %2 during, %3 after")
            .arg(millisecondsText(m_p99Before), millisecondsText(m_p99During), millisecondsText(m_p99After)));
  auto letters = QStringLiteral("dead letters: %1 new").arg(countText(m_letters.given()));
  if (m_letters.perSecondBefore() > 0) {
    letters += QStringLiteral(", %1 before").arg(rateText(m_letters.perSecondBefore()));
  }
  check(wrongLetters().empty(), letters);
  return card;
}

}  // namespace millrace::workbench
