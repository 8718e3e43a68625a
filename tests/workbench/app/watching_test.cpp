#include <QAbstractItemModelTester>
#include <QPushButton>
#include <QTest>

#include "core/text.hpp"
#include "engine_witness.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// What a run says of itself and what happens to it: its log, its tasks' health, its events, events of a wire in Lua.
class WatchingTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void theLogOfARunIsFollowedByActorAndLevel() {
    QVERIFY(m_place.run(talking()));
    m_place.window().raisePanel(QStringLiteral("Run log"));
    auto& log = *m_place.window().watch().log();
    const QAbstractItemModelTester tester{&log.model(), QAbstractItemModelTester::FailureReportingMode::QtTest};
    QTRY_VERIFY_WITH_TIMEOUT(log.isVisible(), patience);
    const auto says = [&log](const char* what) {
      for (int row = 0; row < log.model().rowCount(); ++row) {
        if (log.model().at(row).text.contains(QLatin1String(what))) return true;
      }
      return false;
    };
    // One that was looked for before and another that came later.
    QTRY_VERIFY_WITH_TIMEOUT(says("event 10 "), patience);
    testing::EngineWitness engine{session().address()};
    const auto seen = engine.task(name, "rule").value("events_in", 0);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "rule").value("events_in", 0) > seen + 50, patience);
    const auto rows = log.model().rowCount();
    QTRY_VERIFY_WITH_TIMEOUT(log.model().rowCount() > rows, patience);
    log.actor().setCurrentText(QStringLiteral("rule"));
    QTRY_VERIFY_WITH_TIMEOUT(says("event 10 "), patience);
    for (int row = 0; row < log.model().rowCount(); ++row) QCOMPARE(log.model().at(row).from, QStringLiteral("rule/0"));
    // Nothing of it is an error, and the panel says so.
    log.level().setCurrentText(QStringLiteral("error"));
    QTRY_VERIFY_WITH_TIMEOUT(log.message().contains(QStringLiteral("nothing of this level")), patience);
    QCOMPARE(log.model().rowCount(), 0);
  }

  void aTaskThatFailsIsSeenOnItsNodeAndInTheEvents() {
    QVERIFY(m_place.run(talking()));
    testing::EngineWitness engine{session().address()};
    m_place.tab().scene().select({"rule"});
    m_place.window().chaos().inject();
    Q_EMIT m_place.tab().faultChosen(QStringLiteral("throw"));
    const auto isTold = [&] {
      const auto& model = m_place.window().watch().eventModel();
      bool isBack = false, isFailed = false;
      for (int row = 0; row < model.rowCount(); ++row) {
        isBack |= model.at(row).text.contains(QStringLiteral("rule/0 was back after"));
        isFailed |= model.at(row).text.contains(QStringLiteral("rule/0 backing off"));
      }
      return isBack && isFailed;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isTold(), patience);
    // The engine has the same.
    const auto recoveries = engine.ask("status", name).at("recoveries");
    QVERIFY(!recoveries.empty());
    QCOMPARE(recoveries.at(0).value("cause", ""), std::string{"rule/0"});
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().inspector().health().contains(QStringLiteral("backing off")), patience);
    QVERIFY(healthText(*m_place.tab().scene().node("rule")->content().figures).contains(QStringLiteral("running")));
  }

  void eventsOfTheWireGoIntoTheTrial() {
    QVERIFY(m_place.run(talking()));
    m_place.tab().scene().select({"rule"});
    auto& script = m_place.window().script();
    m_place.window().raisePanel(QStringLiteral("Script"));
    QVERIFY(script.hasScript());
    Q_EMIT script.samplesWanted("rule");
    QTRY_VERIFY_WITH_TIMEOUT(script.fields().contains(QStringLiteral("number:int64")), patience);
    QCOMPARE(script.events().count(QLatin1Char('\n')) + 1, static_cast<qsizetype>(WireSampler::recordsMax));
    script.tryIt();
    QTRY_VERIFY_WITH_TIMEOUT(script.results().contains(QStringLiteral("\"number\"")), patience);
    // Nobody looks at the wire any more, and the panel of wires was not disturbed.
    QTRY_COMPARE_WITH_TIMEOUT(session().pendingCommands(), std::size_t{0}, patience);
    QVERIFY(!m_place.window().steering().wire()->isLooking());
    QCOMPARE(m_place.window().steering().wire()->list().topLevelItemCount(), 0);
  }

  void withoutARunThereIsNothingToSample() {
    m_place.tab().addTypeAt(QStringLiteral("millrace.flat_map"), {0, 0});
    Q_EMIT m_place.window().script().samplesWanted("flat_map");
    QVERIFY(m_place.window().script().results().contains(QStringLiteral("press F5")));
    QVERIFY(m_place.window().watch().log()->message().contains(QStringLiteral("press F5")));
  }

private:
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  static constexpr const char* name = "watched";

  static topology with(const char* body) {
    topology t;
    t.name = name;
    t.settings.snapshot_interval = std::chrono::milliseconds{300};
    t.add("events", "millrace.generator", {{"rate", 200.0}});
    t.add("rule", "millrace.flat_map", {{"body", std::string{body}}});
    t.add("out", "millrace.null_sink");
    return t.connect("events", "rule").connect("rule", "out");
  }
  static topology talking() {
    return with("if e.number % 10 == 0 then ctx:log('event ' .. e.number .. ' is here') end ctx:emit(e)");
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::WatchingTest)
#include "watching_test.moc"
