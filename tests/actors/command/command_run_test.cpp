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
    (void)run_command({"run", folder.file()});
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
    QTRY_VERIFY_WITH_TIMEOUT(!first.readAllStandardOutput().isEmpty(), 20'000);
    const auto second = run_command({"run", folder.file()});
    QVERIFY(second.exit_code != 0);
    QVERIFY2(second.err.startsWith("error: "), second.err);
    interrupt(first);
    QCOMPARE(finish_command(first).exit_code, 0);
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
