// Before Qt, whose keyword `emit` is the name of a member here.
#include "cluster.hpp"
#include "plugin_rig.hpp"

#include <QTest>
#include <algorithm>

#include "command_process.hpp"
#include "millrace/sink.hpp"

using namespace millrace;
using namespace millrace::testing;
using millrace::test::run_command;
using plugin_tests::committed_lines;
using plugin_tests::position_of;

namespace {

// Of the protocol.
constexpr int produce_request = 0;
constexpr int fetch_request = 1;
constexpr int request_timed_out = 7;
constexpr int not_leader = 6;
constexpr int closes_connection = -195;

std::string order(int n) {
  return "{\"number\":" + std::to_string(n) + ",\"customer\":\"c\",\"amount\":\"1\",\"at\":\"2026-11-21T10:00:00Z\"}";
}

}  // namespace

/// The plugin against a cluster, by itself and as users have it: a shared object that the command loads.
class kafka_plugin_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { cluster_ = std::make_unique<kafka_tests::cluster>(); }
  void cleanupTestCase() { cluster_.reset(); }
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    for (const QString name : {"to_kafka.mill", "from_kafka.mill", "orders.csv"})
      QVERIFY(QFile::copy(SAMPLES "/" + name, folder_->filePath(name)));
  }

  void runsTheSamples() {
    const auto topic = cluster_->make_topic(3);
    const auto set = [&](const char* actor) {
      return QStringList{"--set", QString{"%1.brokers=%2"}.arg(actor, brokers()), "--set",
                         QString{"%1.topic=%2"}.arg(actor, QString::fromStdString(topic))};
    };
    auto ended = run_command(QStringList{"--plugins", PLUGINS, "run", folder_->filePath("to_kafka.mill"), "--data-dir",
                                         folder_->filePath("to")} +
                             set("sent"));
    QVERIFY2(ended.exit_code == 0, ended.err);
    const auto sent = cluster_->read(topic);
    QCOMPARE(sent.size(), std::size_t{3});
    for (const auto& m : sent) QVERIFY(m.timestamp_ms >= 1'795'255'200'000 && m.timestamp_ms <= 1'795'255'202'000);
    const auto of_ada = std::ranges::count_if(sent, [](const auto& m) { return m.key == "ada"; });
    QCOMPARE(of_ada, 2);
    ended = run_command(QStringList{"--plugins", PLUGINS, "run", folder_->filePath("from_kafka.mill"), "--data-dir",
                                    folder_->filePath("from"), "--set", "orders.end_after=1"} +
                        set("orders"));
    QVERIFY2(ended.exit_code == 0, ended.err);
    auto lines = committed_lines(folder_->filePath("out"));
    lines.sort();
    QCOMPARE(lines, (QStringList{"1,ada,19.90,2026-11-21T10:00:00Z", "2,bob,5.00,2026-11-21T10:00:01Z",
                                 "3,ada,100.10,2026-11-21T10:00:02Z"}));
  }

  /// The run is killed and the brokers go away while messages come; each comes once into what was committed.
  void readsEachMessageOnceWhoeverDies() {
    const auto topic = cluster_->make_topic(4);
    plugin_tests::restartable_run process{
        {"--plugins", PLUGINS, "run", folder_->filePath("from_kafka.mill"), "--data-dir", folder_->filePath("data"),
         "--set", "orders.brokers=" + brokers(), "--set", "orders.topic=" + QString::fromStdString(topic)}};
    constexpr int batch = 100;
    constexpr int batches = 12;
    for (int b = 0; b < batches; ++b) {
      std::vector<kafka_tests::record> some;
      for (int i = b * batch; i < (b + 1) * batch; ++i) some.push_back({.value = order(i + 1), .partition = i % 4});
      const std::size_t half = some.size() / 2;
      cluster_->send(topic, {some.begin(), some.begin() + half});
      if (b % 4 == 1 && cluster_->is_mock()) cluster_->blink(300);
      if (b % 4 == 3) {
        process.kill_and_restart();
      }
      cluster_->send(topic, {some.begin() + half, some.end()});
      QTRY_VERIFY_WITH_TIMEOUT(committed_lines(folder_->filePath("out")).size() >= (b + 1) * batch, 60'000);
    }
    QVERIFY(process.stop());
    QList<int> numbers;
    for (const auto& line : committed_lines(folder_->filePath("out"))) numbers.append(line.section(',', 0, 0).toInt());
    std::ranges::sort(numbers);
    QCOMPARE(numbers.size(), batch * batches);
    for (int i = 0; i < numbers.size(); ++i) QCOMPARE(numbers[i], i + 1);
  }

  /// Each of the topic's partitions belongs to one task, and the offsets of a snapshot say where it goes on.
  void goesOnAtItsOffsets() {
    const auto topic = cluster_->make_topic(3);
    for (int p = 0; p < 3; ++p)
      cluster_->send(topic, {{.value = n(10 * p), .partition = p}, {.value = n(10 * p + 1), .partition = p}});
    auto even = started(topic, {}, {}, 0, 2);
    auto odd = started(topic, {}, {}, 1, 2);
    auto none = started(topic, {}, {}, 3, 4);
    QTRY_VERIFY(((void)even->poll(100, 1), even->output().size() == 4));
    QTRY_VERIFY(((void)odd->poll(100, 1), odd->output().size() == 2));
    QCOMPARE(odd->output(), (std::vector<std::string>{"10", "11"}));
    (void)none->poll(100, 1);
    QVERIFY(none->ctx().lines.front().find("has 3 partitions, so there is none for this one") != std::string::npos);
    QCOMPARE(odd->as<producer>().describe_position(), topic + " 1:2");
    const auto position = position_of(*odd);
    cluster_->send(topic, {{.value = n(12), .partition = 1}});
    auto next = started(topic, {}, position, 1, 2);
    QTRY_VERIFY(((void)next->poll(100, 1), !next->output().empty()));
    QCOMPARE(next->output(), (std::vector<std::string>{"12"}));
    QCOMPARE(next->as<producer>().backlog(), std::uint64_t{0});
    // The first position has offsets, also when nothing came.
    auto now = started(topic, {{"from", "now"}}, {}, 1, 2);
    (void)now->poll(100, 1);
    const auto before = position_of(*now);
    now.reset();
    cluster_->send(topic, {{.value = n(13), .partition = 1}});
    auto later = started(topic, {{"from", "now"}}, before, 1, 2);
    QTRY_VERIFY(((void)later->poll(100, 1), !later->output().empty()));
    QCOMPARE(later->output(), (std::vector<std::string>{"13"}));
  }

  void saysThatItsOffsetIsGone() {
    const auto topic = cluster_->make_topic(1);
    cluster_->send(topic, {{.value = n(1)}});
    byte_buffer position;
    msgpack::writer w{position};
    w.array(2);
    w.integer(0);
    w.integer(4711);
    auto rig = started(topic, {}, std::string{as_text(position.view())});
    std::string said;
    QTRY_VERIFY_WITH_TIMEOUT((said = failure_of(*rig), !said.empty()), 30'000);
    QVERIFY2(said.find("the offset 4711 where reading goes on is not there") != std::string::npos, said.c_str());
    position.clear();
    msgpack::writer other{position};
    other.array(2);
    other.integer(5);
    other.integer(0);
    auto smaller = started(topic, {}, std::string{as_text(position.view())});
    said = failure_of(*smaller);
    QVERIFY2(said.find("has 1 partitions, and the snapshot one with number 5") != std::string::npos, said.c_str());
  }

  void readsWhatComesBesideTheValue() {
    const auto topic = cluster_->make_topic(1);
    auto rig = started(topic, {{"fields", "n:int64,key:string?,at:event_time,trace:string?"},
                               {"key_field", "key"},
                               {"timestamp_field", "at"},
                               {"header_fields", "trace"}});
    cluster_->send(topic, {{.value = n(1), .key = "k", .timestamp_ms = 1'700'000'000'123, .headers = {{"trace", "t"}}},
                           {.value = n(2), .timestamp_ms = 1'700'000'000'124}});
    QTRY_VERIFY(((void)rig->poll(100, 1), rig->output().size() == 2));
    QCOMPARE(rig->output(), (std::vector<std::string>{"1,k,1700000000123000000,t", "2,,1700000000124000000,"}));
  }

  void setsAsideWhatDoesNotFit() {
    const auto topic = cluster_->make_topic(1);
    auto rig = started(topic, {{"fields", "n:int64,key:string"}, {"key_field", "key"}});
    cluster_->send(topic, {{.value = "no JSON", .key = "k"},
                           {.value = std::nullopt, .key = "k"},
                           {.value = n(1)},
                           {.value = n(3), .key = "k"}});
    QTRY_VERIFY(((void)rig->poll(100, 1), rig->output().size() == 1));
    QCOMPARE(rig->output(), (std::vector<std::string>{"3,k"}));
    const auto dead = rig->output("dead");
    QCOMPARE(dead.size(), std::size_t{3});
    QVERIFY2(dead[0].find("no JSON") != std::string::npos, dead[0].c_str());
    QVERIFY2(dead[1].find("has no value (a tombstone)") != std::string::npos, dead[1].c_str());
    QVERIFY2(dead[2].find("field 'key' is missing: the message has none") != std::string::npos, dead[2].c_str());
    QVERIFY2(dead[2].find(topic + "/0") != std::string::npos, dead[2].c_str());
  }

  /// Errors that the library tries again over, in the middle of what is sent and read.
  void goesOnOverErrors() {
    if (!cluster_->is_mock()) QSKIP("a real broker fails when it likes");
    const auto topic = cluster_->make_topic(1);
    text_rig sink{{.id = "kafka.sink",
                   .params = {{"brokers", cluster_->brokers()}, {"topic", topic}},
                   .input_fields = "n:int64"}};
    sink.as<>().open(sink.ctx());
    constexpr int count = 60;
    for (int i = 0; i < count; ++i) {
      if (i % 20 == 10) {
        const auto code =
            std::array{request_timed_out, not_leader, closes_connection}[static_cast<std::size_t>(i / 20)];
        cluster_->command("fail " + std::to_string(produce_request) + " " + std::to_string(code) + " 2");
      }
      sink.feed({std::to_string(i)});
      QVERIFY(sink.as<millrace::sink>().prepare(sink.ctx(), epoch_id{static_cast<std::uint64_t>(i + 1)}).has_value());
    }
    sink.as<>().close(sink.ctx());
    const auto found = cluster_->read(topic);
    QCOMPARE(found.size(), std::size_t{count});
    for (int i = 0; i < count; ++i) QCOMPARE(found[static_cast<std::size_t>(i)].value.value(), n(i));
    auto rig = started(topic, {});
    cluster_->command("fail " + std::to_string(fetch_request) + " " + std::to_string(not_leader) + " 3");
    cluster_->command("leader " + topic + " 0 2");
    QTRY_VERIFY_WITH_TIMEOUT(((void)rig->poll(7, 1), rig->output().size() == count), 30'000);
    for (int i = 0; i < count; ++i) QCOMPARE(rig->output()[static_cast<std::size_t>(i)], std::to_string(i));
  }

  /// What was not delivered is before every snapshot to come, whatever comes behind it.
  void preparesNothingBehindALoss() {
    if (!cluster_->is_mock()) QSKIP("a real broker is not ours to stop");
    const auto topic = cluster_->make_topic(1);
    text_rig sink{{.id = "kafka.sink",
                   .params = {{"brokers", cluster_->brokers()}, {"topic", topic}, {"retry", 1}},
                   .input_fields = "n:int64"}};
    sink.as<>().open(sink.ctx());
    sink.feed({"1"});
    QVERIFY(sink.as<millrace::sink>().prepare(sink.ctx(), epoch_id{1}).has_value());
    cluster_->command("down");
    sink.feed({"2"});
    const auto lost = sink.as<millrace::sink>().prepare(sink.ctx(), epoch_id{2});
    cluster_->command("up");
    QVERIFY(!lost.has_value());
    QVERIFY2(lost.error().message.find("a message was not delivered") != std::string::npos,
             lost.error().message.c_str());
    QVERIFY(!sink.as<millrace::sink>().prepare(sink.ctx(), epoch_id{3}).has_value());
    QVERIFY_EXCEPTION_THROWN(sink.feed({"3"}), std::runtime_error);
    sink.as<>().close(sink.ctx());
  }

  /// A queue of one: events wait for the cluster instead of memory.
  void holdsNoMoreThanItMay() {
    const auto topic = cluster_->make_topic(1);
    text_rig sink{{.id = "kafka.sink",
                   .params = {{"brokers", cluster_->brokers()}, {"topic", topic}, {"in_flight", 1}},
                   .input_fields = "n:int64"}};
    sink.as<>().open(sink.ctx());
    for (int i = 0; i < 50; ++i) sink.feed({std::to_string(i)});
    QVERIFY(sink.as<millrace::sink>().prepare(sink.ctx(), epoch_id{1}).has_value());
    QCOMPARE(cluster_->read(topic).size(), std::size_t{50});
    sink.as<>().close(sink.ctx());
  }

  void givesUpOnAClusterThatIsNotThere() {
    auto rig = started("t", {{"brokers", "127.0.0.1:1"}, {"retry", 1}});
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QVERIFY2(rig->ctx().lines.front().find("Kafka at 127.0.0.1:1: the topic 't': ") != std::string::npos,
             rig->ctx().lines.front().c_str());
    rig->ctx().time.ns += 2'000'000'000;
    QVERIFY_EXCEPTION_THROWN((void)rig->poll(), std::runtime_error);
  }

  void checksItsParameters_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QStringList>("params");
    QTest::addColumn<QString>("said");
    const QStringList good{"topic=t", "fields=n:int64"};
    const auto file = [&](const char* text) { return "settings=" + QString{text}; };
    QTest::newRow("topic") << "kafka.source" << QStringList{"fields=n:int64"} << "'topic' is empty";
    QTest::newRow("brokers") << "kafka.sink" << QStringList{"topic=t", "brokers="} << "'brokers' is empty";
    QTest::newRow("fields") << "kafka.source" << QStringList{"topic=t", "fields=n"} << "";
    QTest::newRow("key") << "kafka.source" << good + QStringList{"key_field=n"} << "'key_field': 'n' must be one of";
    QTest::newRow("header") << "kafka.source" << good + QStringList{"header_fields=x"}
                            << "'header_fields': 'x' must be";
    QTest::newRow("value_field") << "kafka.sink" << QStringList{"topic=t", "value=text"} << "'value_field' names";
    QTest::newRow("no such") << "kafka.sink" << QStringList{"topic=t", "key_field=x"} << "'key_field'";
    QTest::newRow("timestamp") << "kafka.sink" << QStringList{"topic=t", "timestamp_field=n"} << "is no event_time";
    QTest::newRow("decided") << "kafka.source" << good + QStringList{file("# x\nacks=0")}
                             << ":2: 'acks' is the actor's to set";
    QTest::newRow("no pair") << "kafka.sink" << QStringList{"topic=t", file("secret-word")}
                             << ":1: expected name=value";
  }
  void checksItsParameters() {
    QFETCH(QString, id);
    QFETCH(QStringList, params);
    QFETCH(QString, said);
    text_rig::setting s{.id = id.toStdString()};
    if (id == "kafka.sink") s.input_fields = "n:int64";
    for (const auto& p : params) {
      if (!p.startsWith("settings=")) {
        s.params[p.section('=', 0, 0).toStdString()] = p.section('=', 1).toStdString();
        continue;
      }
      QFile file{folder_->filePath("settings")};
      QVERIFY(file.open(QIODevice::WriteOnly));
      file.write(p.section('=', 1).toUtf8());
      s.params["settings_file"] = file.fileName().toStdString();
    }
    const text_rig rig{s};
    QVERIFY(!rig.problem().empty());
    QVERIFY2(QString::fromStdString(rig.problem()).contains(said), rig.problem().c_str());
    QVERIFY(rig.problem().find("secret-word") == std::string::npos);
  }

  /// librdkafka repeats a value that it does not take, and that may be a password.
  void keepsTheValuesOfSettingsToItself() {
    QFile file{folder_->filePath("settings")};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("security.protocol = secret-word\n");
    file.close();
    auto rig = started("t", {{"settings_file", file.fileName().toStdString()}});
    const auto said = failure_of(*rig);
    QVERIFY2(said.find("does not take the setting 'security.protocol'") != std::string::npos, said.c_str());
    QVERIFY(said.find("secret-word") == std::string::npos);
  }

private:
  [[nodiscard]] QString brokers() const { return QString::fromStdString(cluster_->brokers()); }
  static std::string n(int i) { return "{\"n\":" + std::to_string(i) + "}"; }
  [[nodiscard]] std::unique_ptr<text_rig> started(const std::string& topic, std::map<std::string, param_value> params,
                                                  const std::string& position = {}, std::uint32_t partition = 0,
                                                  std::uint32_t parallelism = 1) const {
    params.insert({{"brokers", cluster_->brokers()}, {"topic", topic}, {"fields", "n:int64"}});
    return plugin_tests::opened(
        {.id = "kafka.source", .params = params, .partition = partition, .parallelism = parallelism}, position);
  }
  /// What a poll throws; empty: nothing.
  static std::string failure_of(text_rig& rig) {
    try {
      (void)rig.poll(100, 1);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return {};
  }

  std::unique_ptr<kafka_tests::cluster> cluster_;
  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(kafka_plugin_test)
#include "plugin_test.moc"
