// Before Qt, whose keyword `emit` is the name of a member here.
#include "plugin_rig.hpp"
#include "server.hpp"

#include <QTest>
#include <algorithm>

#include "command_process.hpp"

using namespace millrace;
using namespace millrace::testing;
using millrace::test::run_command;
using plugin_tests::committed_lines;
using plugin_tests::position_of;

namespace {}  // namespace

/// The plugin against a real server, by itself and as users have it: a shared object that the command loads.
class redis_plugin_test : public QObject {
  Q_OBJECT
private slots:
  void init() {
    if (!server_) server_ = std::make_unique<redis_tests::server>();
    (void)server_->run({"FLUSHALL"});
    folder_ = std::make_unique<QTemporaryDir>();
    for (const QString name : {"to_redis.mill", "from_redis.mill", "orders.csv"})
      QVERIFY(QFile::copy(SAMPLES "/" + name, folder_->filePath(name)));
  }
  void cleanupTestCase() { server_.reset(); }

  void runsTheSamples() {
    const auto socket = QString::fromStdString(server_->socket());
    auto ended = run_command({"--plugins", PLUGINS, "run", folder_->filePath("to_redis.mill"), "--data-dir",
                              folder_->filePath("to"), "--set", "sent.server=" + socket});
    QVERIFY2(ended.exit_code == 0, ended.err);
    QCOMPARE(server_->run({"XLEN", "orders"})->integer, 3);
    ended = run_command({"--plugins", PLUGINS, "run", folder_->filePath("from_redis.mill"), "--data-dir",
                         folder_->filePath("from"), "--set", "orders.server=" + socket, "--set", "orders.end_after=1"});
    QVERIFY2(ended.exit_code == 0, ended.err);
    auto lines = committed_lines(folder_->filePath("out"));
    lines.sort();
    QCOMPARE(lines, (QStringList{"1,ada,19.90,2026-11-21T10:00:00Z", "2,bob,5.00,2026-11-21T10:00:01Z",
                                 "3,ada,100.10,2026-11-21T10:00:02Z"}));
    // A run that starts from the beginning does not add to what is there.
    ended = run_command({"--plugins", PLUGINS, "run", folder_->filePath("to_redis.mill"), "--data-dir",
                         folder_->filePath("anew"), "--set", "sent.server=" + socket});
    QVERIFY(ended.exit_code != 0);
    QVERIFY2(ended.err.contains("holds output of an earlier run"), ended.err);
  }

