#include <signal.h>

#include <QTest>
#include <QThread>
#include <random>
#include <set>

#include "command_process.hpp"

using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;
using millrace::test::topology_folder;

namespace {

/// A folder with a CSV file of which every third line is malformed, and a topology that copies it to files.
class lines_folder {
public:
  explicit lines_folder(int lines, int rate = 0, int padding = 0) : lines_{lines}, padding_(padding, 'p') {
    QByteArray csv = "account,amount\n";
    for (int i = 0; i < lines; ++i) csv += line(i, i % 3 == 0 ? "x" : "") + "\n";
    folder_.write("lines.csv", csv);
    folder_.write("copy.mill",
                  "{\"millrace\": 1, \"name\": \"copy\", \"settings\": {\"snapshot_interval\": \"50ms\"}, \"actors\": ["
                  "{\"name\": \"lines\", \"type\": \"millrace.file_source\", \"params\": {\"path\": \"lines.csv\", "
                  "\"fields\": \"account:string,amount:int64\", \"rate\": " +
                      QByteArray::number(rate) +
                      "}}, {\"name\": \"file\", \"type\": \"millrace.file_sink\", \"params\": {\"path\": \"out\"}}], "
                      "\"streams\": [\"lines.out -> file.in\"]}");
  }
  [[nodiscard]] QString mill() const { return folder_.path("copy.mill"); }
  [[nodiscard]] QString data() const { return folder_.path("copy.data"); }
  [[nodiscard]] QStringList output() const { return folder_.output(); }
  [[nodiscard]] int malformed() const { return (lines_ + 2) / 3; }
  [[nodiscard]] QStringList expected() const {
    QStringList out;
    for (int i = 0; i < lines_; ++i) out << QString::fromLatin1(line(i, ""));
    out.sort();
    return out;
  }
  [[nodiscard]] nlohmann::json letters(const QStringList& more = {}) const {
    const auto listed = run_command(QStringList{"deadletter", "list", data(), "--json", "--limit", "0"} + more);
    if (listed.exit_code != 0) qFatal("%s", listed.err.constData());
    return nlohmann::json::parse(listed.out.toStdString());
  }

private:
  [[nodiscard]] QByteArray line(int i, const char* what) const {
    return "a-" + QByteArray::number(i) + padding_ + "," + what + QByteArray::number(i * 7);
  }
  topology_folder folder_{1};
  int lines_;
  QByteArray padding_;
};

void run_to_the_end(const QString& mill) {
  const auto ended = run_command({"run", mill, "--set", "lines.rate=0"});
  if (ended.exit_code != 0) qFatal("%s", ended.err.constData());
}

int replace_all(const lines_folder& folder) {
  return run_command({"deadletter", "fix", folder.data(), "--match", ",x", "--with", ","}).exit_code;
}

}  // namespace

/// Dead letters from the command line: listed, shown, mended and replayed.
class deadletter_test : public QObject {
  Q_OBJECT
private slots:
  void listsWhatWasSetAside() {
    const lines_folder folder{30};
    run_to_the_end(folder.mill());
    const auto listed = run_command({"deadletter", "list", folder.data(), "--limit", "3"});
    QVERIFY2(listed.out.contains("lines/0:0  open  "), listed.out);
    QVERIFY2(listed.out.contains("lines.csv:2:5: field 'amount': 'x0' is no int64"), listed.out);
    QVERIFY2(listed.out.contains("… and 7 more"), listed.out);
    QVERIFY2(listed.out.contains("10 letters, 10 open"), listed.out);
    const auto shown = run_command({"deadletter", "show", folder.data(), "lines/0:1"});
    QVERIFY2(shown.out.contains("lines.csv:5\n"), shown.out);
    QVERIFY2(shown.out.contains("content   a-3,x21\n"), shown.out);
    QCOMPARE(run_command({"deadletter", "show", folder.data(), "lines/0:1", "--raw"}).out, QByteArray{"a-3,x21"});
  }

  void replayCompletesTheOutputOfAFinishedRun() {
    const lines_folder folder{30};
    run_to_the_end(folder.mill());
    QCOMPARE(folder.output().size(), 20);
    QCOMPARE(run_command({"deadletter", "fix", folder.data(), "lines/0:0", "--content", "a-0,0"}).exit_code, 0);
    const auto dry = run_command({"deadletter", "fix", folder.data(), "--match", ",x", "--with", ",", "--dry-run"});
    QVERIFY2(dry.out.contains("would fix 9 of 10 letters"), dry.out);
    QCOMPARE(replace_all(folder), 0);
    QCOMPARE(folder.letters()["by_state"]["fixed"].get<int>(), 10);
    const auto asked = run_command({"deadletter", "replay", folder.data()});
    QVERIFY2(asked.out.contains("10 letters will go through"), asked.out);
    run_to_the_end(folder.mill());
    QCOMPARE(folder.output(), folder.expected());
    QCOMPARE(folder.letters()["by_state"]["replayed"].get<int>(), 10);
    run_to_the_end(folder.mill());
    QCOMPARE(folder.output(), folder.expected());
    QCOMPARE(run_command({"deadletter", "discard", folder.data(), "--state", "replayed"}).exit_code, 0);
    QCOMPARE(folder.letters()["count"].get<int>(), 0);
  }

