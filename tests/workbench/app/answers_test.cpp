#include <QSignalSpy>
#include <QTest>
#include <map>
#include <memory>

#include "app/main_window.hpp"
#include "core/deployment.hpp"
#include "engine/wire_sampler.hpp"
#include "panels/run_log_panel.hpp"
#include "question_answer.hpp"

namespace millrace::workbench {

using nlohmann::json;
using testing::patience;

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
    letters.refresh();
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

  /// A fault that strikes twenty minutes later is worse than none.
  void whatIsAskedOfALostEngineIsNotDoneWhenItIsBack() {
    EngineSession session;
    QSignalSpy answers{&session, &EngineSession::commandFinished};
    session.setTarget(target("gone"));
    QTRY_COMPARE_WITH_TIMEOUT(session.state(), EngineSession::State::Lost, patience);
    const auto kill = session.request("chaos_inject", {{"topology", "orders"}}, QStringLiteral("Inject kill"));
    // Whoever asks knows the number before the answer.
    QCOMPARE(answers.count(), 0);
    QTRY_COMPARE_WITH_TIMEOUT(answers.count(), 1, patience);
    const auto refused = qvariant_cast<Command>(answers[0][0]);
    QCOMPARE(refused.id, kill);
    QCOMPARE(refused.state, Command::State::Failed);
    QVERIFY2(refused.message.contains(QStringLiteral("lost")), qPrintable(refused.message));
    // An engine that is back soon is waited for.
    session.stopTopology("orders");
    QCOMPARE(session.pendingCommands(), std::size_t{1});
    QTRY_COMPARE_WITH_TIMEOUT(answers.count(), 2, patience);
    const auto given = qvariant_cast<Command>(answers[1][0]);
    QCOMPARE(given.state, Command::State::Failed);
    QVERIFY2(given.message.contains(QStringLiteral("not sent")), qPrintable(given.message));
    QCOMPARE(session.pendingCommands(), std::size_t{0});
  }

  void breakpointsAreKeptInAllTopologiesAndNobodyIsAskedTwice() {
    WirePanel panel;
    const auto asked = note(panel);
    panel.setWire("orders", wire());
    panel.take(answered("break_set", {{"id", 3}}));
    panel.setTopology("billing");
    panel.renew();
    panel.renew();
    QCOMPARE(asked->count("break_renew"), std::size_t{1});
    QVERIFY((asked->find("break_renew")->second == json{{"topology", "orders"}, {"id", 3}}));
    auto renewed = answered("break_renew", {});
    renewed.args["id"] = 3;
    panel.take(renewed);
    panel.renew();
    QCOMPARE(asked->count("break_renew"), std::size_t{2});
    // Nobody is asked while there is nobody, and what was not sent says nothing of the breakpoint.
    panel.setReachable(false);
    renewed.state = Command::State::Failed;
    panel.take(renewed);
    panel.renew();
    QCOMPARE(asked->count("break_renew"), std::size_t{2});
    panel.setReachable(true);
    panel.renew();
    QCOMPARE(asked->count("break_renew"), std::size_t{3});
    // Another engine knows nothing of it.
    panel.forget();
    panel.renew();
    QCOMPARE(asked->count("break_renew"), std::size_t{3});
  }

  void breakpointsAreListedAgainAfterAChangeOfTabs() {
    WirePanel panel;
    const auto asked = note(panel);
    panel.setWire("orders", wire());
    panel.take(answered("break_set", {{"id", 3}}));
    QTRY_COMPARE_WITH_TIMEOUT(asked->count("break_list"), std::size_t{1}, patience);
    panel.setTopology("billing");
    panel.take(answered("break_list", breaks("")));
    QVERIFY(panel.breaks().isEmpty());
    panel.setTopology("orders");
    QTRY_COMPARE_WITH_TIMEOUT(asked->count("break_list"), std::size_t{2}, patience);
    panel.take(answered("break_list", breaks("")));
    QVERIFY(panel.breaks().on(wire()) != nullptr);
  }

  void theKeyThatSetsABreakpointTakesItAway() {
    WirePanel panel;
    const auto asked = note(panel);
    panel.setBreakpoint();
    QVERIFY2(panel.message().contains(QStringLiteral("does not run")), qPrintable(panel.message()));
    panel.setWire("orders", wire());
    panel.setBreakpoint();
    QCOMPARE(asked->count("break_set"), std::size_t{1});
    panel.take(answered("break_set", {{"id", 3}}));
    panel.take(answered("break_list", breaks("")));
    panel.setBreakpoint();
    QCOMPARE(asked->count("break_set"), std::size_t{1});
    QCOMPARE(asked->count("break_clear"), std::size_t{1});
    // With another condition it is set anew.
    panel.take(answered("break_list", breaks("amount > 7")));
    panel.setBreakpoint();
    QCOMPARE(asked->count("break_set"), std::size_t{2});
  }

  void aWireIsReadWhileItIsSeen() {
    WirePanel panel;
    const auto asked = note(panel);
    panel.setWire("orders", wire());
    panel.setLooking(true);
    QCOMPARE(asked->count("tail_open"), std::size_t{0});
    panel.show();
    QCOMPARE(asked->count("tail_open"), std::size_t{1});
    auto opened = answered("tail_open", {{"tail", 5}});
    opened.args["channel"] = channelOf(wire());
    panel.take(opened);
    QTRY_COMPARE_WITH_TIMEOUT(asked->count("tail_read"), std::size_t{1}, patience);
    panel.hide();
    QCOMPARE(asked->count("tail_close"), std::size_t{1});
    QVERIFY(panel.isLooking());
    panel.show();
    QCOMPARE(asked->count("tail_open"), std::size_t{2});
    // What another engine has open is closed by itself.
    panel.take(opened);
    panel.forget();
    panel.hide();
    QCOMPARE(asked->count("tail_close"), std::size_t{1});
  }

