#include <signal.h>

#include <QTest>

#include "command_process.hpp"

using millrace::test::command_output;
using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;
using millrace::test::topology_folder;

/// `millrace table` on tables that a run at work writes to.
class table_verb_test : public QObject {
  Q_OBJECT

  topology_folder folder_{1};
  QProcess run_;

  [[nodiscard]] command_output table(const QString& verb, const QStringList& arguments = {}) const {
    return run_command(QStringList{"table", verb, folder_.path("tables")} + arguments);
  }

private slots:
  void initTestCase() {
    folder_.write("kept.mill", R"({"millrace": 1, "name": "kept",
      "settings": {"snapshot_interval": "100ms"},
      "actors": [
        {"name": "events", "type": "millrace.generator", "params": {"keys": 2000, "key_type": "text", "rate": 20000}},
        {"name": "spread", "type": "millrace.by_key"},
        {"name": "newest", "type": "millrace.table_sink", "parallelism": 2,
         "params": {"path": "tables", "table": "newest", "key": "key"}}],
      "streams": ["events -> spread", "spread -> newest"]})");
    start_command(run_, {"run", folder_.path("kept.mill")});
    QTRY_VERIFY_WITH_TIMEOUT(table("list").out.contains("newest  2000 rows by key  key:string"), 30'000);
  }
  void cleanupTestCase() {
    ::kill(static_cast<pid_t>(run_.processId()), SIGINT);
    const auto ended = finish_command(run_);
    QVERIFY2(ended.exit_code == 0, ended.err);
  }

  void getsTheRowOfAKey() {
    const auto row = table("get", {"newest", "key-7"});
    QVERIFY2(row.exit_code == 0 && row.out.startsWith("key=\"key-7\"  value="), row.err + row.out);
    const auto json = table("get", {"newest", "key-7", "--json"}).json_lines();
    QCOMPARE(json.at(0)["key"].get<std::string>(), std::string{"key-7"});
    QVERIFY(json.at(0).contains("number"));
  }

  void scansByPrefixAndRange() {
    const auto rows = [&](const QStringList& arguments) {
      return table("scan", QStringList{"newest", "--json"} + arguments).json_lines();
    };
    QCOMPARE(rows({"--prefix", "key-19", "--limit", "5000"}).size(), std::size_t{111});  // 19, 190…199, 1900…1999
    const auto range = rows({"--from", "key-100", "--to", "key-101", "--limit", "0"});
    QCOMPARE(range.size(), std::size_t{11});  // key-100, key-1000…1009
    QCOMPARE(range.front()["key"].get<std::string>(), std::string{"key-100"});
    QCOMPARE(range.back()["key"].get<std::string>(), std::string{"key-1009"});
    QCOMPARE(rows({"--limit", "0"}).size(), std::size_t{2'000});
    const auto few = table("scan", {"newest", "--limit", "7"});
    QCOMPARE(few.exit_code, 0);
    QCOMPARE(few.out.count('\n'), 7);
    QVERIFY2(few.err.contains("raise --limit"), few.err);
  }

  void saysWhatIsWrong_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("exit_code");
    QTest::addColumn<QString>("part");
    QTest::newRow("table") << QStringList{"get", "tables", "oldest", "a"} << 2 << "there are: newest";
    QTest::newRow("key") << QStringList{"get", "tables", "newest", "none"} << 1 << "no row with key none";
    QTest::newRow("values") << QStringList{"get", "tables", "newest", "a", "b"} << 2 << "has 1 values, not 2";
    QTest::newRow("folder") << QStringList{"list", "."} << 2 << "'path' of a millrace.table_sink";
  }
  void saysWhatIsWrong() {
    QFETCH(QStringList, arguments);
    QFETCH(int, exit_code);
    QFETCH(QString, part);
    arguments[1] = folder_.path(arguments[1]);
    const auto ended = run_command(QStringList{"table"} + arguments);
    QCOMPARE(ended.exit_code, exit_code);
    QVERIFY2(ended.err.contains(part.toUtf8()), ended.err);
  }
};

QTEST_GUILESS_MAIN(table_verb_test)
#include "table_verb_test.moc"
