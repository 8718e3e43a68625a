#include <signal.h>

#include <QProcess>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTest>
#include <nlohmann/json.hpp>

#include "core/call_arguments.hpp"
#include "core/text.hpp"
#include "engine_witness.hpp"
#include "straight_run.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// Breaking a run from the window, against a real engine process.
class ChaosTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  /// Journey 3: select, X, `kill`, Enter, and the verdict comes by itself.
  void aKilledActorIsJudgedAndLosesNothing() {
    run(broken());
    QCOMPARE(strike("kill"), 6);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(strikes(engine.ask("chaos_list", "broken")) > 0, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!m_place.window().chaos().panel()->verdict().isEmpty(), patience);
    QVERIFY2(m_place.window().chaos().panel()->verdict().contains(QStringLiteral("PASS")) ||
                 m_place.window().chaos().panel()->verdict().contains(QStringLiteral("DEGRADED")),
             qPrintable(m_place.window().chaos().panel()->verdict()));
    QCOMPARE(engine.state("broken"), std::string{"running"});
    // Gone on with in the designer: the same fault on the same topology.
    Q_EMIT m_place.window().chaos().panel()->designWanted();
    const auto* designed = m_place.window().experiments().document();
    QVERIFY(designed != nullptr);
    const auto& words = designed->root()["method"][0]["provider"]["arguments"];
    QCOMPARE(lineOf(words), std::string{"chaos inject broken kill --target sum"});
    QCOMPARE(designed->root()["extensions"][0]["topology"].get<std::string>(), toStd(tab().document().path()));
    // In the charts it is a band that has ended.
    const auto& marks = session().history("broken")->marks();
    const auto isFault = [](const RunMark& m) { return m.kind == RunMark::Kind::Fault && m.until > 0; };
    QVERIFY(std::ranges::any_of(marks, isFault));
    QCOMPARE(outputFault(), QByteArray{});
  }

  /// The control of the one above: where the policy gives events up, both the card and the output say so.
  void aFaultThatLosesDataIsFoundOutByCardAndOutput() {
    auto careless = broken();
    for (auto& a : careless.actors) {
      if (a.name == "sum") a.on_failure.action = failure_action::resume;
    }
    run(careless);
    strike("throw");
    QTRY_VERIFY_WITH_TIMEOUT(!m_place.window().chaos().panel()->verdict().isEmpty(), patience);
    QVERIFY2(m_place.window().chaos().panel()->verdict().contains(QStringLiteral("FAIL")),
             qPrintable(m_place.window().chaos().panel()->verdict()));
    const auto fault = outputFault();
    QVERIFY2(fault.contains("lost"), fault);
  }

  void theEmergencyStopClearsEverythingAndTheBannerGoes() {
    run(broken());
    tab().scene().select({"sum"});
    tab().setFocus();
    testing::User user;
    user.key(Qt::Key_X);
    user.type("hang");
    user.key(Qt::Key_Return);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(m_place.window().engine().banner()->text().contains(QStringLiteral("hang sum")), patience);
    QVERIFY(tab().scene().node("sum")->content().isFaulty);
    user.key(Qt::Key_Period, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(activeFaults(engine.ask("chaos_list", "broken")) == 0, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!m_place.window().engine().banner()->text().contains(QStringLiteral("Chaos")), patience);
    QVERIFY(!tab().scene().node("sum")->content().isFaulty);
  }

  /// Whatever is in front: it is the emergency button.
  void theEmergencyStopReachesWhatIsNotInFront() {
    run(broken());
    strike("hang");
    const auto* banner = m_place.window().engine().banner();
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("hang sum")), patience);
    m_place.window().newDocument();
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("in broken: hang sum")), patience);
    tab().setFocus();
    testing::User{}.key(Qt::Key_Period, Qt::ControlModifier | Qt::ShiftModifier);
    testing::EngineWitness engine{session().address()};
    QTRY_VERIFY_WITH_TIMEOUT(activeFaults(engine.ask("chaos_list", "broken")) == 0, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!banner->text().contains(QStringLiteral("Chaos")), patience);
  }

  /// An engine that hangs, and another target meanwhile: its list never comes.
  void aListThatNeverComesHidesNoFaults() {
    run(broken());
    auto wish = usualFault(chaos::entry_of(chaos::fault_kind::slow), "sum");
    wish.duration = std::chrono::minutes{10};
    session().request("chaos_inject", toArguments(wish, "broken"), QStringLiteral("Inject slow"));
    m_place.window().chaos().setTab(&tab());
    const auto* banner = m_place.window().engine().banner();
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("slow sum")), patience);
    const auto process = static_cast<pid_t>(session().processId());
    ::kill(process, SIGSTOP);
    QTRY_VERIFY_WITH_TIMEOUT(session().pendingCommands() > 0, patience);
    session().setTarget(
        {QStringLiteral("gone"), QStringLiteral("ipc://") + m_place.path(QStringLiteral("gone")), {}, {}});
    QVERIFY(!banner->text().contains(QStringLiteral("Chaos")));
    ::kill(process, SIGCONT);
    session().setTarget({});
    QTRY_VERIFY_WITH_TIMEOUT(banner->text().contains(QStringLiteral("slow sum")), patience);
  }

  /// What was tried is tried again where it was, and what is over is not marked a second time.
  void aTrialStaysWithItsTopologyAndItsMarks() {
    run(broken());
    strike("kill");
    auto& window = m_place.window();
    QTRY_VERIFY_WITH_TIMEOUT(!window.chaos().panel()->verdict().isEmpty(), patience);
    const auto marks = [this] {
      const auto& all = session().history("broken")->marks();
      return std::ranges::count(all, RunMark::Kind::Fault, &RunMark::kind);
    };
    QCOMPARE(marks(), 1);
    auto* tabs = window.findChild<QTabWidget*>();
    QSignalSpy answers{&session(), &EngineSession::commandFinished};
    window.newDocument();
    tabs->setCurrentIndex(0);
    const auto areFaultsListed = [&answers] {
      return std::ranges::any_of(answers,
                                 [](const auto& a) { return qvariant_cast<Command>(a.front()).verb == "chaos_list"; });
    };
    QTRY_VERIFY_WITH_TIMEOUT(areFaultsListed(), patience);
    QCOMPARE(marks(), 1);
    tabs->setCurrentIndex(1);
    testing::EngineWitness engine{session().address()};
    Q_EMIT window.chaos().panel()->repeatWanted();
    QTRY_COMPARE_WITH_TIMEOUT(readFaults(engine.ask("chaos_list", "broken")).size(), std::size_t{2}, patience);
    Q_EMIT window.chaos().panel()->designWanted();
    const auto* designed = window.experiments().document();
    QVERIFY(designed != nullptr);
    QCOMPARE(lineOf(designed->root()["method"][0]["provider"]["arguments"]),
             std::string{"chaos inject broken kill --target sum"});
    // Judged there, too, with the new tab in front.
    QTRY_VERIFY_WITH_TIMEOUT(!window.chaos().panel()->verdict().isEmpty(), patience);
  }

  void aFaultThatHitsNothingIsNoProof() {
    run(broken());
    const auto& entry = chaos::entry_of(chaos::fault_kind::slow);
    ChaosTrial trial{usualFault(entry, "sum"), session().history("broken")->last(5), *m_place.figures(), 100};
    FaultNote note;
    note.state = QStringLiteral("over");
    trial.observe(note, 101);
    for (int i = 0; i < 50 && !trial.isOver(); ++i) trial.observe(*m_place.figures(), 101 + i);
    QVERIFY(trial.isOver());
    QCOMPARE(trial.card().verdict, QStringLiteral("INVALID"));
  }

  void anExportedFaultIsAnExperimentThatValidates() {
    const auto path = m_place.path(QStringLiteral("experiment.json"));
    const auto topology = m_place.path(QStringLiteral("broken.mill"));
    QFile mill{topology};
    QVERIFY(mill.open(QIODevice::WriteOnly));
    mill.write(QByteArray::fromStdString(to_text(broken())));
    mill.close();
    auto wish = usualFault(chaos::entry_of(chaos::fault_kind::delay), "events->keys");
    wish.seed = 12;
    QFile file{path};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(toExperiment(wish, {broken(), topology}).dump()));
    file.close();
    QProcess validate;
    validate.start(QStringLiteral(MILLRACE_COMMAND), {QStringLiteral("chaos"), QStringLiteral("validate"), path});
    QVERIFY(validate.waitForFinished(patience));
    QVERIFY2(validate.exitCode() == 0, validate.readAllStandardError() + validate.readAllStandardOutput());
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] EngineSession& session() const { return m_place.session(); }

  static std::uint64_t strikes(const nlohmann::json& faults) {
    std::uint64_t sum = 0;
    for (const auto& fault : readFaults(faults)) sum += fault.hits;
    return sum;
  }
  static std::ptrdiff_t activeFaults(const nlohmann::json& faults) {
    return std::ranges::count_if(readFaults(faults), &FaultNote::isActive);
  }
  static topology broken() {
    topology t;
    t.name = "broken";
    t.settings.snapshot_interval = std::chrono::milliseconds{300};
    t.add("events", "millrace.generator", {{"rate", 400.0}, {"keys", std::int64_t{20}}});
    t.add("keys", "millrace.by_key");
    t.add("sum", "millrace.aggregate",
          {{"key", std::string{"key"}}, {"value", std::string{"value"}}, {"functions", std::string{"count,sum"}}}, 2);
    t.add("out", "millrace.file_sink", {{"path", std::string{"broken"}}});
    return t.connect("events", "keys").connect("keys", "sum").connect("sum", "out");
  }
  void run(const topology& spec) {
    QVERIFY(m_place.open(spec));
    m_place.window().engine().run();
    // A baseline is there, and a snapshot to go back to.
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->snapshots > 1 &&
                                 m_place.figures()->actors.contains("out") &&
                                 m_place.figures()->actors.at("out").inPerS > 0,
                             patience);
  }

  /// Does something to `sum` by the keyboard; how many events of mouse and keys that took.
  int strike(const char* kind) const {
    tab().scene().select({"sum"});
    tab().setFocus();
    testing::User user;
    user.key(Qt::Key_X);
    user.type(kind);
    user.key(Qt::Key_Return);
    return user.events();
  }
  /// Stops the run, and compares what it has written with what as many events give without a window and without a
  /// fault. Each event makes a row with its key's count and sum: one that is lost, doubled or handled twice is seen in
  /// all that come behind it.
  QByteArray outputFault() {
    testing::EngineWitness engine{session().address()};
    tab().setFocus();
    testing::User{}.key(Qt::Key_F6, Qt::ShiftModifier);
    if (!m_place.waitFor([&] { return engine.state("broken") == "stopped"; })) return "it does not stop";
    const auto written = testing::sortedBelow(tab().document().baseFolder() + QStringLiteral("/broken"));
    const auto wanted = testing::straightRun(broken(), written.size(), m_place.path(QStringLiteral("straight")));
    return testing::difference(written, wanted);
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::ChaosTest)
#include "chaos_test.moc"