  void lettersBeyondTheFirstPageAreReached() {
    LettersPanel panel;
    const auto asked = note(panel);
    panel.setTopology("orders");
    panel.findChild<QLineEdit*>()->setText(QStringLiteral("no such"));
    panel.refresh();
    const json first{{"topology", "orders"}, {"reason", "no such"}};
    QVERIFY(asked->find("deadletter_list")->second == first);
    // Of what was asked before there is no filter.
    panel.take(answered("deadletter_list", letters(0, 3, nullptr)));
    QCOMPARE(panel.list().topLevelItemCount(), 0);
    panel.take(answered("deadletter_list", letters(0, 500, "a"), first));
    QCOMPARE(panel.list().topLevelItemCount(), 500);
    panel.loadMore(true);
    auto page = first;
    page["after"] = "a";
    panel.take(answered("deadletter_list", letters(500, 500, "b"), page));
    page["after"] = "b";
    QCOMPARE(asked->count("deadletter_list"), std::size_t{3});
    panel.take(answered("deadletter_list", letters(1000, 7, nullptr), page));
    QCOMPARE(panel.list().topLevelItemCount(), 1007);
    QVERIFY2(panel.message().contains(QStringLiteral("1007")), qPrintable(panel.message()));
    QCOMPARE(asked->count("deadletter_list"), std::size_t{3});
    // No more at a time than the engine takes.
    panel.list().selectAll();
    panel.replay();
    QCOMPARE(asked->count("deadletter_replay"), std::size_t{2});
  }

  void lettersAreDiscardedAfterAQuestion() {
    LettersPanel panel;
    panel.setVisible(true);
    const auto asked = note(panel);
    panel.setTopology("orders");
    panel.refresh();
    panel.take(answered("deadletter_list", letters(0, 3, nullptr)));
    panel.discard();
    QVERIFY2(panel.message().contains(QStringLiteral("select")), qPrintable(panel.message()));
    panel.list().selectAll();
    panel.discard();
    QVERIFY(testing::choose("Cancel"));
    QCOMPARE(asked->count("deadletter_discard"), std::size_t{0});
    panel.discard();
    QVERIFY(testing::choose("Discard"));
    QCOMPARE(asked->find("deadletter_discard")->second["ids"].size(), std::size_t{3});
  }

  /// Also when another tab is in front by then.
  void whatWasToBeReplayedIsReplayedWhenItIsMended() {
    LettersPanel panel;
    const auto asked = note(panel);
    panel.setTopology("orders");
    panel.refresh();
    panel.take(answered("deadletter_list", letters(0, 1, nullptr)));
    panel.list().selectAll();
    panel.content().setPlainText(QStringLiteral("{\"amount\": 12}"));
    panel.fix(true);
    const auto fix = asked->find("deadletter_fix");
    QVERIFY(fix != asked->end());
    panel.setTopology("billing");
    const auto mended = answered("deadletter_fix", {{"fixed", 1}}, fix->second);
    panel.take(mended);
    QVERIFY((asked->find("deadletter_replay")->second == json{{"topology", "orders"}, {"ids", {"letter 0"}}}));
    // Once.
    panel.take(mended);
    QCOMPARE(asked->count("deadletter_replay"), std::size_t{1});
  }

  void aFloodOfLinesIsCountedNotShown() {
    LogPanel panel;
    for (int i = 0; i < 10'000; ++i) panel.add(QStringLiteral("line %1").arg(i));
    QTRY_VERIFY_WITH_TIMEOUT(panel.toPlainText().contains(QStringLiteral("lines more")), patience);
    QVERIFY(panel.toPlainText().contains(QStringLiteral("line 0")));
    QVERIFY(panel.blockCount() <= LogPanel::linesAtOnce + 2);
    QVERIFY2(panel.toPlainText().contains(QStringLiteral("%1 lines more").arg(10'000 - 1 - LogPanel::linesAtOnce)),
             qPrintable(panel.toPlainText().right(100)));
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
  static stream_spec wire() { return {"events", "out", "sum", "in"}; }
  static json breaks(const char* when) {
    return {{"breakpoints", {{{"id", 3}, {"channel", channelOf(wire())}, {"when", when}}}}};
  }
  /// What a panel asks, by verb.
  using Asked = std::multimap<std::string, json>;
  template <class Panel>
  static std::shared_ptr<Asked> note(Panel& panel) {
    auto asked = std::make_shared<Asked>();
    connect(&panel, &Panel::wanted, [asked](const std::string& verb, const json& args) { asked->emplace(verb, args); });
    return asked;
  }
  static json letters(int first, int count, const json& next) {
    auto all = json::array();
    for (int i = first; i < first + count; ++i) {
      all.push_back({{"id", "letter " + std::to_string(i)}, {"state", "open"}, {"content", "{\"amount\": \"x\"}"}});
    }
    return {{"letters", all}, {"next", next}};
  }
  static Command answered(const char* verb, const json& answer, const json& args = {{"topology", "orders"}}) {
    Command command;
    command.verb = verb;
    command.args = args;
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
