#include "core/chaos_trial.hpp"

#include <QTest>

namespace millrace::workbench {
namespace {

constexpr double injectedAt = 1000, struckUntil = 1005;

/// A run that takes a hundred events a second, and has given up so many so far.
RunFigures having(double deadLetters) {
  RunFigures run;
  run.state = QStringLiteral("running");
  auto& rule = run.actors["rule"];
  rule.deadLetters = deadLetters;
  auto& sink = run.actors["sink"];
  sink.kind = ActorKind::Sink;
  sink.inPerS = 100;
  return run;
}

/// What becomes of a fault that strikes three times, in a run that gives up so many events a second before and from
/// then on, and so many more at once.
VerdictCard cardOf(double before, double since, const char* kind = "slow", double atOnce = 0) {
  std::vector<RunSample> samples;
  for (int i = 0; i <= 20; ++i) samples.push_back(sampleOf(having(before * i / 4), injectedAt - 5 + i / 4.0));
  const double there = before * 5;
  ChaosTrial trial{FaultWish{kind, "rule", {}}, samples, having(there), injectedAt};
  FaultNote fault;
  fault.hits = 3;
  fault.state = QStringLiteral("active");
  for (double now = injectedAt; !trial.isOver(); now += 0.25) {
    if (now >= struckUntil) fault.state = QStringLiteral("over");
    trial.observe(fault, now);
    trial.observe(having(there + atOnce + since * (now - injectedAt)), now);
  }
  return trial.card();
}

}  // namespace

class ChaosTrialTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void whatIsGivenUpWithoutTheFaultTooIsNotItsDoing() {
    QCOMPARE(cardOf(0, 0).verdict, QStringLiteral("PASS"));
    const auto asBefore = cardOf(4, 4);
    QCOMPARE(asBefore.verdict, QStringLiteral("PASS"));
    QVERIFY2(asBefore.lines.back().text.endsWith(QStringLiteral("4/s before")), qPrintable(asBefore.lines.back().text));
    QCOMPARE(asBefore.lines.back().health, Health::Ok);
  }
  void whatIsGivenUpMoreThanBeforeFails() {
    for (const auto& card : {cardOf(0, 0.2), cardOf(4, 12)}) {
      QCOMPARE(card.verdict, QStringLiteral("FAIL"));
      QCOMPARE(card.lines.back().health, Health::Warning);
    }
  }
  void poisonIsToBecomeDeadLetters() {
    QCOMPARE(cardOf(0, 0, "poison-malformed", 3).verdict, QStringLiteral("PASS"));
    QCOMPARE(cardOf(0, 0, "poison-malformed", 2).verdict, QStringLiteral("FAIL"));
    QCOMPARE(cardOf(0, 0, "poison-malformed", 4).verdict, QStringLiteral("FAIL"));
    // What can be read may, or may not.
    QCOMPARE(cardOf(0, 0, "poison-late").verdict, QStringLiteral("PASS"));
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::ChaosTrialTest)
#include "chaos_trial_test.moc"
