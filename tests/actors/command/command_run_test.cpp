#include <signal.h>

#include <QTest>

#include "command_process.hpp"

using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;
using millrace::test::topology_folder;

/// `millrace run` from start to end, with Ctrl-C in between.
class command_run_test : public QObject {
  Q_OBJECT

  static constexpr int events = 20'000;

  static void interrupt(const QProcess& process) { ::kill(static_cast<pid_t>(process.processId()), SIGINT); }
  static QStringList undisturbed() {
    const topology_folder folder{events};
    const auto ended = run_command({"run", folder.file()});
    if (ended.exit_code != 0) qFatal("the undisturbed run failed: %s", ended.err.constData());
    return folder.output();
  }

private slots:
  void runsABoundedTopologyToItsEnd() {
    const topology_folder folder{events};
    const auto ended = run_command({"run", folder.file()});
    QVERIFY2(ended.exit_code == 0, ended.err);
    QVERIFY2(ended.out.contains("numbers: finished"), ended.out);
    QVERIFY2(ended.out.contains("20,000 events by numbers"), ended.out);
    QVERIFY2(ended.out.contains(folder.path("out").toUtf8()), ended.out);
    QCOMPARE(folder.output().size(), events);
  }

  void aFinishedDataDirectorySaysSo() {
    const topology_folder folder{events};
    QCOMPARE(run_command({"run", folder.file()}).exit_code, 0);
    const auto again = run_command({"run", folder.file()});
    QVERIFY2(again.exit_code == 0, again.err);
    QVERIFY2(again.out.contains("nothing left to do"), again.out);
    QCOMPARE(folder.output().size(), events);
  }

