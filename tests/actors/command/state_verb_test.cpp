#include <signal.h>

#include <QTest>

#include "command_process.hpp"

using millrace::test::command_output;
using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;
using millrace::test::topology_folder;

/// `millrace state` on a run that is at work.
class state_verb_test : public QObject {
  Q_OBJECT

  topology_folder folder_{1};
  QProcess run_;
  QString pid_;

  [[nodiscard]] command_output state(const QStringList& arguments) const {
    return run_command(QStringList{"state"} + arguments + QStringList{"--pid", pid_});
  }
  [[nodiscard]] nlohmann::json json_of(const QStringList& arguments) const {
    const auto ended = state(arguments + QStringList{"--json"});
    if (ended.exit_code != 0) qFatal("%s", ended.err.constData());
    return nlohmann::json::parse(ended.out.toStdString());
  }

private slots:
  void initTestCase() {
    folder_.write("queried.mill", R"({"millrace": 1, "name": "queried", "actors": [
      {"name": "events", "type": "millrace.generator", "params": {"keys": 2000, "key_type": "text", "rate": 10000}},
      {"name": "spread", "type": "millrace.by_key"},
      {"name": "sum", "type": "millrace.aggregate", "parallelism": 2, "params": {"key": "key", "value": "value"},
       "state": {"place": "disk", "memory": "64KiB"}},
      {"name": "drop", "type": "millrace.null_sink", "parallelism": 2}],
      "streams": ["events -> spread", "spread -> sum", "sum -> drop"]})");
    start_command(run_, {"run", folder_.path("queried.mill")});
    pid_ = QString::number(run_.processId());
    QTRY_VERIFY_WITH_TIMEOUT(state({"get", "queried", "sum", "--key", "key-1999"}).exit_code == 0, 30'000);
    QTRY_VERIFY_WITH_TIMEOUT(json_of({"size", "queried", "sum"})["rows"] == 2'000, 30'000);
  }
  void cleanupTestCase() {
    ::kill(static_cast<pid_t>(run_.processId()), SIGINT);
    const auto ended = finish_command(run_);
    QVERIFY2(ended.exit_code == 0, ended.err);
  }

  void getsTheStateOfAKey() {
    const auto row = json_of({"get", "queried", "sum", "aggregate", "--key", "key-7"});
    QCOMPARE(row["key"].get<std::string>(), std::string{"key-7"});
    QVERIFY(row["states"]["aggregate"]["count"].get<int>() > 0);
    QVERIFY(row["states"]["aggregate"].contains("newest"));
    const auto text = state({"get", "queried", "sum", "--key", "key-7"});
    QVERIFY2(text.out.startsWith("\"key-7\"  aggregate={\"count\":"), text.out);
  }

  void scansByPrefixAndRange() {
    const auto some = json_of({"scan", "queried", "sum", "--prefix", "key-19", "--limit", "5000"});
    QCOMPARE(some.size(), std::size_t{111});  // key-19, key-190…199, key-1900…1999
    const auto range = json_of({"scan", "queried", "sum", "--from", "key-100", "--to", "key-101", "--limit", "5000"});
    QCOMPARE(range.size(), std::size_t{11});  // key-100, key-1000…1009
    const auto all = json_of({"scan", "queried", "sum", "--limit", "5000"});
    QCOMPARE(all.size(), std::size_t{2'000});
    const auto few = state({"scan", "queried", "sum", "--limit", "7"});
    QCOMPARE(few.exit_code, 0);
    QCOMPARE(few.out.count('\n'), 7);
    QVERIFY2(few.err.contains("raise --limit"), few.err);
  }

  void countsByKeyGroup() {
    const auto size = json_of({"size", "queried", "sum"});
    QCOMPARE(size["rows"].get<int>(), 2'000);
    QVERIFY(size["groups"].size() > 500 && size["groups"].size() <= 1'024);
    QVERIFY(size["bytes"].get<int>() > 2'000 * 50);
    for (const auto& g : size["groups"]) QCOMPARE(g["partition"].get<int>(), g["group"].get<int>() / 512);
  }

  void statusShowsWhatWaitsOnDisk() {
    const auto status = run_command({"topology", "status", "queried", "--pid", pid_, "--json"});
    std::uint64_t spilled = 0;
    const auto parsed = nlohmann::json::parse(status.out.toStdString());
    for (const auto& t : parsed["tasks"]) spilled += t["state_spilled_bytes"].get<std::uint64_t>();
    QVERIFY(spilled > 0);
  }

  void saysWhatIsNotThere_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exit_code");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* name, const QStringList& arguments, int exit_code, const char* text) {
      QTest::newRow(name) << arguments << exit_code << QByteArray{text};
    };
    row("run", {"get", "nobody", "sum", "--key", "k"}, 2, "no such topology is running");
    row("actor", {"get", "queried", "som", "--key", "k"}, 2,
        "there is no actor 'som'; there are events, spread, sum, drop");
    row("actor without keys", {"get", "queried", "drop", "--key", "k"}, 2, "'drop' keeps no state by key");
    row("state", {"get", "queried", "sum", "total", "--key", "k"}, 2, "'sum' has no state 'total'; it has 'aggregate'");
    row("key", {"get", "queried", "sum", "--key", "key-2000"}, 1, "'sum' has no state for key key-2000");
  }
  void saysWhatIsNotThere() {
    QFETCH(QStringList, arguments);
    QFETCH(int, exit_code);
    QFETCH(QByteArray, text);
    const auto ended = state(arguments);
    QCOMPARE(ended.exit_code, exit_code);
    QVERIFY2(ended.err.startsWith("error: ") && ended.err.contains(text), ended.err);
  }
};

QTEST_GUILESS_MAIN(state_verb_test)
#include "state_verb_test.moc"
