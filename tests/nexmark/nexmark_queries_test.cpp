#include <signal.h>

#include <QDir>
#include <QDirIterator>
#include <QTest>

#include "command_process.hpp"

using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;

/// The queries of the Nexmark benchmark as a user runs them, against an oracle that knows nothing of streams.
class nexmark_queries_test : public QObject {
  Q_OBJECT

  static QStringList all_queries() {
    QStringList names;
    const auto listed = run_command({"nexmark", "list"});
    for (const auto& line : listed.out.split('\n')) {
      if (!line.isEmpty()) names.append(QString::fromUtf8(line).section(' ', 0, 0));
    }
    return names;
  }
  static void generate(const QString& file, const QStringList& stream) {
    const auto made = run_command(QStringList{"nexmark", "generate", "--output", file} + stream);
    QVERIFY2(made.exit_code == 0, made.err);
  }
  /// Runs the oracle; its report is in `out`.
  static bool is_equal(const QString& events, const QStringList& answers, QByteArray& out) {
    QProcess oracle;
    oracle.setProcessChannelMode(QProcess::MergedChannels);
    oracle.start(PYTHON, QStringList{ORACLE, events} + answers);
    oracle.waitForFinished(-1);
    out = oracle.readAll();
    return oracle.exitStatus() == QProcess::NormalExit && oracle.exitCode() == 0;
  }

private slots:
  void everyQueryEqualsTheOracle_data() {
    QTest::addColumn<QStringList>("stream");
    QTest::addColumn<QStringList>("how");
    const QStringList base{"--events", "20000", "--rate", "500"};
    const auto with = [&](const QStringList& more) { return base + more; };
    QTest::newRow("in order, one partition") << base << QStringList{};
    QTest::newRow("in order, four partitions") << with({"--seed", "2"}) << QStringList{"--partitions", "4"};
    QTest::newRow("disorder, one partition") << with({"--seed", "3", "--group", "1000"}) << QStringList{};
    QTest::newRow("disorder, four partitions")
        << with({"--seed", "4", "--group", "1000"}) << QStringList{"--partitions", "4"};
    // 10 s between events: days go by, and bids lie exactly on the bounds of windows and sessions.
    QTest::newRow("several days") << QStringList{"--events", "20000", "--rate", "0.1", "--seed", "5"}
                                  << QStringList{"--partitions", "2"};
    QTest::newRow("several days, disorder")
        << QStringList{"--events", "20000", "--rate", "0.1", "--seed", "6", "--group", "50"}
        << QStringList{"--partitions", "2"};
    QTest::newRow("as bytes") << with({"--seed", "7", "--group", "100"})
                              << QStringList{"--partitions", "2", "--encoded"};
  }
  void everyQueryEqualsTheOracle() {
    QFETCH(QStringList, stream);
    QFETCH(QStringList, how);
    const QTemporaryDir folder;
    const auto events = folder.filePath("events.jsonl");
    generate(events, stream);
    QStringList answers;
    const auto queries = all_queries();
    QCOMPARE(queries.size(), 23);
    for (const auto& q : queries) {
      const auto rows = folder.filePath(q);
      const auto ended = run_command(QStringList{"nexmark", "run", "--query", q, "--output", rows} + stream + how);
      QVERIFY2(ended.exit_code == 0, ended.err);
      answers.append(q + "=" + rows);
    }
    QByteArray report;
    QVERIFY2(is_equal(events, answers, report), report);
  }

  void q10PutsEachBidIntoTheFileOfItsMinute() {
    const QTemporaryDir folder;
    const auto data = folder.filePath("data");
    const auto ended = run_command({"nexmark", "run", "--query", "q10", "--events", "20000", "--rate", "20", "--output",
                                    folder.filePath("rows"), "--data-dir", data, "--partitions", "2"});
    QVERIFY2(ended.exit_code == 0, ended.err);
    int rows = 0;
    int files = 0;
    for (QDirIterator at{data + "/output", QStringList{"*.jsonl"}, QDir::Files, QDirIterator::Subdirectories};
         at.hasNext();) {
      QFile file{at.next()};
      QVERIFY(file.open(QIODevice::ReadOnly));
      ++files;
      for (const auto& line : file.readAll().split('\n')) {
        if (line.isEmpty()) continue;
        const auto row = nlohmann::json::parse(line.toStdString());
        const auto place =
            "/day=" + row["day"].get<std::string>() + "/minute=" + row["minute"].get<std::string>() + "/";
        QVERIFY2(file.fileName().contains(place.c_str()), line);
        ++rows;
      }
    }
    QCOMPARE(rows, 20000 / 50 * 46);
    QVERIFY(files > 16);
  }

