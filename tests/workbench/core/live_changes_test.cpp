#include "core/live_changes.hpp"
#include "engine_catalogue.hpp"

#include <QTest>

namespace millrace::workbench {

class LiveChangesTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void initTestCase() { m_catalogue = testing::engineCatalogue(); }

  void liveOnesAreToldFromOthers() {
    auto drawn = running();
    drawn.actors[0].params["rate"] = 5.0;
    drawn.actors[1].params["fraction"] = 0.5;
    const auto found = liveChanges(running(), drawn, m_catalogue);
    QCOMPARE(found.changes, (std::vector<LiveChanges::Change>{{"part", "fraction", 0.5, false}}));
    QCOMPARE(found.fixed, QStringList{QStringLiteral("events.rate")});
  }

  void whatIsLeftOutIsTheTypesOwn() {
    auto before = running();
    before.actors[1].params["fraction"] = 0.5;
    const auto found = liveChanges(before, running(), m_catalogue);
    QCOMPARE(found.changes, (std::vector<LiveChanges::Change>{{"part", "fraction", 0.1, true}}));
    // Said or left out, the same.
    before.actors[1].params["fraction"] = 0.1;
    QVERIFY(liveChanges(before, running(), m_catalogue).changes.empty());
  }

  void actorsThatOneOfThemLacksAreNoChange() {
    auto drawn = running();
    drawn.actors[1].name = "other";
    drawn.actors[1].params["fraction"] = 0.5;
    drawn.add("mine", "user.unknown", {{"x", 1.0}});
    const auto found = liveChanges(running(), drawn, m_catalogue);
    QVERIFY(found.changes.empty());
    QVERIFY(found.fixed.isEmpty());
  }

private:
  static topology running() {
    topology t;
    t.add("events", "millrace.generator", {{"rate", 400.0}});
    t.add("part", "millrace.sample");
    return t;
  }
  ActorCatalogue m_catalogue;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::LiveChangesTest)
#include "live_changes_test.moc"
