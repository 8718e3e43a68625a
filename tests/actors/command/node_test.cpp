#include <signal.h>

#include <QFile>
#include <QTest>

#include "command_process.hpp"

using millrace::test::command_output;
using millrace::test::finish_command;
using millrace::test::run_command;
using millrace::test::start_command;
using millrace::test::topology_folder;

namespace {

constexpr int events = 60'000;

/// A node of its own name in a runtime folder of its own.
class node_process {
public:
  explicit node_process(const QString& data_dir) : data_dir_{data_dir} {}
  ~node_process() {
    if (process_ != nullptr && process_->state() != QProcess::NotRunning) kill();
  }
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  void start(const QStringList& more = {}) {
    process_ = std::make_unique<QProcess>();
    start_command(*process_, QStringList{"node", "run", "--name", "trial", "--data-dir", data_dir_} + more);
  }
  void kill() {
    process_->kill();
    process_->waitForFinished();
  }
  [[nodiscard]] command_output end() {
    ::kill(static_cast<pid_t>(process_->processId()), SIGTERM);
    return finish_command(*process_);
  }

private:
  QString data_dir_;
  std::unique_ptr<QProcess> process_;
};

}  // namespace

/// `millrace node run`, and what `millrace topology` does with the topologies it hosts.
class node_test : public QObject {
  Q_OBJECT

  QTemporaryDir runtime_;
  std::unique_ptr<topology_folder> folder_;
  std::unique_ptr<node_process> node_;

