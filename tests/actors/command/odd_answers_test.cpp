#include <unistd.h>

#include <CLI/CLI.hpp>
#include <QTemporaryDir>
#include <QTemporaryFile>
#include <QTest>
#include <mutex>

#include "command/command_line.hpp"
#include "command_process.hpp"
#include "millrace/transport/control_endpoint.hpp"
#include "millrace/transport/control_server.hpp"

using millrace::result;
using millrace::test::run_command;
using nlohmann::json;
namespace transport = millrace::transport;

namespace {

/// A node that answers each verb but `list` with the same, whatever that is.
class odd_node {
public:
  odd_node() {
    transport::control_service service;
    service.on_request = [this](const transport::control_caller&, const std::string& verb, const json&) {
      const std::lock_guard lock{mutex_};
      return result<json>{verb == "list" ? listed_ : answer_};
    };
    service.on_topic = [](const transport::control_caller&, const std::string&, const json&) {
      return result<json>{json{}};
    };
    const auto at = transport::endpoint_of(*transport::runtime_folder(), std::string{transport::node_prefix} + "odd",
                                           static_cast<std::uint32_t>(::getpid()));
    auto started = transport::control_server::start(*context_, at->address, std::move(service));
    if (!started) qFatal("%s", started.error().message.c_str());
    server_ = *std::move(started);
  }
  void answers(json with) {
    const std::lock_guard lock{mutex_};
    answer_ = std::move(with);
  }
  void lists(json with) {
    const std::lock_guard lock{mutex_};
    listed_ = std::move(with);
  }

private:
  std::mutex mutex_;
  json listed_;
  json answer_;
  result<transport::zmq_context> context_ = transport::zmq_context::open(1);
  std::unique_ptr<transport::control_server> server_;
};

/// What a verb printed as errors, and its exit code; in this process, so that nothing thrown can be overlooked.
struct ending {
  int code = -1;
  QByteArray errors;
};

ending run_here(const QStringList& arguments) {
  std::vector<QByteArray> texts{"millrace"};
  for (const auto& a : arguments) texts.push_back(a.toUtf8());
  std::vector<char*> argv;
  for (auto& t : texts) argv.push_back(t.data());
  QTemporaryFile errors;
  QTemporaryFile output;
  if (!errors.open() || !output.open()) qFatal("no temporary file");
  const int before[]{::dup(STDOUT_FILENO), ::dup(STDERR_FILENO)};
  ::dup2(output.handle(), STDOUT_FILENO);
  ::dup2(errors.handle(), STDERR_FILENO);
  ending e;
  millrace::command::action chosen;
  const auto app = millrace::command::make_grammar(chosen);
  try {
    e.code = millrace::command::parse_and_run(*app, chosen, static_cast<int>(argv.size()), argv.data());
  } catch (const std::exception& thrown) {
    e.errors = thrown.what();
  }
  std::fflush(stdout);
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(before[fd - STDOUT_FILENO], fd);
    ::close(before[fd - STDOUT_FILENO]);
  }
  errors.seek(0);
  e.errors += errors.readAll();
  return e;
}

/// Everything that verbs look for in answers, and each of it is this.
json all_members(const json& are) {
  json out = json::object();
  for (const auto* name :
       {"actor",       "address",      "at",      "breakpoints", "bytes",      "changed",   "changes",    "cleared",
        "duration_us", "failed",       "fields",  "group",       "groups",     "id",        "key",        "keys",
        "kind",        "label",        "labels",  "last",        "level",      "letters",   "link",       "more",
        "muted",       "name",         "next",    "node",        "nodes",      "parameter", "partition",  "passed",
        "path",        "paused_since", "peer",    "peers",       "places",     "problem",   "problems",   "records",
        "role",        "rows",         "samples", "savepoint",   "savepoints", "sentence",  "server_key", "silent",
        "spans",       "state",        "states",  "stopped",     "tail",       "tasks",     "text",       "token",
        "topologies",  "topology",     "traces",  "types",       "under_way",  "valid",     "value",      "alerts",
        "guarantees",  "written_at",   "entries", "intact",      "verified",   "who",       "verb",       "outcome",
        "detail"}) {
    out[name] = are;
  }
  return out;
}

/// Answers of other kinds, without members, and with members of other kinds.
std::vector<json> odd_answers() {
  std::vector<json> all{nullptr, 7, "text", json::array({7}), json::array({json::object()}), json::object()};
  for (const json& are : {json(7), json("text"), json::array({7}), json::array({json::object()}), json::object()}) {
    all.push_back(all_members(are));
  }
  return all;
}

}  // namespace

/// What the verbs do when a node answers what they cannot read: nothing thrown gets out of them.
class odd_answers_test : public QObject {
  Q_OBJECT

