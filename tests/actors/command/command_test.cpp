#include <QTest>

#include "command_process.hpp"

using millrace::test::run_command;
using millrace::test::topology_folder;

/// Exit codes and messages of verbs that run nothing: 0 fine, 1 negative, 2 wrong use.
class command_test : public QObject {
  Q_OBJECT

private slots:
  void helpAndVersionAreEverywhere_data() {
    QTest::addColumn<QStringList>("verb");
    QTest::newRow("program") << QStringList{};
    QTest::newRow("run") << QStringList{"run"};
    QTest::newRow("validate") << QStringList{"validate"};
    QTest::newRow("actor show") << QStringList{"actor", "show"};
    QTest::newRow("snapshot inspect") << QStringList{"snapshot", "inspect"};
    QTest::newRow("completion") << QStringList{"completion"};
  }
  void helpAndVersionAreEverywhere() {
    QFETCH(QStringList, verb);
    const auto help = run_command(verb + QStringList{"--help"});
    QCOMPARE(help.exit_code, 0);
    QVERIFY2(help.out.contains("Usage:"), help.out);
    const auto version = run_command(verb + QStringList{"--version"});
    QCOMPARE(version.exit_code, 0);
    QVERIFY2(version.out.startsWith("millrace "), version.out);
  }

  void wrongUseIsNamedWithARemedy_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("unknown verb") << QStringList{"rnu"} << QByteArray{"did you mean 'run'?"};
    QTest::newRow("unknown sub-verb") << QStringList{"actor", "lits"} << QByteArray{"did you mean 'list'?"};
    QTest::newRow("no verb") << QStringList{} << QByteArray{"needs a verb; there are 'run'"};
    QTest::newRow("unknown option") << QStringList{"run", "x.mill", "--druation", "3s"}
                                    << QByteArray{"did you mean '--duration'?"};
    QTest::newRow("bad duration") << QStringList{"run", "x.mill", "--duration", "soon"} << QByteArray{"--duration"};
    QTest::newRow("bad payload") << QStringList{"run", "x.mill", "--payload", "zip"}
                                 << QByteArray{"expected auto, encoded or shared"};
    QTest::newRow("no file") << QStringList{"run"} << QByteArray{"FILE is required"};
    QTest::newRow("missing file") << QStringList{"run", "/nowhere/x.mill"} << QByteArray{"/nowhere/x.mill"};
    QTest::newRow("missing folder") << QStringList{"snapshot", "list", "/nowhere"} << QByteArray{"no such folder"};
    QTest::newRow("actor type") << QStringList{"actor", "show", "millrace.generater"}
                                << QByteArray{"did you mean 'millrace.generator'?"};
    QTest::newRow("shell") << QStringList{"completion", "tcsh"} << QByteArray{"bash"};
  }
  void wrongUseIsNamedWithARemedy() {
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, message);
    const auto ended = run_command(arguments);
    QCOMPARE(ended.exit_code, 2);
    QVERIFY2(ended.err.startsWith("error: "), ended.err);
    QVERIFY2(ended.err.contains(message), ended.err);
  }

  void settingsAreCheckedByType_data() {
    QTest::addColumn<QString>("setting");
    QTest::addColumn<QByteArray>("message");
    QTest::newRow("no equals sign") << "numbers.count" << QByteArray{"expected actor.parameter=value"};
    QTest::newRow("unknown actor") << "numbres.count=1" << QByteArray{"did you mean 'numbers'?"};
    QTest::newRow("unknown parameter") << "numbers.cuont=1" << QByteArray{"did you mean 'count'?"};
    QTest::newRow("no integer") << "numbers.count=many" << QByteArray{"not 'many'"};
    QTest::newRow("out of range") << "numbers.keys=0" << QByteArray{"keys"};
    QTest::newRow("unknown setting") << "settings.interval=1s" << QByteArray{"snapshot_interval"};
    QTest::newRow("no duration") << "settings.snapshot_interval=fast" << QByteArray{"snapshot_interval"};
  }
  void settingsAreCheckedByType() {
    QFETCH(QString, setting);
    QFETCH(QByteArray, message);
    const topology_folder folder{10};
    const auto ended = run_command({"run", folder.file(), "--set", setting});
    QCOMPARE(ended.exit_code, 2);
    QVERIFY2(ended.err.contains(message), ended.err);
    QVERIFY(!QDir{folder.data_dir()}.exists());
  }

  void validateReportsEveryProblemOneALine() {
    const topology_folder folder{10};
    folder.write("bad.mill", R"({"millrace": 1, "name": "bad", "actors": [
      {"name": "a", "type": "millrace.generater"},
      {"name": "b", "type": "millrace.null_sink", "params": {"colour": "red"}}],
      "streams": ["a -> b", "a -> c"]})");
    const auto ended = run_command({"validate", folder.path("bad.mill")});
    QCOMPARE(ended.exit_code, 2);
    const auto lines = ended.err.trimmed().split('\n');
    QVERIFY2(lines.size() >= 3, ended.err);
    for (const auto& line : lines) QVERIFY2(line.startsWith("error: ") || line.startsWith("warning: "), line);
  }
  void validateNamesTheGuaranteeOfEachSink() {
    const topology_folder folder{10};
    const auto ended = run_command({"validate", folder.file()});
    QCOMPARE(ended.exit_code, 0);
    QVERIFY2(ended.out.contains("save: exactly once"), ended.out);
    const auto report = nlohmann::json::parse(run_command({"validate", folder.file(), "--json"}).out.toStdString());
    QVERIFY(report["ok"].get<bool>());
    QCOMPARE(report["guarantees"][0]["guarantee"].get<std::string>(), std::string{"exactly_once"});
    QVERIFY(!report["outputs"].empty());
    for (const auto& out : report["outputs"]) QVERIFY(out["emits"].get<std::string>().ends_with(")"));
  }

  void actorTypesAreListedAndShown() {
    const auto list = run_command({"actor", "list"});
    QCOMPARE(list.exit_code, 0);
    QVERIFY2(list.out.contains("millrace.file_sink"), list.out);
    const auto all = nlohmann::json::parse(run_command({"actor", "list", "--json"}).out.toStdString());
    QVERIFY(all.size() > 5);
    const auto one = run_command({"actor", "show", "millrace.generator"});
    QCOMPARE(one.exit_code, 0);
    QVERIFY2(one.out.contains("Parameters") && one.out.contains("rate"), one.out);
  }

  void completionScriptsKnowVerbsAndOptions_data() {
    QTest::addColumn<QString>("shell");
    for (const auto* shell : {"bash", "zsh", "fish"}) QTest::newRow(shell) << shell;
  }
  void completionScriptsKnowVerbsAndOptions() {
    QFETCH(QString, shell);
    const auto script = run_command({"completion", shell});
    QCOMPARE(script.exit_code, 0);
    for (const auto* word : {"validate", "snapshot", "data-dir"}) QVERIFY2(script.out.contains(word), script.out);
  }
  void bashCompletesVerbsOfVerbs() {
    QProcess bash;
    bash.start("bash",
               {"-c",
                "eval \"$(\"$0\" completion bash)\"; COMP_WORDS=(millrace snapshot in); COMP_CWORD=2; _millrace; "
                "echo \"${COMPREPLY[*]}\"",
                MILLRACE_COMMAND});
    const auto ended = millrace::test::finish_command(bash);
    QCOMPARE(ended.out.trimmed(), QByteArray{"inspect"});
  }
};

QTEST_GUILESS_MAIN(command_test)
#include "command_test.moc"
