#include <QCheckBox>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>
#include <set>

#include "core/text.hpp"
#include "core/topology_edits.hpp"
#include "engine_witness.hpp"
#include "question_answer.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::eventsBelow;
using testing::patience;

/// Pause, mute, live parameters and savepoints by keys, with the engine's own word for what came of it.
class SteeringTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void sixPausesAndResumes() {
    QVERIFY(m_place.run(sampled()));
    testing::EngineWitness engine{session().address()};
    testing::User user;
    tab().setFocus();
    user.key(Qt::Key_F6);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state(name) == "paused", patience);
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->isPaused(), patience);
    // What was on its way has come to rest; from then on producers take nothing.
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "out").value("in_per_s", 1.0) == 0, patience);
    const auto rested = engine.task(name, "events").value("events_out", 0);
    QTRY_VERIFY_WITH_TIMEOUT(!session().pendingCommands(), patience);
    QCOMPARE(engine.task(name, "events").value("events_out", 0), rested);
    user.key(Qt::Key_F6);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state(name) == "running", patience);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "events").value("events_out", 0) > rested, patience);
    QCOMPARE(user.events(), 2);
  }

  void mMutesAndUnmutes() {
    QVERIFY(m_place.run(sampled()));
    testing::EngineWitness engine{session().address()};
    testing::User user;
    tab().scene().select({"part"});
    tab().setFocus();
    user.key(Qt::Key_M);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "part").value("muted", false), patience);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "part").value("muted_events", 0) > 0, patience);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "out").value("in_per_s", 1.0) == 0, patience);
    QTRY_VERIFY_WITH_TIMEOUT(tab().scene().node("part")->content().figures->isMuted, patience);
    user.key(Qt::Key_M);
    QTRY_VERIFY_WITH_TIMEOUT(engine.task(name, "out").value("in_per_s", 0.0) > 0, patience);
    QVERIFY(!engine.task(name, "part").value("muted", true));
    QCOMPARE(user.events(), 2);
  }

  void nothingIsSelectedToMute() {
    QVERIFY(m_place.run(sampled()));
    testing::EngineWitness engine{session().address()};
    QSignalSpy hints{&m_place.window().steering(), &SteeringDesk::hint};
    tab().scene().clearSelection();
    const auto pending = session().pendingCommands();  // what looks for faults may be on its way
    m_place.window().steering().toggleMute();
    QCOMPARE(session().pendingCommands(), pending);
    QVERIFY(hints.last().first().toString().contains(QStringLiteral("select actors")));
    QVERIFY(!engine.task(name, "part").value("muted", true));
  }

  void ctrlEnterChangesWhatMayChange() {
    QVERIFY(m_place.run(sampled()));
    testing::EngineWitness engine{session().address()};
    tab().document().push(parameterChange(tab().document(), "part", "fraction", param_value{1.0}));
    QVERIFY(differs());
    const auto restarts = m_place.figures()->restarts;
    testing::User user;
    tab().setFocus();
    user.key(Qt::Key_Return, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.changed(name, "part.fraction") == nlohmann::json(1.0), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!differs(), patience);
    // All of them pass now, and nothing was started anew.
    const auto isAll = [&] {
      const auto task = engine.task(name, "part");
      return task.value("in_per_s", 0.0) > 0 && task.value("out_per_s", 0.0) > 0.8 * task.value("in_per_s", 0.0);
    };
    QTRY_VERIFY_WITH_TIMEOUT(isAll(), patience);
    QCOMPARE(m_place.figures()->restarts, restarts);
    QCOMPARE(user.events(), 1);
    // What the drawing leaves out again is the type's own value.
    tab().document().push(parameterChange(tab().document(), "part", "fraction", std::nullopt));
    user.key(Qt::Key_Return, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.changed(name, "part.fraction") == nlohmann::json(0.1), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!differs(), patience);
  }

  /// F5 again before the first answer is there.
  void whatIsRunTwiceIsKnownAsItWasDrawn() {
    QVERIFY(m_place.open(sampled()));
    const auto& spec = m_place.tab().document().spec();
    QSignalSpy answers{&m_place.session(), &EngineSession::commandFinished};
    const auto deployments = [&] {
      return std::ranges::count_if(answers,
                                   [](const auto& a) { return qvariant_cast<Command>(a.front()).verb == "deploy"; });
    };
    m_place.window().engine().run();
    m_place.window().engine().run();
    QTRY_COMPARE_WITH_TIMEOUT(deployments(), 2, patience);
    const auto* deployed = m_place.session().deployed(spec.name);
    QVERIFY(deployed != nullptr);
    QCOMPARE(deployed->spec.actors.size(), spec.actors.size());
  }

  void whatIsNotLiveIsNamedAndLeftAlone() {
    QVERIFY(m_place.run(sampled()));
    testing::EngineWitness engine{session().address()};
    QSignalSpy hints{&m_place.window().steering(), &SteeringDesk::hint};
    tab().document().push(parameterChange(tab().document(), "events", "rate", param_value{300.0}));
    testing::User user;
    tab().setFocus();
    user.key(Qt::Key_Return, Qt::ControlModifier);
    QVERIFY(hints.last().first().toString().contains(QStringLiteral("events.rate cannot be changed while it runs")));
    // Beside one that may be changed it is told, too.
    tab().document().push(parameterChange(tab().document(), "part", "fraction", param_value{0.5}));
    user.key(Qt::Key_Return, Qt::ControlModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.changed(name, "part.fraction") == nlohmann::json(0.5), patience);
    QTRY_VERIFY_WITH_TIMEOUT(hints.last().first().toString().contains(QStringLiteral("events.rate")), patience);
    QVERIFY(engine.changed(name, "events.rate").is_null());
    QVERIFY(differs());
  }

  void whatTheEngineRefusesToSetIsSaid() {
    QVERIFY(m_place.run(sampled()));
    testing::EngineWitness engine{session().address()};
    tab().document().push(parameterChange(tab().document(), "part", "fraction", param_value{7.0}));
    testing::User user;
    tab().setFocus();
    user.key(Qt::Key_Return, Qt::ControlModifier);
    const auto* banner = m_place.window().engine().banner();
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("Set part.fraction failed")), patience);
    QVERIFY2(banner->text().contains(QStringLiteral("fraction")), qPrintable(banner->text()));
    QVERIFY(engine.changed(name, "part.fraction").is_null());
    QCOMPARE(engine.state(name), std::string{"running"});
    QVERIFY(differs());
  }

  /// A savepoint in the middle, taken and gone back to: the file has every event once all the same.
  void aSavepointIsTakenAndStartedFrom() {
    QVERIFY(m_place.run(counted()));
    testing::EngineWitness engine{session().address()};
    testing::User user;
    tab().setFocus();
    user.key(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    auto& panel = *m_place.window().steering().savepoints();
    QTRY_COMPARE_WITH_TIMEOUT(panel.count(), 1, patience);
    const auto kept = engine.ask("savepoint_list", name).at("savepoints").at(0);
    QCOMPARE(toQt(kept.at("id").get<std::string>()), panel.list().topLevelItem(0)->text(0));
    // Beyond it.
    const auto epoch = kept.at("epoch").get<std::uint64_t>();
    QTRY_VERIFY_WITH_TIMEOUT(engine.ask("status", name).value("last_epoch", 0ULL) > epoch, patience);
    // Enter on a row looks at it, and nothing more.
    panel.list().setFocus();
    QCOMPARE(QApplication::focusWidget(), &panel.list());
    testing::User{}.key(Qt::Key_Return);
    QVERIFY(QApplication::activeModalWidget() == nullptr);
    panel.startFromCurrent();
    QVERIFY(testing::choose("Start from it"));
    tab().setFocus();
    const auto wentBack = [&] {
      const auto status = engine.ask("status", name);
      return status.value("state", "") == "running" && status.value("restored_epoch", 0ULL) == epoch;
    };
    QTRY_VERIFY_WITH_TIMEOUT(wentBack(), patience);
    user.key(Qt::Key_F6, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(engine.state(name) == "stopped", patience);
    const auto lines = eventsBelow(tab().document().baseFolder() + QStringLiteral("/counted"));
    QVERIFY(!lines.empty());
    QCOMPARE((std::set<QByteArray>{lines.begin(), lines.end()}).size(), lines.size());
    QCOMPARE(user.events(), 2);
  }

  void nobodyGoesBackWithoutAWord() {
    QVERIFY(m_place.run(counted()));
    auto& panel = *m_place.window().steering().savepoints();
    panel.takeSavepoint();
    QTRY_COMPARE_WITH_TIMEOUT(panel.count(), 1, patience);
    QSignalSpy answers{&session(), &EngineSession::commandFinished};
    panel.startFromCurrent();
    QVERIFY(testing::choose("Cancel"));
    panel.deleteCurrent();
    QVERIFY(testing::choose("Cancel"));
    // What comes after them is answered after them.
    panel.refresh();
    const auto verbs = [&answers] {
      std::set<std::string> all;
      for (const auto& answer : answers) all.insert(qvariant_cast<Command>(answer.front()).verb);
      return all;
    };
    QTRY_VERIFY_WITH_TIMEOUT(verbs().contains("savepoint_list"), patience);
    QVERIFY(!verbs().contains("deploy"));
    QVERIFY(!verbs().contains("savepoint_delete"));
    panel.deleteCurrent();
    QVERIFY(testing::choose("Delete"));
    QTRY_COMPARE_WITH_TIMEOUT(panel.count(), 0, patience);
  }

  void aSavepointThatDoesNotFitIsRefusedByName() {
    QVERIFY(m_place.run(counted()));
    testing::EngineWitness engine{session().address()};
    auto& panel = *m_place.window().steering().savepoints();
    panel.takeSavepoint();
    QTRY_COMPARE_WITH_TIMEOUT(panel.count(), 1, patience);
    tab().document().push(*renaming(tab().document(), "file", "other"));
    panel.startFromCurrent();
    QVERIFY(testing::choose("Start from it"));
    const auto* banner = m_place.window().engine().banner();
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("does not fit")), patience);
    QVERIFY2(banner->text().contains(QStringLiteral("actor 'other' is not in it")), qPrintable(banner->text()));
    // What ran goes on.
    QCOMPARE(engine.state(name), std::string{"running"});
    QVERIFY(!engine.task(name, "file").empty());
    QCOMPARE(engine.ask("status", name).at("tasks").size(), std::size_t{2});
  }

  void outputThatCannotBeTakenBackAsksForConsent() {
    auto t = counted();
    t.actors.back().type = "millrace.sqlite_sink";
    t.actors.back().params = {{"path", std::string{"counted.db"}}, {"table", std::string{"counted"}}};
    QVERIFY(m_place.run(t));
    testing::EngineWitness engine{session().address()};
    auto& panel = *m_place.window().steering().savepoints();
    panel.takeSavepoint();
    QTRY_COMPARE_WITH_TIMEOUT(panel.count(), 1, patience);
    panel.startFromCurrent();
    QVERIFY(testing::choose("Start from it"));
    const auto* banner = m_place.window().engine().banner();
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("cannot take output back")), patience);
    for (auto* box : panel.findChildren<QCheckBox*>()) box->setChecked(true);
    panel.startFromCurrent();
    QVERIFY(testing::choose("Start from it"));
    const auto epoch = engine.ask("savepoint_list", name).at("savepoints").at(0).at("epoch").get<std::uint64_t>();
    QTRY_VERIFY_WITH_TIMEOUT(engine.ask("status", name).value("restored_epoch", 0ULL) == epoch, patience);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  static constexpr const char* name = "steered";

  [[nodiscard]] bool differs() const { return session().differsFromDeployed(tab().document()).value_or(true); }

  static topology sampled() {
    topology t;
    t.name = name;
    t.settings.snapshot_interval = std::chrono::milliseconds{300};
    t.add("events", "millrace.generator", {{"rate", 400.0}});
    t.add("part", "millrace.sample");
    t.add("out", "millrace.null_sink");
    return t.connect("events", "part").connect("part", "out");
  }
  static topology counted() {
    topology t;
    t.name = name;
    t.settings.snapshot_interval = std::chrono::milliseconds{300};
    t.add("events", "millrace.generator", {{"rate", 1000.0}});
    t.add("file", "millrace.file_sink", {{"path", std::string{"counted"}}});
    return t.connect("events", "file");
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::SteeringTest)
#include "steering_test.moc"
