#include <QProcess>
#include <QTest>
#include <nlohmann/json.hpp>

#include "core/call_arguments.hpp"
#include "core/text.hpp"
#include "engine_witness.hpp"
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
  void aKilledActorIsJudged() {
    run();
    tab().scene().select({"sum"});
    tab().setFocus();
    testing::User user;
    user.key(Qt::Key_X);
    user.type("kill");
    user.key(Qt::Key_Return);
    QCOMPARE(user.events(), 6);
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
  }

  void theEmergencyStopClearsEverythingAndTheBannerGoes() {
    run();
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

  void aFaultThatHitsNothingIsNoProof() {
    run();
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
    t.add("events", "millrace.generator", {{"rate", 400.0}});
    t.add("keys", "millrace.by_key");
    t.add("sum", "millrace.window", {{"key", std::string{"key"}}, {"size", std::string{"100ms"}}}, 2);
    t.add("out", "millrace.null_sink");
    return t.connect("events", "keys").connect("keys", "sum").connect("sum", "out");
  }
  void run() {
    QVERIFY(m_place.open(broken()));
    m_place.window().engine().run();
    // A baseline is there, and a snapshot to go back to.
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && m_place.figures()->snapshots > 1 &&
                                 m_place.figures()->actors.contains("out") &&
                                 m_place.figures()->actors.at("out").inPerS > 0,
                             patience);
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::ChaosTest)
#include "chaos_test.moc"
