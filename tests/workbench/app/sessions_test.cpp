#include <QTest>
#include <set>

#include "engine_witness.hpp"
#include "straight_run.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// One workbench after another, over the same folders, each with an engine of its own: what is a file's goes on, what
/// is new begins anew, and nothing runs that nobody asked for or that nobody can stop.
class SessionsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void aNewTopologyIsNotGoneOnWithFromYesterday() {
    const auto first = drawAndRun();
    QCOMPARE(tab().document().spec().name, std::string{"topology-1"});
    m_place.closeWindow();
    const auto before = testing::sortedBelow(first);
    QVERIFY(before.size() > 100);
    QVERIFY(m_place.openWindow());
    // Before anything runs, and without an engine that could be asked.
    QCOMPARE(tab().document().spec().name, std::string{"topology-2"});
    const auto second = drawAndRun();
    testing::EngineWitness engine{session().address()};
    QCOMPARE(engine.state("topology-1"), std::string{"stopped"});
    m_user.key(Qt::Key_F6, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state("topology-2") == "stopped", patience);
    QCOMPARE(engine.state("topology-1"), std::string{"stopped"});
    QCOMPARE(testing::sortedBelow(first), before);
    // Its own events, from the first one on, each once.
    const auto written = numbersBelow(second);
    QVERIFY(written.size() > 100);
    QCOMPARE(*written.begin(), 0);
    QCOMPARE(*written.rbegin(), static_cast<int>(written.size()) - 1);
    QCOMPARE(testing::sortedBelow(second).size(), written.size());
  }

  void aFileGoesOnWhereItWasWhenItIsRunAgain() {
    QVERIFY(m_place.run(counted()));
    const auto output = m_place.path(QStringLiteral("counted"));
    QTRY_VERIFY_WITH_TIMEOUT(testing::eventsBelow(output).size() > 100, patience);
    m_place.closeWindow();
    const auto before = testing::sortedBelow(output);
    QVERIFY(before.size() < eventsMax);
    QVERIFY(m_place.openWindow());
    // Something else is what the engine is started for.
    drawAndRun();
    testing::EngineWitness engine{session().address()};
    QCOMPARE(engine.state("counted"), std::string{"stopped"});
    QVERIFY(m_place.open(counted()));
    m_place.window().engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(engine.state("counted") == "finished", patience);
    const auto all = numbersBelow(output);
    QCOMPARE(all.size(), eventsMax);
    QCOMPARE(testing::eventsBelow(output).size(), eventsMax);
  }

  void whatRunsGoesOnWhenItsOwnEngineIsStartedAnew() {
    drawAndRun();
    const auto pid = session().processId();
    session().restartEngine();
    QTRY_VERIFY_WITH_TIMEOUT(session().processId() != pid && session().state() == EngineSession::State::Connected,
                             patience);
    testing::EngineWitness engine{session().address()};
    QTRY_COMPARE_WITH_TIMEOUT(engine.state("topology-1"), std::string{"running"}, patience);
  }

  void aRunOfAClosedTabIsSeenAndStopped() {
    QVERIFY(m_place.run(counted(0)));
    auto* others = m_place.window().engine().statusLine()->othersButton();
    QVERIFY(!others->isVisible());
    m_user.key(Qt::Key_W, Qt::ControlModifier);
    QVERIFY(tab().document().spec().name != "counted");
    QTRY_VERIFY_WITH_TIMEOUT(others->isVisible(), patience);
    QCOMPARE(others->text(), QStringLiteral("1 other run"));
    testing::EngineWitness engine{session().address()};
    m_user.click(others);
    m_user.type("coun");
    m_user.key(Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(engine.state("counted"), std::string{"stopped"}, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!others->isVisible(), patience);
  }

  void aRunUnderTheNameBeforeIsSaidAndStopped() {
    QVERIFY(m_place.run(counted(0)));
    QStringList hints;
    connect(&m_place.window().engine(), &EngineDesk::hint, this, [&hints](const QString& text) { hints << text; });
    auto& document = tab().document();
    auto edit = document.edit();
    edit.rename("other");
    document.push(edit.take(QStringLiteral("Rename")));
    QVERIFY2(!hints.filter(QStringLiteral("goes on as counted")).isEmpty(), qPrintable(hints.join(QLatin1Char('\n'))));
    tab().setFocus();
    m_user.key(Qt::Key_F6, Qt::ControlModifier | Qt::ShiftModifier);
    m_user.key(Qt::Key_Return);
    testing::EngineWitness engine{session().address()};
    QTRY_COMPARE_WITH_TIMEOUT(engine.state("counted"), std::string{"stopped"}, patience);
  }

private:
  static constexpr std::size_t eventsMax = 8000;
  static constexpr int numberColumn = 2;  // of a generator

  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  /// By keys, into a document without a file; where its sink writes.
  QString drawAndRun() {
    tab().setFocus();
    for (const auto* letters : {"gen", "fsi"}) {
      m_user.key(Qt::Key_Tab);
      m_user.type(letters);
      m_user.key(Qt::Key_Return);
    }
    m_user.key(Qt::Key_F5);
    auto output = tab().document().baseFolder() + QStringLiteral("/out/file_sink");
    (void)m_place.waitFor([&] { return testing::eventsBelow(output).size() > 100; });
    return output;
  }
  /// Of the events of generators.
  [[nodiscard]] static std::set<int> numbersBelow(const QString& folder) {
    std::set<int> numbers;
    for (const auto& line : testing::eventsBelow(folder)) numbers.insert(line.split(',').value(numberColumn).toInt());
    return numbers;
  }
  static topology counted(std::int64_t events = eventsMax) {
    topology t;
    t.name = "counted";
    t.settings.snapshot_interval = std::chrono::milliseconds{200};
    t.add("events", "millrace.generator", {{"count", events}, {"rate", 1000.0}});
    t.add("file", "millrace.file_sink", {{"path", std::string{"counted"}}});
    return t.connect("events", "file");
  }

  testing::User m_user;
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::SessionsTest)
#include "sessions_test.moc"