  /// Both sides are killed while entries come; each comes once into what was committed.
  void readsEachEntryOnceWhoeverDies() {
    plugin_tests::restartable_run process{{"--plugins", PLUGINS, "run", folder_->filePath("from_redis.mill"),
                                           "--data-dir", folder_->filePath("data"), "--set",
                                           "orders.server=" + QString::fromStdString(server_->socket())}};
    constexpr int batch = 100;
    constexpr int batches = 16;
    for (int b = 0; b < batches; ++b) {
      for (int i = b * batch; i < (b + 1) * batch; ++i) {
        const auto n = std::to_string(i + 1);
        (void)server_->run({"XADD", "orders", n + "-0", "number", n, "customer", "c", "amount", "1"});
        if (b % 4 == 1 && i % batch == batch / 2) server_->kill();
        if (b % 4 == 3 && i % batch == batch / 2) {
          process.kill_and_restart();
        }
      }
      QTRY_VERIFY_WITH_TIMEOUT(committed_lines(folder_->filePath("out")).size() >= (b + 1) * batch, 60'000);
    }
    QVERIFY(process.stop());
    QList<int> numbers;
    for (const auto& line : committed_lines(folder_->filePath("out"))) numbers.append(line.section(',', 0, 0).toInt());
    std::ranges::sort(numbers);
    QCOMPARE(numbers.size(), batch * batches);
    for (int i = 0; i < numbers.size(); ++i) QCOMPARE(numbers[i], i + 1);
    const auto pending = server_->run({"XPENDING", "orders", "from_redis"});
    QCOMPARE(pending->element[0]->integer, 0);
  }

  void tellsOfferedEntriesApart() {
    for (int i = 1; i <= 10; ++i) (void)server_->run({"XADD", "s", std::to_string(i) + "-0", "n", std::to_string(i)});
    auto first = started({});
    (void)first->poll(4, 1);
    const auto position = position_of(*first);
    (void)first->poll(3, 1);  // neither logged nor acknowledged
    QCOMPARE(first->output().size(), std::size_t{7});
    auto second = started({}, position);
    (void)second->poll();
    QCOMPARE(second->output(), (std::vector<std::string>{"5,5000000", "6,6000000", "7,7000000", "8,8000000",
                                                         "9,9000000", "10,10000000"}));
    QCOMPARE(server_->run({"XPENDING", "s", "g"})->element[0]->integer, 6);  // those of the position are acknowledged
    second->as<producer>().on_logged(second->ctx());
    QCOMPARE(server_->run({"XPENDING", "s", "g"})->element[0]->integer, 0);
    second->ctx().time.ns += 10'000'000'000;
    QCOMPARE(second->poll(), poll_result::next::idle);
  }

  void setsAsideWhatDoesNotFit() {
    (void)server_->run({"XADD", "s", "1-0", "n", "many"});
    (void)server_->run({"XADD", "s", "2-0", "m", "1"});
    (void)server_->run({"XADD", "s", "3-0", "n", "3"});
    auto rig = started({});
    (void)rig->poll();
    QCOMPARE(rig->output().size(), std::size_t{1});
    const auto dead = rig->output("dead");
    QCOMPARE(dead.size(), std::size_t{2});
    QVERIFY2(dead[0].find("field 'n': 'many' is no int64") != std::string::npos &&
                 dead[0].find("n=many") != std::string::npos,
             dead[0].c_str());
    QVERIFY2(dead[1].find("field 'n' is missing") != std::string::npos, dead[1].c_str());
  }

  void setsAsideWhatNoTimeOrTooLarge() {
    (void)server_->run({"XADD", "s", "1-0", "n", std::string(5 << 20, '1')});
    (void)server_->run({"XADD", "s", "18446744073709551614-0", "n", "1"});
    auto rig = started({});
    (void)rig->poll(10, 2);
    QCOMPARE(rig->output().size(), std::size_t{0});
    const auto dead = rig->output("dead");
    QCOMPARE(dead.size(), std::size_t{2});
    QVERIFY(dead[0].find("has 5242881 bytes, more than 4194304") != std::string::npos);
    QVERIFY(dead[0].size() < 4096);
    QVERIFY2(dead[1].find("the id is no time before the year 2262") != std::string::npos, dead[1].c_str());
  }

  /// The second time, too: a connection whose password was refused is not gone on with.
  void isNotLetInWithAWrongPassword() {
    QFile file{folder_->filePath("password")};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("wrong-word\n");
    file.close();
    auto rig = started({{"password_file", folder_->filePath("password").toStdString()}});
    for (int i = 0; i < 2; ++i) {
      std::string said;
      try {
        (void)rig->poll();
      } catch (const std::runtime_error& e) {
        said = e.what();
      }
      QVERIFY2(said.find("refuses AUTH") != std::string::npos, said.c_str());
      QVERIFY2(said.find("wrong-word") == std::string::npos, said.c_str());
    }
  }

  void givesUpOnAServerThatIsNotThere() {
    auto rig = started({{"server", "/nowhere/socket"}, {"retry", 1}});
    QCOMPARE(rig->poll(), poll_result::next::wait);
    QVERIFY(rig->ctx().lines.front().find("/nowhere/socket is away (No such file or directory); trying again") !=
            std::string::npos);
    rig->ctx().time.ns += 2'000'000'000;
    QVERIFY_EXCEPTION_THROWN((void)rig->poll(), std::runtime_error);
  }

  void checksItsParameters_data() {
    QTest::addColumn<QString>("id");
    QTest::addColumn<QStringList>("params");
    QTest::addColumn<QString>("said");
    QTest::newRow("server") << "redis.source" << QStringList{"server=here:there"}
                            << "'here:there' is no server: write host:port";
    QTest::newRow("group") << "redis.source" << QStringList{"stream=s"} << "'group' is empty";
    QTest::newRow("fields") << "redis.source" << QStringList{"stream=s", "group=g", "fields=a:list<int8>"}
                            << "only fields with single values";
    QTest::newRow("stream") << "redis.sink" << QStringList{} << "'stream' is empty";
  }
  void checksItsParameters() {
    QFETCH(QString, id);
    QFETCH(QStringList, params);
    QFETCH(QString, said);
    const auto rig = plugin_tests::configured(id, params, "");
    QVERIFY2(QString::fromStdString(rig.problem()).contains(said), rig.problem().c_str());
  }

private:
  [[nodiscard]] std::unique_ptr<text_rig> started(std::map<std::string, param_value> params,
                                                  const std::string& position = {}) const {
    params.insert(
        {{"server", server_->socket()}, {"stream", "s"}, {"group", "g"}, {"fields", "n:int64,at:event_time"}});
    return plugin_tests::opened({.id = "redis.source", .params = params}, position);
  }

  std::unique_ptr<redis_tests::server> server_;
  std::unique_ptr<QTemporaryDir> folder_;
};

QTEST_GUILESS_MAIN(redis_plugin_test)
#include "plugin_test.moc"
