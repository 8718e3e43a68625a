// Before Qt, whose keyword `emit` is the name of a member here.
#include "broker.hpp"
#include "peer.hpp"
#include "plugin_rig.hpp"

#include <QTest>
#include <algorithm>

#include "command_process.hpp"
#include "millrace/sink.hpp"

using namespace millrace;
using namespace millrace::testing;
using millrace::test::run_command;
using millrace::test::start_command;
using plugin_tests::committed_lines;
using plugin_tests::position_of;

namespace {

std::string json_of(int n) {
  return "{\"line\":\"a\",\"number\":" + std::to_string(n) + "}";
}

}  // namespace

/// The plugin against a real server, by itself and as users have it: a shared object that the command loads.
class mqtt_plugin_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { server_ = std::make_unique<mqtt_tests::broker>(); }
  void cleanupTestCase() { server_.reset(); }
  void init() {
    ++case_;
    folder_ = std::make_unique<QTemporaryDir>();
    for (const QString name : {"to_mqtt.mill", "from_mqtt.mill", "readings.csv"})
      QVERIFY(QFile::copy(SAMPLES "/" + name, folder_->filePath(name)));
  }

  void runsTheSamples() {
    mqtt_tests::peer reader{*server_, "samples"};
    reader.subscribe("plant/#");
    auto ended = run_command({"--plugins", PLUGINS, "run", folder_->filePath("to_mqtt.mill"), "--data-dir",
                              folder_->filePath("to"), "--set", "sent.server=" + address()});
    QVERIFY2(ended.exit_code == 0, ended.err);
    std::vector<mqtt_tests::seen_message> seen;
    QTRY_VERIFY(append(seen, reader.take()).size() >= 3);
    QCOMPARE(seen.size(), std::size_t{3});
    QCOMPARE(seen[0].topic, std::string{"plant/press/celsius"});
    QCOMPARE(seen[0].payload, std::string{"{\"line\":\"press\",\"celsius\":21.5,\"at\":\"2026-11-21T10:00:00Z\"}"});
    // A session before the messages, as a run that was there before has it.
    QProcess run;
    start_command(
        run, {"--plugins", PLUGINS, "run", folder_->filePath("from_mqtt.mill"), "--data-dir", folder_->filePath("from"),
              "--set", "readings.server=" + address(), "--set", "readings.end_after=2"});
    mqtt_tests::peer sender{*server_, "sender"};
    // Until the session is there, what is sent goes nowhere.
    QTRY_VERIFY_WITH_TIMEOUT(
        (sender.publish("plant/oven/celsius", seen[0].payload), !committed_lines(folder_->filePath("out")).isEmpty()),
        30'000);
    QVERIFY(run.waitForFinished(60'000));
    QCOMPARE(run.exitCode(), 0);
    QCOMPARE(committed_lines(folder_->filePath("out")).front(),
             QString{"press,21.5,2026-11-21T10:00:00Z,plant/oven/celsius"});
  }

  /// Both sides are killed while messages come; each comes once into what was committed.
  void readsEachMessageOnceWhoeverDies() {
    plugin_tests::restartable_run process{{"--plugins", PLUGINS, "run", folder_->filePath("from_mqtt.mill"),
                                           "--data-dir", folder_->filePath("data"), "--set",
                                           "readings.server=" + address(), "--set", "readings.client_id=kills", "--set",
                                           "readings.topics=kills/#"}};
    mqtt_tests::peer sender{*server_, "killer"};
    const auto payload = [](int n) {
      return "{\"line\":\"n" + std::to_string(n) + "\",\"celsius\":1,\"at\":\"2026-11-21T10:00:00Z\"}";
    };
    QTRY_VERIFY_WITH_TIMEOUT(
        (sender.publish("kills/begin", payload(-1)), !committed_lines(folder_->filePath("out")).isEmpty()), 30'000);
    constexpr int batch = 100;
    constexpr int batches = 16;
    for (int b = 0; b < batches; ++b) {
      for (int i = b * batch; i < (b + 1) * batch; ++i) {
        sender.publish("kills/a", payload(i));
        if (i % batch != batch / 2) continue;
        if (b % 4 == 1) {
          // A server that saved, and then sent more and died, would send that again under new numbers. So the reader
          // says nothing more, and what it said is read: one packet of each connection in turn.
          process.pause();
          for (int n = 0; n < 64; ++n) sender.publish("elsewhere", "1");
          server_->save();
          server_->kill();
          process.go_on();
        }
        if (b % 4 == 3) process.kill_and_restart();
      }
      QTRY_VERIFY_WITH_TIMEOUT(numbers().size() >= (b + 1) * batch, 60'000);
    }
    QVERIFY(process.stop());
    const auto found = numbers();
    QCOMPARE(found.size(), batch * batches);
    for (int i = 0; i < found.size(); ++i) QCOMPARE(found[i], i);
  }

  /// What libmosquitto queues as an acknowledgement stays here until the message is logged.
  void acknowledgesOnlyWhatIsLogged() {
    auto first = started({});
    const auto nothing_known = position_of(*first);
    mqtt_tests::peer sender{*server_, "sender"};
    for (int i = 1; i <= 5; ++i) sender.publish(topic("x"), json_of(i));
    // One poll: with the next one the engine says that it has logged them. The server sends before it acknowledges.
    (void)first->poll(100, 1);
    QCOMPARE(first->output().size(), std::size_t{5});
    first.reset();  // dies before the log has it
    auto second = started({}, nothing_known);
    QTRY_VERIFY(((void)second->poll(100, 1), second->output().size() == 5));
    QCOMPARE(second->output(), (std::vector<std::string>{"a,1", "a,2", "a,3", "a,4", "a,5"}));
    second->as<producer>().on_logged(second->ctx());
    // Whoever takes the session over may be quicker than the acknowledgements: the server takes one packet of each
    // connection in turn, so it has read five of this one when it has taken as many from another.
    for (int i = 0; i < 6; ++i) sender.publish("elsewhere", "1");
    second.reset();
    auto third = started({}, nothing_known);
    sender.publish(topic("x"), json_of(6));
    QTRY_VERIFY(((void)third->poll(100, 1), third->output().size() == 1));
    QCOMPARE(third->output(), (std::vector<std::string>{"a,6"}));
  }

  /// The log has the message and the server does not know.
  void tellsMessagesThatComeAgainApart() {
    auto first = started({});
    mqtt_tests::peer sender{*server_, "sender"};
    for (int i = 1; i <= 3; ++i) sender.publish(topic("x"), json_of(7));  // equal ones are not the same
    (void)first->poll(100, 1);
    QCOMPARE(first->output().size(), std::size_t{3});
    const auto position = position_of(*first);
    first.reset();
    auto second = started({}, position);
    sender.publish(topic("x"), json_of(7));
    QTRY_VERIFY(((void)second->poll(100, 1), second->output().size() == 1));
    sender.publish(topic("x"), json_of(8));
    QTRY_VERIFY(((void)second->poll(100, 1), second->output().size() == 2));
    QCOMPARE(second->output(), (std::vector<std::string>{"a,7", "a,8"}));
  }

  /// The server sends only so many messages ahead, so a source that is not polled has a bounded queue.
  void leavesWhatWaitsWithTheServer() {
    auto rig = started({});
    mqtt_tests::peer sender{*server_, "sender"};
    for (int i = 0; i < 60; ++i) sender.publish(topic("x"), json_of(i));
    // mosquitto's own limit without a word of acknowledgement.
    QTRY_VERIFY(((void)rig->as<producer>().poll(rig->ctx(), 5), rig->output().size() >= 20));
    QTRY_VERIFY(((void)rig->poll(100, 1), rig->output().size() == 60));
    for (int i = 0; i < 60; ++i) QCOMPARE(rig->output()[static_cast<std::size_t>(i)], "a," + std::to_string(i));
  }

  void goesOnWhenTheServerComesBack() {
    auto rig = started({});
    server_->save();
    server_->kill();
    mqtt_tests::peer sender{*server_, "sender"};
    sender.publish(topic("x"), json_of(1));
    QTRY_VERIFY_WITH_TIMEOUT(((void)rig->poll(100, 1), rig->output().size() == 1), 30'000);
  }

  /// Filter i is partition i mod 2's, and one that is added later is subscribed to as well.
  void sharesOutItsFilters() {
    const auto filters = topic("x") + "," + topic("y") + "," + topic("z");
    auto even = started({{"topics", filters}}, {}, 0, 2);
    auto odd = started({{"topics", filters}}, {}, 1, 2);
    mqtt_tests::peer sender{*server_, "sender"};
    sender.publish(topic("x"), json_of(1));
    sender.publish(topic("y"), json_of(2));
    sender.publish(topic("z"), json_of(3));
    QTRY_VERIFY(((void)even->poll(100, 1), even->output().size() == 2));
    QTRY_VERIFY(((void)odd->poll(100, 1), odd->output().size() == 1));
    QCOMPARE(even->output(), (std::vector<std::string>{"a,1", "a,3"}));
    QCOMPARE(odd->output(), (std::vector<std::string>{"a,2"}));
    odd->as<producer>().on_logged(odd->ctx());
    const auto position = position_of(*odd);
    odd.reset();
    auto more = started({{"topics", topic("w") + "," + topic("v")}}, position, 1, 2);
    sender.publish(topic("y"), json_of(4));
    sender.publish(topic("v"), json_of(5));
    QTRY_VERIFY(((void)more->poll(100, 1), more->output().size() == 1));
    QCOMPARE(more->output(), (std::vector<std::string>{"a,5"}));
    auto without = started({{"topics", topic("x")}}, {}, 1, 2);
    QCOMPARE(without->poll(), poll_result::next::end);
  }

  void readsTextAndSetsAsideWhatDoesNotFit() {
    auto rig = started({{"payload", "text"},
                        {"fields", "celsius:float64,topic:string,at:event_time"},
                        {"topic_field", "topic"},
                        {"arrival_field", "at"}});
    mqtt_tests::peer sender{*server_, "sender"};
    sender.publish(topic("x"), "21.5");
    sender.publish(topic("x"), "warm");
    sender.publish(topic("x"), std::string(5 << 20, '1'));
    QTRY_VERIFY(((void)rig->poll(100, 1), rig->output("dead").size() == 2));
    QCOMPARE(rig->output(), (std::vector<std::string>{"21.5," + topic("x") + ",1000000000000"}));
    const auto dead = rig->output("dead");
    QVERIFY2(dead[0].find("'warm' is no float64") != std::string::npos, dead[0].c_str());
    QVERIFY2(dead[0].find(topic("x")) != std::string::npos, dead[0].c_str());
    QVERIFY2(dead[1].find("has 5242880 bytes, more than 4194304") != std::string::npos, dead[1].substr(0, 500).c_str());
    QVERIFY(dead[1].size() < 4096);
  }

  void publishesTextAndKeepsTheLast() {
    text_rig rig{{.id = "mqtt.sink",
                  .params = {{"server", server_->address()},
                             {"topic", topic("{line}")},
                             {"payload", "text"},
                             {"payload_field", "celsius"},
                             {"retain", true}},
                  .input_fields = "line:string?,celsius:float64"}};
    QVERIFY2(rig.problem().empty(), rig.problem().c_str());
    rig.as<>().open(rig.ctx());
    rig.feed({"p,1.5", "p,2.5"});
    QVERIFY(rig.as<millrace::sink>().prepare(rig.ctx(), epoch_id{1}).has_value());
    mqtt_tests::peer reader{*server_, "late"};
    reader.subscribe(topic("#"));
    std::vector<mqtt_tests::seen_message> seen;
    QTRY_VERIFY(!append(seen, reader.take()).empty());
    QCOMPARE(seen[0].payload, std::string{"2.5"});
    QVERIFY(seen[0].retain);
    for (const auto* const line : {"+,1", "a/#,1", ",1"}) {
      QVERIFY_EXCEPTION_THROWN(rig.feed({line}), std::runtime_error);
    }
    rig.as<>().close(rig.ctx());
  }

  void givesUpOnAServerThatIsNotThere() {
    const auto nowhere = "localhost:" + std::to_string(mqtt_tests::free_port());
    auto rig = started({{"server", nowhere}, {"retry", 1}});
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QVERIFY2(
        rig->ctx().lines.front().find(nowhere + " is away (Connection refused); trying again") != std::string::npos,
        rig->ctx().lines.front().c_str());
    rig->ctx().time.ns += 2'000'000'000;
    QVERIFY_EXCEPTION_THROWN((void)rig->poll(), std::runtime_error);
  }

  void checksItsParameters_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QStringList>("params");
    QTest::addColumn<QString>("said");
    const QStringList good{"client_id=c", "topics=a/#", "fields=a:string"};
    QTest::newRow("server") << "mqtt.source" << good + QStringList{"server=here:there"}
                            << "'here:there' is no server: write host or host:port";
    QTest::newRow("client_id") << "mqtt.source" << QStringList{"topics=a"} << "'client_id' is empty";
    QTest::newRow("topics") << "mqtt.source" << QStringList{"client_id=c", "topics=a/#/b"}
                            << "'a/#/b' is no topic filter";
    QTest::newRow("no topics") << "mqtt.source" << QStringList{"client_id=c", "topics=,"} << "takes 1 to 1000";
    QTest::newRow("list") << "mqtt.source" << good + QStringList{"fields=a:list<int8>"}
                          << "only fields with single values";
    QTest::newRow("text") << "mqtt.source" << good + QStringList{"payload=text", "fields=a:string,b:string"}
                          << "for a text there is one field beside";
    QTest::newRow("topic_field") << "mqtt.source" << good + QStringList{"topic_field=b"}
                                 << "'topic_field': 'b' must be one of 'fields', a string or bytes";
    QTest::newRow("tls") << "mqtt.source" << good + QStringList{"tls_ca=x"} << "'tls_ca' is set, but 'tls' is no";
    QTest::newRow("key") << "mqtt.source" << good + QStringList{"tls=yes", "tls_cert=x"} << "are set together";
    QTest::newRow("no topic") << "mqtt.sink" << QStringList{"topic="} << "'' is no topic";
    QTest::newRow("wildcard") << "mqtt.sink" << QStringList{"topic=a/+"} << "'a/+' is no topic";
    QTest::newRow("field") << "mqtt.sink" << QStringList{"topic=a/{b}"} << "parameter 'topic'";
    QTest::newRow("brace") << "mqtt.sink" << QStringList{"topic=a/{b"} << "'a/{b' is no topic";
    QTest::newRow("payload_field") << "mqtt.sink" << QStringList{"topic=a", "payload=text"} << "'payload_field' names";
  }
  void checksItsParameters() {
    QFETCH(QString, id);
    QFETCH(QStringList, params);
    QFETCH(QString, said);
    const auto rig = plugin_tests::configured(id, params, id == "mqtt.sink" ? "x:string" : "");
    QVERIFY2(QString::fromStdString(rig.problem()).contains(said), rig.problem().c_str());
  }

private:
  [[nodiscard]] QString address() const { return QString::fromStdString(server_->address()); }
  /// Below a level of this test's own.
  [[nodiscard]] std::string topic(const std::string& last) const { return "case" + std::to_string(case_) + "/" + last; }
  static std::vector<mqtt_tests::seen_message>& append(std::vector<mqtt_tests::seen_message>& to,
                                                       const std::vector<mqtt_tests::seen_message>& more) {
    to.insert(to.end(), more.begin(), more.end());
    return to;
  }
  [[nodiscard]] QList<int> numbers() const {
    QList<int> out;
    for (const auto& line : committed_lines(folder_->filePath("out"))) {
      const int n = line.section(',', 0, 0).mid(1).toInt();
      if (n >= 0) out.append(n);
    }
    std::ranges::sort(out);
    return out;
  }
  /// Connected and subscribed, unless there is no server.
  [[nodiscard]] std::unique_ptr<text_rig> started(std::map<std::string, param_value> params,
                                                  const std::string& position = {}, std::uint32_t partition = 0,
                                                  std::uint32_t parallelism = 1) const {
    params.insert({{"server", server_->address()},
                   {"client_id", "case" + std::to_string(case_)},
                   {"topics", topic("#")},
                   {"fields", "line:string,number:int64"}});
    auto rig = plugin_tests::opened(
        {.id = "mqtt.source", .params = params, .partition = partition, .parallelism = parallelism}, position);
    if (!params.contains("retry")) settle(*rig);
    return rig;
  }
  /// Polls until the server has granted what the partition subscribes to.
  static void settle(text_rig& rig) {
    mqtt_tests::wait_until("no subscription", [&] {
      if (rig.poll(100, 1) == poll_result::next::end) return true;
      return position_of(rig).find("case") != std::string::npos;
    });
  }

  std::unique_ptr<mqtt_tests::broker> server_;
  std::unique_ptr<QTemporaryDir> folder_;
  int case_ = 0;
};

QTEST_GUILESS_MAIN(mqtt_plugin_test)
#include "plugin_test.moc"