  void whatIsStillWrongBecomesADeadLetterOnceMore() {
    const lines_folder folder{3};
    run_to_the_end(folder.mill());
    QCOMPARE(run_command({"deadletter", "fix", folder.data(), "lines/0:0", "--content", "a-0,y"}).exit_code, 0);
    QCOMPARE(run_command({"deadletter", "replay", folder.data(), "lines/0:0"}).exit_code, 0);
    run_to_the_end(folder.mill());
    const auto found = folder.letters()["letters"];
    QCOMPARE(found.size(), std::size_t{2});
    QCOMPARE(found[0]["state"].get<std::string>(), std::string{"replayed"});
    QCOMPARE(found[1]["content"].get<std::string>(), std::string{"a-0,y"});
    QVERIFY(found[1]["reason"].get<std::string>().find("lines/0:0 was replayed: field 'amount'") == 0);
    QVERIFY(found[1]["origin"] == found[0]["origin"]);
  }

  void aRunningTopologyTakesThemBack() {
    const lines_folder folder{3000, 300};
    QProcess process;
    start_command(process, {"run", folder.mill(), "--json"});
    QTRY_VERIFY_WITH_TIMEOUT(QDir{folder.data()}.exists("deadletters"), 20'000);
    QTRY_VERIFY_WITH_TIMEOUT(folder.letters()["by_state"].value("open", 0) > 3, 20'000);
    QCOMPARE(run_command({"deadletter", "fix", folder.data(), "lines/0:0", "--content", "a-0,0"}).exit_code, 0);
    QCOMPARE(run_command({"deadletter", "replay", folder.data()}).exit_code, 0);
    QTRY_COMPARE_WITH_TIMEOUT(folder.letters()["by_state"].value("replayed", 0), 1, 20'000);
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    QCOMPARE(finish_command(process).exit_code, 0);
    QCOMPARE(folder.output().filter("a-0,0").size(), 1);
  }

  void killsNeitherLoseNorDoubleThem_data() {
    QTest::addColumn<int>("padding");
    QTest::newRow("short lines, kept with the index") << 0;
    QTest::newRow("long lines, kept in a file") << 500;
  }
  void killsNeitherLoseNorDoubleThem() {
    QFETCH(int, padding);
    const lines_folder folder{6000, 8000, padding};
    std::mt19937 random{7};
    for (int i = 0; i < 4; ++i) kill_after(folder, static_cast<unsigned>(random() % 250));
    run_to_the_end(folder.mill());
    const auto all = folder.letters();
    std::set<std::string> origins;
    for (const auto& l : all["letters"]) origins.insert(l["origin"].get<std::string>());
    QCOMPARE(all["count"].get<int>(), folder.malformed());
    QCOMPARE(static_cast<int>(origins.size()), folder.malformed());
    QCOMPARE(all["by_state"]["open"].get<int>(), folder.malformed());
    QCOMPARE(replace_all(folder), 0);
    QCOMPARE(run_command({"deadletter", "replay", folder.data()}).exit_code, 0);
    for (int i = 0; i < 4; ++i) kill_after(folder, static_cast<unsigned>(random() % 60));
    run_to_the_end(folder.mill());
    QCOMPARE(folder.output(), folder.expected());
    QCOMPARE(folder.letters()["by_state"]["replayed"].get<int>(), folder.malformed());
  }

  void recordsGoBackToTheActorThatGaveThemUp() {
    const topology_folder folder{1};
    folder.write("keys.csv", "key,v\n1,10\nnan,20\n2,30\n");
    folder.write("keys.mill",
                 R"({"millrace": 1, "name": "keys", "actors": [
      {"name": "lines", "type": "millrace.file_source", "params": {"path": "keys.csv", "fields": "key:float64,v:int64"}},
      {"name": "spread", "type": "millrace.by_key", "on_failure": {"action": "resume"}},
      {"name": "sum", "type": "millrace.aggregate", "parallelism": 2, "params": {"key": "key", "value": "v", "functions": "count,sum"}},
      {"name": "file", "type": "millrace.file_sink", "parallelism": 2, "params": {"path": "out"}}],
     "streams": ["lines.out -> spread.in", "spread.out -> sum.in", "sum.out -> file.in"]})");
    const auto mill = folder.path("keys.mill");
    const auto data = folder.path("keys.data");
    run_to_the_end(mill);
    QCOMPARE(folder.output().size(), 2);
    const auto shown = run_command({"deadletter", "show", data, "spread/0:0", "--json"});
    const auto letter = nlohmann::json::parse(shown.out.toStdString());
    QCOMPARE(letter["fields"].get<std::string>(), std::string{"key:float64,v:int64"});
    const auto refused = run_command({"deadletter", "fix", data, "spread/0:0", "--set", "key=many"});
    QVERIFY2(refused.exit_code == 2 && refused.err.contains("field 'key'"), refused.err);
    QCOMPARE(run_command({"deadletter", "fix", data, "spread/0:0", "--set", "key=2"}).exit_code, 0);
    QCOMPARE(run_command({"deadletter", "replay", data}).exit_code, 0);
    run_to_the_end(mill);
    QCOMPARE(folder.output().size(), 3);
    QVERIFY2(!folder.output().filter(QRegularExpression{"^2,2,50,"}).isEmpty(), qPrintable(folder.output().join('\n')));
  }

  /// More than go through at once: the end waits until all are through.
  void manyAreReplayedInOneRun() {
    const lines_folder folder{60'000};
    run_to_the_end(folder.mill());
    QCOMPARE(folder.letters()["count"].get<int>(), 20'000);
    QCOMPARE(replace_all(folder), 0);
    QCOMPARE(run_command({"deadletter", "replay", folder.data()}).exit_code, 0);
    run_to_the_end(folder.mill());
    QCOMPARE(folder.letters()["by_state"]["replayed"].get<int>(), 20'000);
    QCOMPARE(folder.output(), folder.expected());
  }

  void saysWhatIsWrong() {
    const lines_folder folder{3};
    QVERIFY(run_command({"deadletter", "list", folder.data()}).err.contains("there are no dead letters"));
    run_to_the_end(folder.mill());
    QVERIFY(run_command({"deadletter", "show", folder.data(), "lines/0:9"}).err.contains("there is no dead letter"));
    QVERIFY(run_command({"deadletter", "show", folder.data(), "nine"}).err.contains("is no dead letter's name"));
    QVERIFY(run_command({"deadletter", "fix", folder.data()}).err.contains("give one of --content"));
    QVERIFY(run_command({"deadletter", "fix", folder.data(), "--match", "(", "--with", ""}).err.contains("regular"));
    QVERIFY(run_command({"deadletter", "fix", folder.data(), "--set", "a=1"}).err.contains("no JSON object"));
    QVERIFY(run_command({"deadletter", "discard", folder.data()}).err.contains("say which"));
  }

private:
  static void kill_after(const lines_folder& folder, unsigned ms) {
    QProcess process;
    start_command(process, {"run", folder.mill(), "--json"});
    (void)process.waitForReadyRead(20'000);  // the first status: it runs
    QThread::msleep(ms);
    ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
    process.waitForFinished(20'000);
  }

  /// The letters of a topology of a node: asked for while it runs, and when it is at rest.
  void mendsAndReplaysOverTheControlSocket() {
    QTemporaryDir runtime;
    qputenv("XDG_RUNTIME_DIR", runtime.path().toUtf8());
    const lines_folder folder{60, 20};
    QProcess node;
    start_command(node, {"node", "run", "--name", "letters", "--data-dir", runtime.filePath("data")});
    const auto json_of = [](const QStringList& arguments) {
      const auto ended = run_command(arguments + QStringList{"--json"});
      return ended.exit_code == 0 ? nlohmann::json::parse(ended.out.toStdString()) : nlohmann::json{};
    };
    QTRY_VERIFY_WITH_TIMEOUT(!json_of({"node", "list"}).empty(), 30'000);
    const auto deployed = run_command({"topology", "deploy", folder.mill()});
    QVERIFY2(deployed.exit_code == 0, deployed.err);
    const auto listed = [&] { return json_of({"deadletter", "list", "copy", "--limit", "0"}); };
    QTRY_VERIFY_WITH_TIMEOUT(listed().value("by_state", nlohmann::json::object()).contains("open"), 30'000);
    const auto first = json_of({"deadletter", "show", "copy", "lines/0:0"});
    QCOMPARE(first["content"].get<std::string>(), std::string{"a-0,x0"});
    QVERIFY(run_command({"deadletter", "show", "copy", "lines/0:999"}).err.contains("lines/0:999"));
    const auto mend = [&] {
      (void)run_command({"deadletter", "fix", "copy", "--match", ",x", "--with", ","});
      (void)run_command({"deadletter", "replay", "copy"});
      // One that had finished starts once more for them.
      (void)run_command({"topology", "start", "copy"});
      const auto by_state = listed().value("by_state", nlohmann::json::object());
      return by_state.value("replayed", 0) == folder.malformed();
    };
    QVERIFY(QTest::qWaitFor(mend, 60'000));
    QTRY_VERIFY_WITH_TIMEOUT(folder.output() == folder.expected(), 30'000);
    QVERIFY(run_command({"deadletter", "discard", "copy", "--state", "replayed"}).out.contains("discarded 20 letters"));
    QCOMPARE(listed()["count"].get<int>(), 0);
    node.terminate();
    QCOMPARE(finish_command(node).exit_code, 0);
  }
};

QTEST_GUILESS_MAIN(deadletter_test)
#include "deadletter_test.moc"
