#include "core/chaos_trial.hpp"

#include <QTest>

namespace millrace::workbench {
namespace {

constexpr double injectedAt = 1000, struckUntil = 1005;

/// A run that takes so many events a second, and whose rule has given up so many.
RunFigures having(double deadLetters, double perSecond = 100) {
  RunFigures run;
  run.state = QStringLiteral("running");
  auto& source = run.actors["source"];
  source.kind = ActorKind::Producer;
  source.outPerS = perSecond;
  run.actors["rule"].deadLetters = deadLetters;
  auto& sink = run.actors["sink"];
  sink.kind = ActorKind::Sink;
  sink.inPerS = perSecond;
  return run;
}

struct Course {
  double before = 0;      ///< dead letters a second, before it
  double since = 0;       ///< and from then on
  double atOnce = 0;      ///< when it strikes
  bool restarts = false;  ///< the rule's counter begins anew
  double burst = 1;       ///< so many times the events while it strikes
};

/// What becomes of a fault that strikes three times.
VerdictCard outcomeOf(const Course& c, const char* kind = "slow") {
  RunHistory history;
  for (int i = 0; i <= 20; ++i) history.add(having(c.before * i / 4), injectedAt - 5 + i / 4.0);
  double given = c.before * 5;
  ChaosTrial trial{FaultWish{kind, "rule", {}}, history.last(5), having(given), injectedAt};
  given = c.restarts ? 0 : given + c.atOnce;
  FaultNote fault;
  fault.hits = 3;
  fault.state = QStringLiteral("active");
  for (double now = injectedAt + 0.25; !trial.isOver(); now += 0.25) {
    const bool isStruck = now < struckUntil;
    if (!isStruck) fault.state = QStringLiteral("over");
    trial.observe(fault, now);
    trial.observe(having(given, isStruck ? 100 * c.burst : 100), now);
    given += c.since * 0.25;
  }
  return trial.card();
}

QString verdictOf(const Course& c, const char* kind = "slow") {
  return outcomeOf(c, kind).verdict;
}

const QString pass = QStringLiteral("PASS"), fail = QStringLiteral("FAIL");

}  // namespace

class ChaosTrialTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void whatIsGivenUpWithoutTheFaultTooIsNotItsDoing() {
    QCOMPARE(verdictOf({}), pass);
    const auto asBefore = outcomeOf({.before = 4, .since = 4});
    QCOMPARE(asBefore.verdict, pass);
    QVERIFY2(asBefore.lines.back().text.endsWith(QStringLiteral("4/s before")), qPrintable(asBefore.lines.back().text));
    QCOMPARE(asBefore.lines.back().health, Health::Ok);
    // More events, more of those that were given up before.
    QCOMPARE(verdictOf({.before = 4, .since = 10, .burst = 4}), pass);
  }
  void whatIsGivenUpMoreThanBeforeFails() {
    for (const auto& card : {outcomeOf({.since = 0.2}), outcomeOf({.before = 4, .since = 12})}) {
      QCOMPARE(card.verdict, fail);
      QCOMPARE(card.lines.back().health, Health::Warning);
    }
  }
  void countersThatBeginAnewHideNothing() {
    QCOMPARE(verdictOf({.before = 4, .since = 4, .restarts = true}), pass);
    QCOMPARE(verdictOf({.before = 4, .since = 12, .restarts = true}), fail);
  }
  void poisonIsToBecomeDeadLetters() {
    QCOMPARE(verdictOf({.atOnce = 3}, "poison-malformed"), pass);
    QCOMPARE(verdictOf({.atOnce = 2}, "poison-malformed"), fail);
    QCOMPARE(verdictOf({.atOnce = 4}, "poison-malformed"), fail);
    // What can be read may, or may not.
    QCOMPARE(verdictOf({}, "poison-late"), pass);
    QCOMPARE(verdictOf({.atOnce = 3}, "poison-late"), pass);
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::ChaosTrialTest)
#include "chaos_trial_test.moc"