  void ctrlCTakesALastSnapshotAndTheNextRunResumes() {
    const topology_folder folder{events, 10'000};
    QProcess process;
    start_command(process, {"run", folder.file(), "--json"});
    QTRY_VERIFY_WITH_TIMEOUT(QDir{folder.path("out")}.entryList({"*.csv"}).size() > 1, 20'000);
    interrupt(process);
    const auto stopped = finish_command(process);
    QVERIFY2(stopped.exit_code == 0, stopped.err);
    const auto summary = stopped.json_lines().back();
    QCOMPARE(summary["outcome"].get<std::string>(), std::string{"stopped"});
    QVERIFY(folder.output().size() < events);

    const auto resumed = run_command({"run", folder.file(), "--set", "numbers.rate=0"});
    QVERIFY2(resumed.exit_code == 0, resumed.err);
    QVERIFY2(resumed.out.contains("restored from epoch"), resumed.out);
    QCOMPARE(folder.output(), undisturbed());
  }

  void theDurationEndsARunAsCtrlCDoes() {
    const topology_folder folder{1'000'000'000, 1'000};
    const auto ended = run_command({"run", folder.file(), "--duration", "1s"});
    QVERIFY2(ended.exit_code == 0, ended.err);
    QVERIFY2(ended.out.contains("to resume"), ended.out);
    QVERIFY2(ended.out.contains(folder.data_dir().toUtf8()), ended.out);
  }

  void jsonLinesEndWithASummary() {
    const topology_folder folder{2'000, 1'000};
    const auto ended = run_command({"run", folder.file(), "--json"});
    QVERIFY2(ended.exit_code == 0, ended.err);
    const auto lines = ended.json_lines();
    QVERIFY(lines.size() >= 2);
    QCOMPARE(lines.front()["type"].get<std::string>(), std::string{"status"});
    QCOMPARE(lines.front()["tasks"].size(), std::size_t{5});
    QCOMPARE(lines.back()["type"].get<std::string>(), std::string{"summary"});
    QCOMPARE(lines.back()["actors"][0]["events"].get<int>(), 2'000);
  }

  void aHotKeyIsNamedInTheSummary() {
    const topology_folder folder{0};
    QFile file{folder.path("skewed.mill")};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(R"({"millrace": 1, "name": "skewed",
      "actors": [
        {"name": "visits", "type": "millrace.generator", "parallelism": 2,
         "params": {"count": 200000, "keys": 100, "skew": 3.0}},
        {"name": "spread", "type": "millrace.by_key"},
        {"name": "sum", "type": "millrace.aggregate", "parallelism": 2, "params": {"key": "key", "emit": "end"}},
        {"name": "end", "type": "millrace.null_sink", "parallelism": 2}],
      "streams": ["visits -> spread", "spread -> sum", "sum -> end"]})");
    file.close();
    const auto ended = run_command({"run", file.fileName()});
    QVERIFY2(ended.exit_code == 0, ended.err);
    QVERIFY2(ended.out.contains("% of the events at spread, so one of the 2 partitions of sum has 1.8"), ended.out);

    const auto json = run_command({"run", file.fileName(), "--json", "--data-dir", folder.path("again")});
    const auto summary = json.json_lines().back();
    QCOMPARE(summary["skews"].size(), std::size_t{1});
    const auto& skew = summary["skews"][0];
    // 1 / zeta(3) of a Zipf distribution with exponent 3 is its first key.
    QVERIFY(std::abs(skew["share"].get<double>() - 0.832) < 0.03);
    for (const auto& task : summary["tasks"]) {
      if (task["actor"] != "spread") continue;
      QVERIFY(task["hot_keys"][0]["key"] == skew["key"]);
      QVERIFY(task["hot_keys"][0]["error"].get<double>() < 0.03);
    }
    const auto salted =
        run_command({"run", file.fileName(), "--set", "spread.salt=2", "--data-dir", folder.path("salted")});
    QVERIFY2(salted.exit_code == 0, salted.err);
    QVERIFY2(!salted.out.contains("hot key"), salted.out);
    const auto rows_of = [](const QByteArray& out) {
      const auto end = out.indexOf(" events by end");
      return out.mid(out.lastIndexOf(' ', end - 1), end).trimmed().split(' ').front();
    };
    QVERIFY(!rows_of(ended.out).isEmpty());
    QCOMPARE(rows_of(salted.out), rows_of(ended.out));

    const auto even =
        run_command({"run", file.fileName(), "--set", "visits.skew=0", "--data-dir", folder.path("even")});
    QVERIFY2(!even.out.contains("hot key"), even.out);
  }

  void bothPayloadsGiveTheSameOutput() {
    const topology_folder folder{events};
    QCOMPARE(run_command({"run", folder.file(), "--payload", "encoded"}).exit_code, 0);
    QCOMPARE(folder.output(), undisturbed());
  }

  void aDataDirectoryInUseIsRefused() {
    const topology_folder folder{1'000'000'000, 1'000};
    QProcess first;
    start_command(first, {"run", folder.file()});
    QTRY_VERIFY_WITH_TIMEOUT(QDir{folder.data_dir()}.exists("LOCK"), 20'000);
    QTRY_VERIFY_WITH_TIMEOUT(first.bytesAvailable() > 0, 20'000);
    const auto second = run_command({"run", folder.file()});
    QVERIFY(second.exit_code != 0);
    QVERIFY2(second.err.startsWith("error: "), second.err);
    interrupt(first);
    QCOMPARE(finish_command(first).exit_code, 0);
  }

  void theSecondSignalEndsAtOnceAndTheNextRunRecovers() {
    const topology_folder folder{events, 10'000};
    QProcess process;
    start_command(process, {"run", folder.file()});
    QTRY_VERIFY_WITH_TIMEOUT(QDir{folder.path("out")}.entryList({"*.csv"}).size() > 1, 20'000);
    interrupt(process);
    // Another signal than the first: two of a kind may be delivered as one.
    ::kill(static_cast<pid_t>(process.processId()), SIGTERM);
    const auto ended = finish_command(process);
    QCOMPARE(ended.exit_code, 1);
    QVERIFY(!ended.crashed);
    const auto resumed = run_command({"run", folder.file(), "--set", "numbers.rate=0"});
    QVERIFY2(resumed.exit_code == 0, resumed.err);
    QCOMPARE(folder.output(), undisturbed());
  }

  void aFailureNamesItsReason_data() {
    QTest::addColumn<QString>("action");
    QTest::newRow("stop") << "stop";
    QTest::newRow("escalate") << "escalate";
    QTest::newRow("restart") << "restart";
  }
  void aFailureNamesItsReason() {
    QFETCH(QString, action);
    const topology_folder folder{1};
    folder.write("numbers.csv", "n\n1\nmany\n");
    folder.write("fail.mill", QString{R"({"millrace": 1, "name": "fail", "actors": [
      {"name": "read", "type": "millrace.file_source", "params": {"path": "numbers.csv", "fields": "n:int64", "on_malformed": "fail"},
       "on_failure": {"action": "%1", "max_restarts": 1, "backoff": "1ms"}},
      {"name": "drop", "type": "millrace.null_sink"}], "streams": ["read -> drop"]})"}
                                  .arg(action)
                                  .toUtf8());
    const auto ended = run_command({"run", folder.path("fail.mill")});
    QCOMPARE(ended.exit_code, 1);
    QVERIFY2(ended.err.contains("error: ") && ended.err.contains("numbers.csv:3"), ended.err);
  }

  void runsCanBeSteeredFromOutside() {
    const topology_folder folder{1'000'000'000, 1'000};
    QProcess process;
    start_command(process, {"run", folder.file()});
    const auto pid = QString::number(process.processId());
    QTRY_VERIFY_WITH_TIMEOUT(run_command({"topology", "status", "numbers", "--pid", pid}).exit_code == 0, 20'000);
    const auto list = run_command({"topology", "list", "--json"});
    QVERIFY2(list.exit_code == 0, list.err);
    QVERIFY2(list.out.contains(folder.data_dir().toUtf8()), list.out);
    const auto status = run_command({"topology", "status", "numbers", "--pid", pid, "--json"});
    QCOMPARE(nlohmann::json::parse(status.out.toStdString())["tasks"].size(), std::size_t{5});
    QCOMPARE(run_command({"topology", "snapshot", "numbers", "--pid", pid}).exit_code, 0);
    QCOMPARE(run_command({"topology", "stop", "numbers", "--pid", pid}).exit_code, 0);
    const auto ended = finish_command(process);
    QVERIFY2(ended.exit_code == 0, ended.err);
    QVERIFY2(ended.out.contains("to resume"), ended.out);
    QCOMPARE(run_command({"topology", "stop", "numbers", "--pid", pid}).exit_code, 2);
  }

  void aProgramOfItsOwnTakesTheSameOptions() {
    const topology_folder folder{1};
    QProcess own;
    own.start(MILLRACE_OWN_MAIN, {"--data-dir", folder.path("own.data"), "--set", "numbers.count=500", "--json"});
    const auto ended = finish_command(own);
    QVERIFY2(ended.exit_code == 0, ended.err);
    QCOMPARE(ended.json_lines().back()["actors"][0]["events"].get<int>(), 500);
    own.start(MILLRACE_OWN_MAIN, {"--nonsense"});
    QCOMPARE(finish_command(own).exit_code, 2);
  }

  void snapshotsCanBeListedAndInspected() {
    const topology_folder folder{events};
    QCOMPARE(run_command({"run", folder.file()}).exit_code, 0);
    const auto list = run_command({"snapshot", "list", folder.data_dir(), "--json"});
    QVERIFY2(list.exit_code == 0, list.err);
    QVERIFY(!nlohmann::json::parse(list.out.toStdString()).empty());
    const auto one = run_command({"snapshot", "inspect", folder.data_dir(), "--json"});
    QVERIFY2(one.exit_code == 0, one.err);
    const auto report = nlohmann::json::parse(one.out.toStdString());
    QCOMPARE(report["tasks"].size(), std::size_t{5});
    QCOMPARE(report["positions"].size(), std::size_t{1});
    const auto none = run_command({"snapshot", "inspect", folder.data_dir(), "999999"});
    QVERIFY(none.exit_code != 0);
    QVERIFY2(none.err.startsWith("error: "), none.err);
  }
};

QTEST_GUILESS_MAIN(command_run_test)
#include "command_run_test.moc"