  static nlohmann::json json_of(const QStringList& arguments) {
    const auto ended = run_command(arguments + QStringList{"--json"});
    return ended.exit_code == 0 ? nlohmann::json::parse(ended.out.toStdString()) : nlohmann::json{};
  }
  /// Empty while the node does not know it.
  static std::string state_of(const char* name) {
    for (const auto& t : json_of({"topology", "list"})) {
      if (t["topology"] == name) return t["state"];
    }
    return {};
  }
  static bool is_there() { return !json_of({"node", "list"}).empty(); }
  void deploy(const QStringList& more = {}) const {
    const auto ended = run_command(QStringList{"topology", "deploy", folder_->file()} + more);
    QVERIFY2(ended.exit_code == 0, ended.err);
  }
  /// One that does not come to its end while somebody looks.
  void deploy_endless() const { deploy({"--set", "numbers.count=1000000000"}); }

private slots:
  void initTestCase() { qputenv("XDG_RUNTIME_DIR", runtime_.path().toUtf8()); }
  void init() {
    folder_ = std::make_unique<topology_folder>(events, 20'000);
    node_ = std::make_unique<node_process>(folder_->path("node"));
    node_->start();
    QTRY_VERIFY_WITH_TIMEOUT(is_there(), 30'000);
  }
  void cleanup() {
    node_.reset();
    folder_.reset();
  }

  void hostsWhatIsDeployed() {
    deploy();
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "finished", 60'000);
    QCOMPARE(folder_->output().size(), events);
    const auto again = run_command({"topology", "deploy", folder_->file()});
    QVERIFY2(again.out.contains("deployed already, nothing changed"), again.out);
    const auto ended = node_->end();
    QVERIFY2(ended.exit_code == 0, ended.err);
    QVERIFY(ended.out.contains("stopped; the next start goes on"));
  }

  void logsObjectsWhereThatIsWanted() {
    node_->kill();
    const auto log = folder_->path("log.jsonl");
    node_->start({"--log", log, "--log-format", "json", "--verbose"});
    QTRY_VERIFY_WITH_TIMEOUT(is_there(), 30'000);
    deploy_endless();
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "running", 30'000);
    // Something that a topology says.
    QProcess holder;
    start_command(holder, {"topology", "break", "set", "numbers", "spread->count/1"});
    const auto written = [&] {
      QFile file{log};
      return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
    };
    QTRY_VERIFY_WITH_TIMEOUT(written().contains("\"topology\":\"numbers\""), 30'000);
    holder.kill();
    holder.waitForFinished();
    const auto stands = [] {
      return json_of({"topology", "break", "list", "numbers"}).value("stopped", nlohmann::json{});
    };
    QTRY_VERIFY_WITH_TIMEOUT(stands().empty(), 30'000);
    QCOMPARE(node_->end().exit_code, 0);
    for (const auto& text : written().split('\n')) {
      if (text.isEmpty()) continue;
      const auto line = nlohmann::json::parse(text.toStdString());
      QCOMPARE(line["node"].get<std::string>(), std::string{"trial"});
      QVERIFY(line.contains("time") && line.contains("level") && line.contains("text"));
    }
    const auto wrong = run_command({"node", "run", "--log-format", "xml"});
    QVERIFY2(wrong.exit_code != 0 && wrong.err.contains("--log-format"), wrong.err);
  }

  void saysWhatHoldsATopologyUp() {
    deploy();
    QTRY_VERIFY_WITH_TIMEOUT(run_command({"topology", "why"}).out.startsWith("nothing is held up"), 30'000);
    QVERIFY(json_of({"topology", "why", "numbers"})["cause"] == "none");
    QVERIFY(run_command({"topology", "why", "words"}).exit_code != 0);
  }

  void looksIntoChannelsAndStopsTasksThere() {
    const auto deployed = run_command({"topology", "deploy", folder_->file(), "--set", "numbers.rate=500"});
    QVERIFY2(deployed.exit_code == 0, deployed.err);
    QTRY_VERIFY_WITH_TIMEOUT(json_of({"topology", "status"})["last_epoch"] > 0, 30'000);
    const auto tail = run_command({"topology", "tail", "numbers", "spread->count", "--count", "3", "--json"});
    QVERIFY2(tail.exit_code == 0, tail.err);
    const auto shown = tail.json_lines();
    QCOMPARE(shown.size(), std::size_t{4});
    QVERIFY(shown[0]["record"].contains("key") && shown[0]["key"] == shown[0]["record"]["key"]);
    QVERIFY(shown[3]["shown"] == 3 && shown[3]["passed"] >= 3);
    const auto read = run_command({"topology", "tail", "numbers", "numbers->spread", "--count", "1"});
    QVERIFY2(read.out.contains("numbers/0.out -> spread/0.in #"), read.out);
    const auto wrong = run_command({"topology", "tail", "numbers", "numbers->count"});
    QVERIFY(wrong.exit_code != 0 && wrong.err.contains("numbers->spread"));
    // Held by a program that is killed: it goes by itself.
    QProcess holder;
    start_command(holder, {"topology", "break", "set", "numbers", "spread->count/1"});
    const auto stands = [] {
      return json_of({"topology", "break", "list", "numbers"}).value("stopped", nlohmann::json{});
    };
    QTRY_VERIFY_WITH_TIMEOUT(!stands().empty(), 30'000);
    QTRY_VERIFY_WITH_TIMEOUT(json_of({"topology", "why", "numbers"})["cause"] == "breakpoint", 30'000);
    QVERIFY(run_command({"topology", "status"}).out.contains("count/1 stands before event"));
    const auto before = stands()[0]["sequence"].get<int>();
    QVERIFY(run_command({"topology", "step", "numbers", "--task", "count/1"}).out.contains("1 handled one record"));
    QTRY_VERIFY_WITH_TIMEOUT(!stands().empty() && stands()[0]["sequence"].get<int>() > before, 30'000);
    holder.kill();
    holder.waitForFinished();
    QTRY_VERIFY_WITH_TIMEOUT(stands().empty(), 30'000);
    QVERIFY(run_command({"topology", "continue", "numbers"}).err.contains("no task stands still"));
  }

  void goesOnAfterItWasKilled() {
    deploy();
    for (int i = 0; i < 3; ++i) {
      QTRY_VERIFY_WITH_TIMEOUT(!state_of("numbers").empty() && json_of({"topology", "status"})["last_epoch"] > 2 * i,
                               30'000);
      node_->kill();
      node_->start();
      QTRY_VERIFY_WITH_TIMEOUT(is_there(), 30'000);
    }
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "finished", 60'000);
    QCOMPARE(folder_->output().size(), events);
    auto rows = folder_->output();
    QCOMPARE(rows.removeDuplicates(), 0);
  }

  void stopsAndStartsATopology() {
    deploy();
    QTRY_COMPARE_WITH_TIMEOUT(state_of("numbers"), std::string{"running"}, 30'000);
    QCOMPARE(run_command({"topology", "stop"}).exit_code, 0);
    QTRY_COMPARE_WITH_TIMEOUT(state_of("numbers"), std::string{"stopped"}, 30'000);
    const auto snapshot = run_command({"topology", "snapshot"});
    QVERIFY2(snapshot.err.contains("'numbers' is stopped: start it with"), snapshot.err);
    // Stopped it stays, also with the node's next start.
    node_->kill();
    node_->start();
    QTRY_COMPARE_WITH_TIMEOUT(state_of("numbers"), std::string{"stopped"}, 30'000);
    QCOMPARE(run_command({"topology", "start"}).exit_code, 0);
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "finished", 60'000);
    QCOMPARE(folder_->output().size(), events);
  }

  void plansAndReplaces() {
    deploy();
    auto plan = run_command({"topology", "plan", folder_->file()});
    QVERIFY2(plan.out.contains("nothing changes"), plan.out);
    const QString changed = "numbers.count=70000";
    plan = run_command({"topology", "plan", folder_->file(), "--set", changed});
    QVERIFY2(plan.out.contains("changed actor numbers.params.count: 60000 -> 70000"), plan.out);
    const auto refused = run_command({"topology", "deploy", folder_->file(), "--set", changed});
    QCOMPARE(refused.exit_code, 2);
    QVERIFY2(refused.err.contains("deployed here already, and differs"), refused.err);
    const auto replaced = run_command({"topology", "deploy", folder_->file(), "--set", changed, "--replace"});
    QVERIFY2(replaced.exit_code == 0, replaced.err);
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "finished" && folder_->output().size() == 70'000, 60'000);
  }

  void removesATopologyWithItsData() {
    deploy_endless();
    const auto data = folder_->path("node/topologies/numbers");
    QTRY_COMPARE_WITH_TIMEOUT(state_of("numbers"), std::string{"running"}, 30'000);
    QVERIFY(QFile::exists(data));
    QCOMPARE(run_command({"topology", "remove", "numbers"}).exit_code, 0);
    QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(data), 30'000);
    QCOMPARE(state_of("numbers"), std::string{});
  }

  void pausesAndResumes() {
    deploy();
    const auto paused = run_command({"topology", "pause", "numbers"});
    QVERIFY2(paused.out.contains("paused since"), paused.out + paused.err);
    QTRY_COMPARE_WITH_TIMEOUT(state_of("numbers"), std::string{"paused"}, 30'000);
    QVERIFY(run_command({"topology", "pause", "numbers"}).out.contains("is paused already, since"));
    QVERIFY(run_command({"topology", "why", "numbers"}).out.contains("somebody paused it"));
    QVERIFY(run_command({"topology", "mute", "numbers", "nothing"}).err.contains("there is no actor 'nothing'"));
    QVERIFY(run_command({"topology", "set", "numbers", "numbers"}).err.contains("expected actor.parameter=value"));
    const auto fixed = run_command({"topology", "set", "numbers", "numbers.count=5"});
    QVERIFY2(fixed.err.contains("cannot be changed while the topology runs"), fixed.err);
    QVERIFY(run_command({"topology", "resume", "numbers"}).out.contains("takes input again"));
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "finished", 60'000);
    QCOMPARE(folder_->output().size(), events);
    const auto logs = run_command({"topology", "logs", "numbers", "--json", "--level", "debug"});
    QVERIFY2(logs.exit_code == 0, logs.err);
    for (const auto& record : logs.json_lines()) QVERIFY(record["topology"] == "numbers");
  }

  void goesBackToASavepoint() {
    deploy();
    QTRY_VERIFY_WITH_TIMEOUT(!state_of("numbers").empty() && json_of({"topology", "status"})["last_epoch"] > 2, 30'000);
    const auto kept = json_of({"topology", "savepoint", "numbers", "--label", "before"});
    QVERIFY(kept["label"] == "before");
    QTRY_VERIFY_WITH_TIMEOUT(state_of("numbers") == "finished", 60'000);
    const auto id = QString::fromStdString(kept["id"]);
    const auto listed = run_command({"savepoint", "list", "numbers"});
    QVERIFY2(listed.out.contains(id.toUtf8()) && listed.out.contains("before"), listed.out);
    const auto back = run_command({"topology", "start", "numbers", "--from", id});
    QVERIFY2(back.exit_code == 0, back.err);
    QTRY_VERIFY_WITH_TIMEOUT(
        json_of({"topology", "status"})["restored_epoch"] == kept["epoch"] && state_of("numbers") == "finished",
        60'000);
    auto rows = folder_->output();
    QCOMPARE(rows.size(), events);
    QCOMPARE(rows.removeDuplicates(), 0);
    QCOMPARE(run_command({"savepoint", "delete", "numbers", id}).exit_code, 0);
    QVERIFY(run_command({"savepoint", "list", "numbers"}).out.contains("has no savepoint"));
  }

  void refusesWhatCannotRun() {
    folder_->write("wrong.mill", R"({"millrace": 1, "name": "wrong", "actors": [
      {"name": "events", "type": "millrace.generatr"}], "streams": []})");
    const auto refused = run_command({"topology", "deploy", folder_->path("wrong.mill")});
    QCOMPARE(refused.exit_code, 2);
    QVERIFY2(refused.err.contains("did you mean 'millrace.generator'"), refused.err);
    QVERIFY(json_of({"topology", "list"}).empty());
  }

  /// From where nobody sees it, and with a warning from where others do.
  void wordsOfInvitationsComeFromStandardInputOrAFile() {
    folder_->write("word", "mrj1.nonsense\nand more\n");
    const auto file = "@" + folder_->path("word");
    const auto said = [](const QStringList& arguments) {
      QProcess process;
      start_command(process, arguments);
      process.write("mrj1.nonsense\r\n");
      process.closeWriteChannel();
      return finish_command(process);
    };
    for (const QStringList& verb : {QStringList{"node", "join"}, QStringList{"key", "accept"}}) {
      const auto by_argument = said(verb + QStringList{"mrj1.nonsense"});
      QVERIFY2(by_argument.err.contains("other users of this machine can see"), by_argument.err);
      const auto complaint = by_argument.err.mid(by_argument.err.indexOf("error: "));
      for (const auto& word : {QStringList{}, QStringList{"-"}, QStringList{file}}) {
        const auto by_another_way = said(verb + word);
        QCOMPARE(by_another_way.err, complaint);
        QCOMPARE(by_another_way.exit_code, 2);
      }
      const auto nowhere = said(verb + QStringList{"@" + folder_->path("nothing")});
      QVERIFY2(nowhere.err.contains("cannot read the invitation in"), nowhere.err);
    }
  }

  void listsWhoDidWhatAndWhetherThatIsAsItWasWritten() {
    QVERIFY(run_command({"audit", "list"}).out.contains("no entries"));
    deploy_endless();
    QVERIFY(run_command({"topology", "mute", "numbers", "save"}).exit_code == 0);
    // What would steer the terminal of whoever reads the log.
    QVERIFY(run_command({"topology", "mute", "numbers", "a\n\x1b[2J"}).exit_code != 0);
    const auto all = run_command({"audit", "list", "--verify"});
    QVERIFY2(all.exit_code == 0, all.err);
    const auto lines = all.out.trimmed().split('\n');
    QCOMPARE(lines.size(), 4);
    QVERIFY2(lines[0].contains("  deploy  numbers  ok"), lines[0]);
    QVERIFY2(lines[1].contains("  mute    numbers  ok") && lines[1].endsWith("  actor save"), lines[1]);
    QVERIFY2(lines[2].endsWith("  actor a??[2J"), lines[2]);
    QCOMPARE(lines[3], QByteArray{"3 entries, all as they were written"});
    const auto newest = json_of({"audit", "list", "--limit", "2"})["entries"];
    QVERIFY(newest.size() == 2 && newest[1]["detail"] == "actor save");
    QVERIFY(run_command({"audit", "list", "--limit", "0"}).err.contains("--limit"));
    QFile log{folder_->path("node/audit.log")};
    QVERIFY(log.open(QIODevice::ReadWrite));
    const auto written = log.readAll();
    QVERIFY(log.seek(written.lastIndexOf("actor save")) && log.write("actor gone") == 10);
    log.close();
    const auto spoiled = run_command({"audit", "list", "--verify"});
    QCOMPARE(spoiled.exit_code, 1);
    QVERIFY2(spoiled.out.contains("1 entries are as they were written; then: line 2 is not"), spoiled.out);
    QVERIFY(run_command({"audit", "list"}).exit_code == 0);
  }

  void showsTheKeysThatItMade() {
    const QStringList init{"node", "init", "--data-dir", folder_->path("fresh")};
    const auto made = json_of(init);
    QCOMPARE(made.value("public_key", "").size(), std::size_t{40});
    // Those that are there stay.
    QVERIFY(json_of(init) == made);
    const auto shown = run_command(init).out;
    for (const auto& value : made) QVERIFY2(shown.contains(value.get<std::string>().c_str()), shown);
  }

  void listsTheNodeThatAKeyIsFor() {
    QProcess far;
    start_command(
        far, {"node", "run", "--name", "far", "--data-dir", folder_->path("far"), "--listen", "tcp://127.0.0.1:*"});
    QTRY_VERIFY_WITH_TIMEOUT(json_of({"node", "list"}).size() == 2, 30'000);
    const auto key = folder_->path("ada.key");
    const auto made = run_command({"key", "create", "ada", "--node", "far", "--out", key});
    QVERIFY2(made.exit_code == 0, made.err);
    const auto known = json_of({"node", "list", "--key-file", key});
    QVERIFY2(known.size() == 1 && known[0]["node"] == "far", known.dump().c_str());
    const auto text = run_command({"node", "list", "--key-file", key}).out;
    QVERIFY2(text.startsWith("far  topologies 0  process ") && text.count('\n') == 1, text);
    const auto none = run_command({"node", "list", "--key-file", folder_->path("no.key")});
    QCOMPARE(none.exit_code, 2);
    QVERIFY2(none.err.contains("no.key"), none.err);
    far.kill();
    far.waitForFinished();
  }

  void saysWhoHasTheDataFolder() {
    const auto second = run_command({"node", "run", "--name", "other", "--data-dir", folder_->path("node")});
    QCOMPARE(second.exit_code, 2);
    QVERIFY2(second.err.contains("is in use by process"), second.err);
  }

  void saysWhichDeploymentIsDamaged() {
    deploy();
    node_->kill();
    folder_->write("node/topologies/numbers/deployment.json", "{");
    const auto ended = run_command({"node", "run", "--name", "trial", "--data-dir", folder_->path("node")});
    QCOMPARE(ended.exit_code, 1);
    QVERIFY2(ended.err.contains("numbers/deployment.json: this is no JSON object"), ended.err);
  }
};

QTEST_GUILESS_MAIN(node_test)
#include "node_test.moc"
