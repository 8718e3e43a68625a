#include <QDirIterator>
#include <QPushButton>
#include <QTest>
#include <map>

#include "canvas/node_painter.hpp"
#include "core/text.hpp"
#include "engine_witness.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

namespace {

QPushButton* button(QWidget& panel, const char* words) {
  for (auto* button : panel.findChildren<QPushButton*>()) {
    if (button->text().remove(QLatin1Char('&')) == QLatin1String(words)) return button;
  }
  return nullptr;
}

}  // namespace

/// Journey 4: events on a wire, and dead letters that are mended and sent through once more.
class EventsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    QVERIFY(m_place.open());
    QVERIFY(m_place.run(ruled()));
    tab().view().fitAll();
  }
  void cleanup() { m_place.close(); }

  /// A click on a wire, and its records are there; Space holds them still.
  void aClickedWireShowsItsRecordsAndSpaceHoldsThem() {
    testing::User user;
    user.click(tab().view(), wirePlace());
    auto& wire = *m_place.window().steering().wire();
    QTRY_VERIFY_WITH_TIMEOUT(wire.list().topLevelItemCount() > 3, patience);
    QVERIFY(wire.list().topLevelItem(0)->text(4).contains(QStringLiteral("value=")));
    QVERIFY(wire.list().isVisible());
    user.key(Qt::Key_Space);
    QVERIFY(wire.isHeld());
    QCOMPARE(user.events(), 2);
    // They stay as they are while others go by.
    const auto newest = wire.list().topLevelItem(0)->text(4);
    testing::EngineWitness engine{session().address()};
    const auto passed = engine.task(name, "rule").value("events_in", 0);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "rule").value("events_in", 0) > passed + 200, patience);
    QCOMPARE(wire.list().topLevelItem(0)->text(4), newest);
    user.key(Qt::Key_Space);
    QVERIFY(!wire.isHeld());
    QTRY_VERIFY_WITH_TIMEOUT(wire.list().topLevelItem(0)->text(4) != newest, patience);
    wire.setLooking(false);
    QVERIFY(wire.list().topLevelItemCount() <= WirePanel::rowsMax);
  }

  /// The same by keys: T on the selected wire, Space in the list.
  void aSelectedWireIsLookedAtByKeys() {
    tab().scene().selectStream({"events", "out", "rule", "in"});
    tab().setFocus();
    testing::User user;
    user.key(Qt::Key_T);
    auto& wire = *m_place.window().steering().wire();
    QTRY_VERIFY_WITH_TIMEOUT(wire.list().topLevelItemCount() > 3, patience);
    wire.list().setFocus();
    user.key(Qt::Key_Space);
    QVERIFY(wire.isHeld());
    QCOMPARE(user.events(), 2);
  }

  void tasksStandBeforeARecordAndGoOn() {
    tab().scene().selectStream({"events", "out", "rule", "in"});
    testing::User user;
    user.key(Qt::Key_F9);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(!engine.ask("break_list", name).value("stopped", nlohmann::json::array()).empty(),
                             patience);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().steering().wire()->message().contains(QStringLiteral("stands before")),
                             patience);
    user.key(Qt::Key_F10);
    QTRY_VERIFY_WITH_TIMEOUT(!engine.ask("break_list", name).value("stopped", nlohmann::json::array()).empty(),
                             patience);
  }

  /// Badge, select all, mend, replay: the file has all of them once, with what was mended.
  void deadLettersAreMendedAndComeOnceIntoTheOutput() {
    testing::EngineWitness engine{session().address()};
    QTRY_COMPARE_WITH_TIMEOUT(letters(engine, {}), failing, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!lettersBadge(tab().scene().node("rule")->content()).isEmpty(), patience);
    testing::User user;
    const auto* node = tab().scene().node("rule");
    user.click(tab().view(), node->mapToScene(lettersBadge(node->content()).center()));
    auto& panel = *m_place.window().steering().letters();
    QTRY_COMPARE_WITH_TIMEOUT(panel.list().topLevelItemCount(), failing, patience);
    QVERIFY(panel.list().topLevelItem(0)->text(3).contains(QStringLiteral("no such thing")));
    user.click(button(panel, "Select all"));
    panel.content().setFocus();
    user.type("{\"value\":-1}");
    user.click(button(panel, "Fix and replay"));
    QCOMPARE(user.events(), 3 + 12);
    QTRY_COMPARE_WITH_TIMEOUT(letters(engine, "replayed"), failing, patience);
    QTRY_COMPARE_WITH_TIMEOUT(mendedBelow(), failing, patience);
    user.key(Qt::Key_F6, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state(name) == "stopped", patience);
    // Every number up to the last one, once.
    const auto numbers = written();
    QVERIFY(!numbers.empty());
    QCOMPARE(static_cast<qint64>(numbers.size()), numbers.rbegin()->first + 1);
    for (const auto& [number, times] : numbers) QCOMPARE(times, 1);
  }

  void whatDoesNotFitIsNotMended() {
    testing::EngineWitness engine{session().address()};
    QTRY_COMPARE_WITH_TIMEOUT(letters(engine, {}), failing, patience);
    m_place.window().steering().showLetters("rule");
    auto& panel = *m_place.window().steering().letters();
    QTRY_COMPARE_WITH_TIMEOUT(panel.list().topLevelItemCount(), failing, patience);
    panel.list().selectAll();
    panel.content().setPlainText(QStringLiteral("-1"));
    panel.fix(true);
    QVERIFY(panel.message().contains(QStringLiteral("members to set")));
    panel.content().setPlainText(QStringLiteral("{\"value\": \"much\"}"));
    panel.fix(true);
    QTRY_VERIFY_WITH_TIMEOUT(panel.message().contains(QStringLiteral("value")), patience);
    QCOMPARE(session().pendingCommands(), std::size_t{0});
    QCOMPARE(letters(engine, "open"), failing);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  static constexpr const char* name = "ruled";
  static constexpr int failing = 8;

  /// A rule that fails for eight of the first events unless their value is mended, and goes on.
  static topology ruled() {
    topology t;
    t.name = name;
    t.settings.snapshot_interval = std::chrono::milliseconds{300};
    t.add("events", "millrace.generator", {{"rate", 400.0}});
    auto& rule = t.add("rule", "millrace.flat_map",
                       {{"body", std::string{"if e.number % 50 == 7 and e.number < 400 and e.value >= 0 then "
                                             "error('no such thing') end ctx:emit(e)"}}});
    rule.on_failure.action = failure_action::resume;
    t.add("out", "millrace.file_sink", {{"path", std::string{"ruled"}}});
    return t.connect("events", "rule").connect("rule", "out");
  }

  [[nodiscard]] QPointF wirePlace() {
    auto& scene = tab().scene();
    return (scene.node("events")->anchorOf("out", true) + scene.node("rule")->anchorOf("in", false)) / 2;
  }
  static int letters(testing::EngineWitness& engine, const std::string& state) {
    const auto answer = engine.ask("deadletter_list", name).value("letters", nlohmann::json::array());
    return static_cast<int>(std::ranges::count_if(
        answer, [&](const auto& letter) { return state.empty() || letter.value("state", "") == state; }));
  }

  /// What the sink has written: a column of its files by its name, once for each line.
  [[nodiscard]] QStringList column(const char* title) const {
    QStringList values;
    for (QDirIterator files{tab().document().baseFolder() + QStringLiteral("/ruled"),
                            {QStringLiteral("*.csv")},
                            QDir::Files,
                            QDirIterator::Subdirectories};
         files.hasNext();) {
      QFile file{files.next()};
      if (!file.open(QIODevice::ReadOnly)) continue;
      const auto at = file.readLine().trimmed().split(',').indexOf(QByteArray{title});
      while (!file.atEnd()) values << QString::fromUtf8(file.readLine().trimmed().split(',').value(at));
    }
    return values;
  }
  [[nodiscard]] int mendedBelow() const {
    return static_cast<int>(
        std::ranges::count_if(column("value"), [](const QString& v) { return v.toDouble() == -1; }));
  }
  [[nodiscard]] std::map<qint64, int> written() const {
    std::map<qint64, int> times;
    for (const auto& number : column("number")) ++times[number.toLongLong()];
    return times;
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::EventsTest)
#include "events_test.moc"
