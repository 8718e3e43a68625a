#include <QSignalSpy>
#include <QTest>

#include "app/main_window.hpp"
#include "core/deployment.hpp"
#include "engine/wire_sampler.hpp"
#include "panels/run_log_panel.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench {

using nlohmann::json;

/// Answers that do not come, or are not what they are expected to be: an engine of another version, another target.
class AnswersTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { m_surroundings.emplace(); }
  void cleanup() { m_surroundings.reset(); }

  void whatIsOfAnotherTypeIsReadAsNothing() {
    RunLogPanel panel;
    json asked;
    connect(&panel, &RunLogPanel::wanted, this, [&](const std::string&, const json& args) { asked = args; });
    panel.show();
    panel.setTopology("orders", {"sum"});
    QTRY_VERIFY(!asked.is_null());
    Command answered;
    answered.verb = "logs";
    answered.args = asked;
    answered.state = Command::State::Done;
    answered.answer = {{"last", "many"},
                       {"records",
                        {{{"text", nullptr}, {"at", 7}, {"level", json::array()}, {"actor", "sum"}, {"partition", "x"}},
                         {{"text", "a text"}, {"at", "2026-03-01T08:00:00Z"}, {"level", "info"}},
                         "no record"}}};
    panel.take(answered);
    QCOMPARE(panel.model().rowCount(), 2);
  }

  /// Whatever is asked, each of the panels it concerns lives on.
  void answersOfAnotherShapeEndNothing() {
    WirePanel wire;
    wire.setWire("orders", stream_spec{"events", "out", "sum", "in"});
    LettersPanel letters;
    letters.setTopology("orders");
    SavepointPanel savepoints;
    savepoints.setTopology("orders");
    NodesPanel nodes;
    for (const auto& answer : oddAnswers()) {
      for (const auto* verb : {"tail_open", "tail_read", "break_set", "break_list", "break_clear"}) {
        wire.take(answered(verb, answer));
      }
      for (const auto* verb : {"deadletter_list", "deadletter_fix", "deadletter_replay"}) {
        letters.take(answered(verb, answer));
      }
      for (const auto* verb : {"savepoint", "savepoint_list", "savepoint_delete"}) {
        savepoints.take(answered(verb, answer));
      }
      for (const auto* verb : {"node", "peer_list", "key_list", "key_create", "audit"}) {
        nodes.take(answered(verb, answer));
      }
      QVERIFY(readPlan(answer).changes.empty());
      QVERIFY(!readDiagnosis(answer).hasCulprit());
      QVERIFY(cardOf(answer).verdict.isEmpty());
    }
  }

  void answersOfAnotherShapeEndNoWindow() {
    MainWindow window;
    auto& session = window.engine().session();
    for (const auto& answer : oddAnswers()) {
      for (const auto* verb : {"deploy", "why", "set", "chaos_inject", "chaos_list", "chaos_clear", "plan", "node"}) {
        auto command = answered(verb, answer);
        command.args["topology"] = window.current().document().spec().name;
        Q_EMIT session.commandFinished(command);
      }
    }
    QCOMPARE(window.chaos().panel()->faultCount(), 0);
  }

  /// The answer to what the engine before was asked never comes.
  void aSampleEndsWithItsTarget() {
    EngineSession session;
    session.setTarget(target("one"));
    WireSampler sampler{session};
    QSignalSpy failed{&sampler, &WireSampler::failed};
    const stream_spec wire{"events", "out", "sum", "in"};
    for (int times = 1; times <= 2; ++times) {
      sampler.start("orders", wire);
      QCOMPARE(failed.count(), times - 1);
      session.setTarget(target(times == 1 ? "two" : "three"));
      QCOMPARE(failed.count(), times);
    }
  }

private:
  static Command answered(const char* verb, const json& answer) {
    Command command;
    command.verb = verb;
    command.args = {{"topology", "orders"}};
    command.state = Command::State::Done;
    command.answer = answer;
    return command;
  }
  /// No objects, and objects in which nothing is what it should be.
  static std::vector<json> oddAnswers() {
    json odd = json::object();
    for (const auto* name : {"id", "tail", "savepoint", "verified", "examined", "passed", "epoch", "bytes", "share"}) {
      odd[name] = "7";
    }
    for (const auto* name : {"letters", "fixes", "samples", "stopped", "breakpoints", "savepoints", "failed", "entries",
                             "guests", "links", "path", "keys", "also", "changes", "problems", "reasons", "faults"}) {
      odd[name] = 7;
    }
    for (const auto* name : {"intact", "changed", "next", "cause", "where", "verdict", "title", "has_oracle", "name"}) {
      odd[name] = {1, "x"};
    }
    const json items = {{"letters", {1, {{"id", 7}, {"at_ns", "now"}, {"reason", nullptr}}}},
                        {"samples", {"x", {{"event_time", json::array()}, {"record", 5}}}},
                        {"stopped", {1, {{"task", 9}}}},
                        {"breakpoints", {nullptr, {{"id", "7"}, {"channel", 1}}}},
                        {"savepoints", {2, {{"id", 7}, {"bytes", "many"}}}},
                        {"failed", {2, {{"id", 7}}}},
                        {"entries", {3, {{"at", 7}, {"who", json::object()}}}}};
    const auto keys = json::array({{{"name", 7}, {"topologies", "all"}, {"id", "x"}}});
    return {json{}, json(7), json("done"), json::array({1, "x", nullptr}), keys, odd, items};
  }

  /// Nobody listens there.
  [[nodiscard]] Target target(const char* name) const {
    return {
        QLatin1String(name), QStringLiteral("ipc://%1/%2").arg(m_surroundings->path({}), QLatin1String(name)), {}, {}};
  }

  std::optional<testing::Surroundings> m_surroundings;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::AnswersTest)
#include "answers_test.moc"
