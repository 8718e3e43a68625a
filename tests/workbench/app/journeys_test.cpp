#include <signal.h>

#include <QDirIterator>
#include <QPushButton>
#include <QTest>
#include <set>
#include <vector>

#include "core/text.hpp"
#include "engine_witness.hpp"
#include "straight_run.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::eventsBelow;
using testing::patience;

namespace {

/// Lines in all files below a folder.
qsizetype linesBelow(const QString& folder) {
  qsizetype lines = 0;
  for (QDirIterator files{folder, {QStringLiteral("*.csv")}, QDir::Files, QDirIterator::Subdirectories};
       files.hasNext();) {
    QFile file{files.next()};
    if (file.open(QIODevice::ReadOnly)) lines += file.readAll().count('\n');
  }
  return lines;
}

}  // namespace

/// The journeys of a person, from the first key on, against a real engine process.
class JourneysTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void aFirstTopologyRunsAfterSixteenKeys() {
    testing::User user;
    for (const auto* letters : {"gen", "win", "fsi"}) {
      user.key(Qt::Key_Tab);
      user.type(letters);
      user.key(Qt::Key_Return);
    }
    user.key(Qt::Key_F5);
    QCOMPARE(user.events(), 16);

    const auto output = tab().document().baseFolder() + QStringLiteral("/out/file_sink");
    QTRY_VERIFY_WITH_TIMEOUT(linesBelow(output) > 100, patience);
    testing::EngineWitness engine{session().address()};
    QCOMPARE(engine.state("topology-1"), std::string{"running"});
    const auto status = engine.ask("status", "topology-1");
    QCOMPARE(status.at("tasks").size(), std::size_t{4});
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->actors.at("file_sink").inPerS > 0,
                             patience);
    QVERIFY(tab().scene().node("generator")->content().figures.has_value());

    user.key(Qt::Key_F6, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state("topology-1") == "stopped", patience);
    // What was stopped is at rest: nothing is written any more.
    const auto lines = linesBelow(output);
    QCOMPARE(engine.state("topology-1"), std::string{"stopped"});
    QCOMPARE(linesBelow(output), lines);
  }

  void whyAsksTheEngineAndEnterGoesToTheCulprit() {
    QVERIFY(m_place.open(slowTopology(20'000)));
    testing::User user;
    user.key(Qt::Key_F5);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->uptimeS > 3, patience);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().engine().statusLine()->whyButton()->isVisible(), patience);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(engine.ask("why", "slow").value("where", "").starts_with("work/"), patience);
    user.click(m_place.window().engine().statusLine()->whyButton());
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().engine().diagnosis()->sentence().contains(QStringLiteral("work/0")),
                             patience);
    user.key(Qt::Key_Return);
    QCOMPARE(tab().scene().selectedActors(), std::vector<std::string>{"work"});
    QCOMPARE(user.events(), 3);
    // Who looks changes nothing: what came out is what the first events give, whoever runs them.
    user.key(Qt::Key_F6, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state("slow") == "stopped", patience);
    auto written = testing::sortedBelow(tab().document().baseFolder() + QStringLiteral("/slow"));
    QVERIFY(written.size() > 100);
    const auto wanted = testing::straightRun(slowTopology(1), written.size(), m_place.path(QStringLiteral("straight")));
    QCOMPARE(testing::difference(written, wanted), QByteArray{});
    // Control: one event that is lost, or written twice, is seen.
    const auto event = written.front();
    written.erase(written.begin());
    QVERIFY(testing::difference(written, wanted).startsWith("1 lost (" + event.trimmed()));
    written.insert(written.begin(), 2, event);
    QVERIFY(testing::difference(written, wanted).contains("1 too many (" + event.trimmed()));
  }

  void severalCausesAreRankedAndEachIsReached() {
    auto spec = slowTopology(20'000);
    for (const auto& [at, name] : {std::pair{0, "events2"}, {1, "spread2"}, {2, "other"}}) {
      spec.actors.push_back(spec.actors[static_cast<std::size_t>(at)]);
      spec.actors.back().name = name;
    }
    QVERIFY(m_place.open(spec.connect("events2", "spread2").connect("spread2", "other").connect("other", "out")));
    testing::User user;
    user.key(Qt::Key_F5);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->uptimeS > 3, patience);
    auto& panel = *m_place.window().engine().diagnosis();
    const auto asked = [&] {
      m_place.window().engine().diagnose();
      return testing::Workplace::waitFor([&] { return panel.causes().topLevelItemCount() > 0; }) &&
             panel.causes().topLevelItemCount() >= 2;
    };
    QVERIFY(testing::Workplace::waitFor(asked));
    const auto shownAt = [&](int row) { return panel.causes().topLevelItem(row)->text(1); };
    const QStringList culprits{shownAt(0), shownAt(1)};
    QVERIFY2(QSet<QString>(culprits.begin(), culprits.end()) ==
                 (QSet<QString>{QStringLiteral("work"), QStringLiteral("other")}),
             qPrintable(culprits.join(QLatin1Char(' '))));
    QVERIFY(panel.sentence().contains(culprits[0] + QStringLiteral("/0")));
    user.key(Qt::Key_Down);
    QVERIFY2(panel.sentence().contains(culprits[1] + QStringLiteral("/0")), qPrintable(panel.sentence()));
    user.key(Qt::Key_Return);
    QCOMPARE(tab().scene().selectedActors(), std::vector<std::string>{toStd(culprits[1])});
    // The way there is a list of its own.
    m_place.window().raisePanel(QStringLiteral("Diagnose"));
    panel.path().setFocus();
    panel.path().setCurrentRow(panel.path().count() - 1);
    user.key(Qt::Key_Return);
    QCOMPARE(tab().scene().selectedActors(),
             std::vector<std::string>{culprits[1] == QStringLiteral("work") ? "spread" : "spread2"});
  }

  void whyOneTopologyIsSlowIsNotShownForAnother() {
    QVERIFY(m_place.run(slowTopology(20'000)));
    auto& panel = *m_place.window().engine().diagnosis();
    m_place.window().engine().diagnose();
    QTRY_VERIFY_WITH_TIMEOUT(session().pendingCommands() == 0, patience);
    const auto said = panel.sentence();
    m_place.window().newDocument();
    QVERIFY(panel.sentence() != said);
    const auto nothing = panel.sentence();
    // Nor what comes after the tab was left.
    m_place.window().closeTab(m_place.window().tabCount() - 1);
    m_place.window().engine().diagnose();
    QVERIFY(session().pendingCommands() > 0);
    m_place.window().newDocument();
    QTRY_VERIFY_WITH_TIMEOUT(session().pendingCommands() == 0, patience);
    QCOMPARE(panel.sentence(), nothing);
    QCOMPARE(panel.causes().topLevelItemCount(), 0);
  }

  void aKilledEngineComesBackAndTheRunGoesOn() {
    QVERIFY(m_place.open(countedTopology()));
    testing::User user;
    user.key(Qt::Key_F5);
    const auto output = tab().document().baseFolder() + QStringLiteral("/counted");
    QTRY_VERIFY_WITH_TIMEOUT(linesBelow(output) > 1, patience);
    ::kill(static_cast<pid_t>(session().processId()), SIGKILL);
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    QVERIFY(m_place.window().engine().banner()->text().contains(QStringLiteral("killed")));
    // Editing goes on meanwhile.
    tab().addTypeAt(QStringLiteral("millrace.null_sink"), {0, 400});
    QCOMPARE(tab().document().spec().actors.size(), std::size_t{3});
    tab().document().undoStack().undo();
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
    // Exactly once: the header of each file apart, every event is there once.
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(engine.state("counted") == "finished", patience);
    const auto lines = eventsBelow(output);
    QCOMPARE(lines.size(), std::size_t{20'000});
    QCOMPARE((std::set<QByteArray>{lines.begin(), lines.end()}).size(), std::size_t{20'000});
    QVERIFY(m_place.window().engine().banner()->isHidden());
  }

  void aStoppedProcessIsLostAndFoundAgain() {
    QVERIFY(m_place.open(slowTopology(20'000)));
    testing::User user;
    user.key(Qt::Key_F5);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->uptimeS > 0, patience);
    const auto pid = static_cast<pid_t>(session().processId());
    ::kill(pid, SIGSTOP);
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Stale, patience);
    QVERIFY(tab().scene().node("work")->content().isStale);
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Lost, patience);
    QVERIFY(!m_place.window().engine().banner()->isHidden());
    // The last values stay to be seen.
    QVERIFY(tab().scene().node("work")->content().figures.has_value());
    ::kill(pid, SIGCONT);
    QTRY_VERIFY_WITH_TIMEOUT(session().state() == EngineSession::State::Connected, patience);
    QVERIFY(!tab().scene().node("work")->content().isStale);
  }

  void whatTheEngineRefusesIsSaidAndTheWindowGoesOn() {
    tab().addTypeAt(QStringLiteral("millrace.file_source"), {0, 0});
    testing::User user;
    user.key(Qt::Key_F5);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().engine().banner()->text().contains(QStringLiteral("failed")), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!m_place.window().problems().model().rowCount() == 0, patience);
    QTRY_COMPARE_WITH_TIMEOUT(session().pendingCommands(), std::size_t{0}, patience);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  /// A script that takes its time holds everything before it up.
  static topology slowTopology(int rounds) {
    topology t;
    t.name = "slow";
    t.add("events", "millrace.generator");
    t.add("spread", "millrace.by_key");
    t.add("work", "millrace.script",
          {{"key", std::string{"key"}},
           {"script", "function on_event(e, ctx) local s = 0 for i = 1, " + std::to_string(rounds) +
                          " do s = s + i % 7 end ctx:emit(e) end"}});
    t.add("out", "millrace.file_sink", {{"path", std::string{"slow"}}});
    return t.connect("events", "spread").connect("spread", "work").connect("work", "out");
  }
  static topology countedTopology() {
    topology t;
    t.name = "counted";
    t.settings.snapshot_interval = std::chrono::milliseconds{200};
    t.add("events", "millrace.generator", {{"count", std::int64_t{20'000}}, {"rate", 4000.0}});
    t.add("file", "millrace.file_sink", {{"path", std::string{"counted"}}});
    return t.connect("events", "file");
  }
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::JourneysTest)
#include "journeys_test.moc"
