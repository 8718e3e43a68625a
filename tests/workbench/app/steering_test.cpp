#include <QTest>

#include "app/main_window.hpp"
#include "core/text.hpp"
#include "engine_witness.hpp"
#include "user.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench {
namespace {

constexpr int patience = 60'000;

}  // namespace

/// Looking into a run and steering it from the window, with the engine's own word for it.
class SteeringTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    m_surroundings.emplace();
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->catalogueSource().catalogue().isEmpty(), patience);
    run();
  }
  void cleanup() {
    m_window.reset();
    m_surroundings.reset();
  }

  /// Journey 4, first half: a wire, T, and its records are there; Space holds them still.
  void recordsOfAWireAreSeenAndHeldStill() {
    tab().scene().selectStream({"events", "out", "rule", "in"});
    tab().setFocus();
    testing::User user;
    user.key(Qt::Key_T);
    auto& wire = *m_window->steering().wire();
    QTRY_VERIFY_WITH_TIMEOUT(wire.list().topLevelItemCount() > 3, patience);
    QVERIFY(wire.list().topLevelItem(0)->text(4).contains(QStringLiteral("value=")));
    wire.list().setFocus();
    user.key(Qt::Key_Space);
    QVERIFY(wire.isHeld());
    QCOMPARE(user.events(), 2);
    user.key(Qt::Key_Space);
    QVERIFY(!wire.isHeld());
    wire.setLooking(false);
    QVERIFY(wire.list().topLevelItemCount() <= WirePanel::rowsMax);
  }

  void tasksStandBeforeARecordAndGoOn() {
    tab().scene().selectStream({"events", "out", "rule", "in"});
    testing::User user;
    user.key(Qt::Key_F9);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(!engine.ask("break_list", "steered").value("stopped", nlohmann::json::array()).empty(),
                             patience);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->steering().wire()->message().contains(QStringLiteral("stands before")),
                             patience);
    user.key(Qt::Key_F10);
    QTRY_VERIFY_WITH_TIMEOUT(!engine.ask("break_list", "steered").value("stopped", nlohmann::json::array()).empty(),
                             patience);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_window->current(); }
  [[nodiscard]] EngineSession& session() const { return m_window->engine().session(); }

  /// A rule that fails for some values, and goes on.
  void run() {
    topology t;
    t.name = "steered";
    t.settings.snapshot_interval = std::chrono::milliseconds{300};
    t.add("events", "millrace.generator", {{"rate", 200.0}});
    auto& rule = t.add("rule", "millrace.flat_map",
                       {{"body", std::string{"if e.number % 50 == 7 then error('no such thing') end ctx:emit(e)"}}});
    rule.on_failure.action = failure_action::resume;
    t.add("out", "millrace.null_sink");
    t.connect("events", "rule").connect("rule", "out");
    const auto path = m_surroundings->path(QStringLiteral("steered.mill"));
    QFile file{path};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(to_text(t)));
    file.close();
    QVERIFY(m_window->openFile(path));
    m_window->engine().run();
    QTRY_VERIFY_WITH_TIMEOUT(m_window->engine().figures() != nullptr && m_window->engine().figures()->snapshots > 0 &&
                                 m_window->engine().figures()->actors.contains("rule"),
                             patience);
  }

  std::optional<testing::Surroundings> m_surroundings;
  std::unique_ptr<MainWindow> m_window;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::SteeringTest)
#include "steering_test.moc"