  QTemporaryDir runtime_;
  millrace::test::topology_folder folder_{1};
  std::unique_ptr<odd_node> node_;

private slots:
  void initTestCase() {
    qputenv("XDG_RUNTIME_DIR", runtime_.path().toUtf8());
    QFile::setPermissions(runtime_.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    node_ = std::make_unique<odd_node>();
    node_->lists(json::array({{{"topology", "orders"}, {"node", "odd"}}}));
  }
  void cleanupTestCase() { node_.reset(); }

  void eachVerbSaysThatItCannotReadTheAnswer_data() {
    QTest::addColumn<QStringList>("arguments");
    const auto row = [](const QStringList& arguments) {
      QTest::newRow(arguments.join(' ').toUtf8().constData()) << arguments;
    };
    const auto file = folder_.file();
    row({"topology", "list"});
    row({"topology", "status"});
    row({"topology", "why"});
    row({"topology", "alerts"});
    row({"topology", "logs", "orders"});
    row({"topology", "pause", "orders"});
    row({"topology", "set", "orders", "price.above=3"});
    row({"topology", "mute", "orders", "price"});
    row({"topology", "savepoint", "orders"});
    row({"topology", "tail", "orders", "a->b", "--count", "1"});
    row({"topology", "break", "set", "orders", "a->b", "--for", "5s"});
    row({"topology", "break", "list", "orders"});
    row({"topology", "break", "clear", "orders"});
    row({"topology", "step", "orders"});
    row({"topology", "deploy", file});
    row({"topology", "plan", file});
    row({"actor", "list", "--node", "odd"});
    row({"actor", "show", "a", "--node", "odd"});
    row({"state", "get", "orders", "sum", "--key", "k"});
    row({"state", "scan", "orders", "sum"});
    row({"state", "size", "orders", "sum"});
    row({"savepoint", "list", "orders"});
    row({"trace", "list", "orders"});
    row({"trace", "show", "last", "orders"});
    row({"chaos", "list", "orders"});
    row({"chaos", "clear", "orders"});
    row({"key", "list"});
    row({"key", "invite", "ada"});
    row({"audit", "list"});
    row({"audit", "list", "--verify"});
    row({"node", "list"});
    row({"node", "peers"});
    row({"node", "invite"});
  }
  void eachVerbSaysThatItCannotReadTheAnswer() {
    QFETCH(QStringList, arguments);
    bool is_told = false;
    for (const auto& odd : odd_answers()) {
      node_->answers(odd);
      const auto ended = run_here(arguments);
      const auto context = QByteArray::fromStdString(odd.dump()).left(80) + " made: " + ended.errors;
      QVERIFY2(ended.code == 0 || ended.code == 1, context);
      QVERIFY2(ended.code == 0 || ended.errors.startsWith("error: "), context);
      is_told |= ended.errors.contains("the node's answer cannot be read (");
    }
    QVERIFY(is_told);
  }

  void pagesThatDoNotGoOnAreNotAskedForForEver_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("answer");
    const auto row = [](const char* name, const QStringList& arguments, const json& answer) {
      QTest::newRow(name) << arguments << QByteArray::fromStdString(answer.dump());
    };
    row("actors", {"actor", "list", "--node", "odd"}, {{"more", true}, {"types", json::array({{{"id", "a"}}})}});
    row("state", {"state", "scan", "orders", "sum"},
        {{"rows", json::array()}, {"next", {{"partition", 1}, {"cursor", "7"}}}});
    row("letters", {"deadletter", "list", "orders"}, {{"letters", json::array()}, {"next", "sum/1#7"}});
  }
  void pagesThatDoNotGoOnAreNotAskedForForEver() {
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, answer);
    node_->answers(json::parse(answer.toStdString()));
    const auto ended = run_here(arguments);
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.errors.contains("its pages do not go on"), ended.errors);
  }

  void aListThatCannotBeReadIsNamedWithItsNode() {
    for (const auto& odd : odd_answers()) {
      if (odd.is_null()) continue;
      node_->lists(odd);
      const auto ended = run_here({"topology", "list"});
      const auto context = QByteArray::fromStdString(odd.dump()).left(80) + " made: " + ended.errors;
      QVERIFY2(ended.code == 0 || ended.code == 1, context);
    }
    node_->lists(json::array({7}));
    const auto ended = run_here({"topology", "list"});
    QVERIFY2(ended.errors.contains("error: node odd: the node's answer cannot be read ("), ended.errors);
    node_->lists(json::array({{{"topology", "orders"}, {"node", "odd"}}}));
  }

  void theProgramEndsWithOneAndNotBySignal() {
    node_->answers(json::array({7}));
    const auto ended = run_command({"key", "list"});
    QVERIFY(!ended.crashed);
    QCOMPARE(ended.exit_code, 1);
    QVERIFY2(ended.err.contains("are both of one version?"), ended.err);
  }
};

QTEST_GUILESS_MAIN(odd_answers_test)
#include "odd_answers_test.moc"