  void eventsOfAFileGiveTheSameAsGeneratedOnes() {
    const QTemporaryDir folder;
    const auto events = folder.filePath("events.jsonl");
    generate(events, {"--events", "20000", "--rate", "500", "--group", "100"});
    QStringList answers;
    for (const auto& q : {"q0", "q4", "q5", "q18"}) {
      const auto rows = folder.filePath(q);
      const auto ended = run_command({"nexmark", "run", "--query", q, "--input", events, "--group", "100", "--rate",
                                      "500", "--partitions", "4", "--output", rows});
      QVERIFY2(ended.exit_code == 0, ended.err);
      answers.append(QString{q} + "=" + rows);
    }
    QByteArray report;
    QVERIFY2(is_equal(events, answers, report), report);
  }

  void aKilledRunResumesWithTheSameOutput() {
    const QTemporaryDir folder;
    const auto events = folder.filePath("events.jsonl");
    const QStringList stream{"--events", "400000", "--rate", "4000", "--group", "500"};
    generate(events, stream);
    QStringList answers;
    for (const auto& q : {"q4", "q5", "q6", "q7", "q9", "q10", "q11", "q16", "q19", "q20"}) {
      const auto rows = folder.filePath(q);
      const auto data = folder.filePath(QString{q} + ".data");
      const QStringList command =
          QStringList{"nexmark", "run",         "--query", q,         "--output", rows,           "--data-dir", data,
                      "--json",  "--snapshots", "20ms",    "--input", events,     "--partitions", "2"} +
          stream;
      QProcess process;
      start_command(process, command);
      const auto has_output = [&] {
        return QDirIterator{data + "/output", QStringList{"output-*.jsonl"}, QDir::Files, QDirIterator::Subdirectories}
            .hasNext();
      };
      QTRY_VERIFY_WITH_TIMEOUT(has_output(), 60'000);
      ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
      QVERIFY2(finish_command(process).crashed, "the run was over before it could be killed");
      const auto resumed = run_command(command);
      QVERIFY2(resumed.exit_code == 0, resumed.err);
      QVERIFY(resumed.json_lines().front()["restored_epoch"].get<int>() != 0);
      answers.append(QString{q} + "=" + rows);
    }
    QByteArray report;
    QVERIFY2(is_equal(events, answers, report), report);
  }

  void theOracleSeesOneWrongRow() {
    const QTemporaryDir folder;
    const auto events = folder.filePath("events.jsonl");
    const QStringList stream{"--events", "5000"};
    generate(events, stream);
    for (const auto& q : all_queries()) {
      const auto rows = folder.filePath(q);
      QVERIFY(run_command(QStringList{"nexmark", "run", "--query", q, "--output", rows} + stream).exit_code == 0);
      QFile file{rows};
      QVERIFY(file.open(QIODevice::ReadWrite));
      auto lines = file.readAll().split('\n');
      QVERIFY2(lines.size() > 1, qPrintable(q));
      lines.remove(lines.size() - 2);
      file.resize(0);
      file.write(lines.join('\n'));
      file.close();
      QByteArray report;
      QVERIFY2(!is_equal(events, {q + "=" + rows}, report), qPrintable(q + ": " + report));
    }
  }

  void wrongUseIsExplained() {
    auto ended = run_command({"nexmark", "run", "--query", "q23", "--events", "10"});
    QCOMPARE(ended.exit_code, 2);
    QVERIFY2(ended.err.contains("q22"), ended.err);
    ended = run_command({"nexmark", "run", "--query", "q0"});
    QCOMPARE(ended.exit_code, 2);
    QVERIFY2(ended.err.contains("--events"), ended.err);
    ended = run_command({"nexmark", "run", "--query", "q0", "--input", "/nowhere/events.jsonl"});
    QVERIFY(ended.exit_code != 0);
    QVERIFY2(ended.err.contains("/nowhere/events.jsonl"), ended.err);
  }
};

QTEST_GUILESS_MAIN(nexmark_queries_test)
#include "nexmark_queries_test.moc"
