// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"
#include "millrace/transport/control_client.hpp"
#include "millrace/transport/link_hub.hpp"
#include "millrace/transport/node_address.hpp"
#include "node/node.hpp"

#include "free_address.hpp"
#include "library/net/http_client.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <semaphore>
#include <thread>

using namespace millrace;
using namespace std::chrono_literals;
using hosting = millrace::node::node;
using millrace::node::invitations;
using millrace::node::peer;
using millrace::node::peer_registry;
using millrace::transport::join_token;
using nlohmann::json;
using transport::control_client;

namespace {

constexpr auto patience = 20s;

/// A node with a thread of its own.
class running_node {
public:
  running_node(std::string name, const QTemporaryDir& folder) {
    auto opened = hosting::open({.name = std::move(name),
                                 .data_dir = folder.path().toStdString(),
                                 .threads = 1,
                                 .listen = "tcp://127.0.0.1:*",
                                 .link = link_,
                                 .metrics = "127.0.0.1:0",
                                 .labels = {{"zone", "z1"}},
                                 .log = [](log_level, const std::string&) {}});
    if (!opened) qFatal("%s", opened.error().message.c_str());
    node_ = *std::move(opened);
    working_ = std::thread{
        [this] { (void)node_->work([this](std::chrono::milliseconds t) { return over_.try_acquire_for(t); }); }};
  }
  ~running_node() {
    over_.release();
    working_.join();
  }
  running_node(const running_node&) = delete;
  running_node& operator=(const running_node&) = delete;
  hosting* operator->() const { return node_.get(); }
  [[nodiscard]] const std::string& link() const { return link_; }

private:
  const std::string link_ = support::free_address();
  std::unique_ptr<hosting> node_;
  std::thread working_;
  std::binary_semaphore over_{0};
};

peer somebody(const std::string& name) {
  return {
      .name = name, .control_address = "tcp://10.0.0.1:7423", .server_key = transport::make_curve_keys()->public_key};
}

}  // namespace

/// How nodes come to know each other.
class peers_test : public QObject {
  Q_OBJECT

  QTemporaryDir runtime_;
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<transport::zmq_context> sockets_;

  [[nodiscard]] std::string folder() const { return folder_->path().toStdString(); }
  using client_ptr = std::unique_ptr<control_client>;
  [[nodiscard]] client_ptr local(const running_node& at) {
    auto c = control_client::connect(*sockets_, at->address(), patience);
    if (!c) qFatal("%s", c.error().message.c_str());
    return *std::move(c);
  }
  [[nodiscard]] join_token invitation(const running_node& by) {
    const auto made = local(by)->call("node_invite", json::object(), patience);
    if (!made) qFatal("%s", made.error().message.c_str());
    return *millrace::transport::join_token_of((*made)["token"].get<std::string>());
  }
  [[nodiscard]] join_token offered(const running_node& by, const std::string& name, const std::string& role) {
    const auto made = local(by)->call("key_invite", {{"name", name}, {"role", role}}, patience);
    if (!made) qFatal("%s", made.error().message.c_str());
    return *millrace::transport::join_token_of((*made)["token"].get<std::string>());
  }
  [[nodiscard]] result<client_ptr> connect(const join_token& t, std::chrono::milliseconds timeout = patience) {
    return control_client::connect(*sockets_, t.address, timeout,
                                   transport::remote_keys{t.server_key, *transport::curve_keys_of(t.secret_key)});
  }
  [[nodiscard]] result<json> join(const join_token& t, const peer& who) {
    auto c = connect(t);
    return c ? (*c)->call("node_join", to_json(who), patience) : result<json>{c.error()};
  }
  void join(const running_node& inviting, const running_node& joining) {
    const auto answer = join(invitation(inviting), joining->self());
    QVERIFY2(answer.has_value(), answer ? "" : answer.error().message.c_str());
    auto all = (*answer)["peers"];
    all.push_back((*answer)["peer"]);
    QVERIFY(local(joining)->call("peer_add", {{"peers", all}}, patience).has_value());
  }

private slots:
  void initTestCase() {
    link_library();
    qputenv("XDG_RUNTIME_DIR", runtime_.path().toUtf8());
    sockets_ = std::make_unique<transport::zmq_context>(*transport::zmq_context::open(0));
  }
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanupTestCase() { sockets_.reset(); }

  void theListIsKeptAndPrivate() {
    const auto one = somebody("one");
    {
      auto known = *peer_registry::open(folder());
      QVERIFY(*known.add(one));
      QVERIFY(!*known.add(one));  // nothing new
      QVERIFY(*known.add(somebody("two")));
      QVERIFY(known.remove("two").has_value());
    }
    const auto known = *peer_registry::open(folder());
    QCOMPARE(known.list().size(), std::size_t{1});
    QVERIFY(known.find("one")->is_same_as(one));
    QCOMPARE(*known.name_of(one.server_key), std::string{"one"});
    struct stat info {};
    QCOMPARE(::stat((folder() + "/peers.json").c_str(), &info), 0);
    QCOMPARE(info.st_mode & 0777, 0600U);
  }

  void aDamagedListIsNamed() {
    for (const char* text :
         {"", "[]", "{\"millrace_peers\":1}", "{\"millrace_peers\":\"x\"}",
          "{\"millrace_peers\":1,\"removed\":[],\"peers\":[{\"name\":\"../x\",\"server_key\":\"\"}]}"}) {
      QFile file{folder_->filePath("peers.json")};
      QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) >= 0);
      file.close();
      const auto opened = peer_registry::open(folder());
      QVERIFY(!opened && opened.error().code == errc::corrupt);
      QVERIFY(opened.error().message.find("peers.json") != std::string::npos);
    }
  }

  void whatIsNoNodeIsRefused() {
    auto known = *peer_registry::open(folder());
    const auto is_refused = [&](auto change) {
      auto p = somebody("one");
      change(p);
      const auto added = known.add(p);
      return !added && added.error().kind == error_class::user;
    };
    for (const char* name : {"", "..", "../x", "a/b", "a b", "a\n"}) {
      QVERIFY(is_refused([&](peer& p) { p.name = name; }));
    }
    for (const char* address : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://h:0", "tcp://h:65536", "tcp://h:1x", "tcp://h",
                                "ipc:///tmp/x", "tcp://a b:1", "tcp://:1", "http://h:1"}) {
      QVERIFY2(is_refused([&](peer& p) { p.control_address = address; }), address);
      QVERIFY2(is_refused([&](peer& p) { p.link_address = address; }), address);
    }
    QVERIFY(is_refused([](peer& p) { p.server_key = "short"; }));
    QVERIFY(is_refused([](peer& p) { p.labels["a b"] = "x"; }));
    QVERIFY(is_refused([](peer& p) { p.labels["a"] = std::string(1000, 'x'); }));
    QVERIFY(known.add(somebody("one")).has_value());
    QCOMPARE(known.add(somebody("one")).error().code, errc::already_exists);  // another key
    for (std::size_t i = 1; i < peer_registry::peers_max; ++i) {
      QVERIFY(known.add(somebody("n" + std::to_string(i))).has_value());
    }
    QCOMPARE(known.add(somebody("more")).error().code, errc::limit_exceeded);
  }

  void anotherNodesWordBringsNobodyBackAndMovesNobody() {
    auto known = *peer_registry::open(folder());
    const auto teller = somebody("teller");
    auto other = somebody("other");
    auto gone = somebody("gone");
    QVERIFY(known.add(teller) && known.add(other) && known.add(gone) && known.remove("gone"));
    other.control_address = "tcp://10.6.6.6:1";
    auto moved = teller;
    moved.control_address = "tcp://10.0.0.9:7423";
    const auto list = json::array({to_json(other), to_json(gone), to_json(moved), to_json(somebody("new"))});
    QVERIFY(*millrace::node::learn_peers(known, somebody("self").server_key, teller.server_key, list));
    QCOMPARE(known.find("other")->control_address, std::string{"tcp://10.0.0.1:7423"});
    QVERIFY(!known.find("gone"));
    QCOMPARE(known.find("teller")->control_address, moved.control_address);
    QVERIFY(known.find("new"));
    QVERIFY(*known.add(gone));  // an administrator's word does
  }

  void aTokenIsReadWholeOrNotAtAll() {
    const auto keys = *transport::make_curve_keys();
    const join_token t{"tcp://host.example:7423", keys.public_key, keys.secret_key,
                       invitations::time_point{std::chrono::seconds{1'800'000'000}}};
    const auto text = to_text(t);
    const auto read = millrace::transport::join_token_of(text);
    QVERIFY(read.has_value());
    QCOMPARE(read->address, t.address);
    QCOMPARE(read->server_key, t.server_key);
    QCOMPARE(read->secret_key, t.secret_key);
    QVERIFY(read->ends == t.ends);
    for (std::size_t i = 0; i < text.size(); ++i) {
      auto other = text;
      other[i] = other[i] == 'A' ? 'B' : 'A';
      // The last letter has bits that stand for nothing.
      QVERIFY(i + 1 == text.size() || !millrace::transport::join_token_of(other));
      QVERIFY(!millrace::transport::join_token_of(text.substr(0, i)));
    }
    QVERIFY(!millrace::transport::join_token_of(std::string(100'000, 'A')));
  }

  void invitationsAreFewAndEnd() {
    using namespace std::chrono;
    const invitations::time_point now{seconds{1'800'000'000}};
    auto all = *invitations::open(folder());
    QCOMPARE(all.make(now, 5s).error().code, errc::invalid_argument);
    const auto first = all.make(now, 60s)->public_key;
    for (std::size_t i = 1; i < invitations::open_max; ++i) QVERIFY(all.make(now, 60s).has_value());
    QCOMPARE(all.make(now, 60s).error().code, errc::limit_exceeded);
    auto again = *invitations::open(folder());  // after a restart
    QVERIFY(again.end_of(first, now + 59s) == now + 60s);
    QVERIFY(!again.end_of(first, now + 60s));
    QCOMPARE(again.use(first, "key", now + 60s).error().code, errc::denied);
    QVERIFY(again.use(first, "key", now + 59s).has_value());
    QVERIFY(again.was_used_by(first, "key") && !again.was_used_by(first, "another"));
    QVERIFY(again.use(first, "key", now + 59s).has_value());  // had not heard the answer
    QCOMPARE(again.use(first, "another", now + 59s).error().code, errc::denied);
    QVERIFY(again.make(now, 60s).has_value());  // the used one makes room
    QVERIFY(again.make(now + hours{30}, 60s).has_value());
    QVERIFY(!again.end_of(first, now));
  }

  void threeNodesLearnOfEachOther() {
    QTemporaryDir folders[3];
    const running_node a{"a", folders[0]};
    const running_node b{"b", folders[1]};
    {
      const running_node c{"c", folders[2]};
      join(a, b);
      QCOMPARE(b->peers().find("a")->server_key, a->public_key());
      QCOMPARE(a->peers().find("b")->server_key, b->public_key());
      QCOMPARE(a->peers().find("b")->control_address, b->remote_address());
      QCOMPARE(a->peers().find("b")->link_address, b.link());
      QCOMPARE(a->peers().find("b")->labels.at("zone"), std::string{"z1"});
      join(a, c);
      QVERIFY(c->peers().find("b"));
      QTRY_VERIFY_WITH_TIMEOUT(b->peers().find("c"), 20'000);
      QCOMPARE(b->peers().find("c")->server_key, c->public_key());
    }
    library::http_client browser{{}};
    const auto shows = [&](const char* line) {
      const auto page = browser.call({.url = a->metrics_url()});
      return page && page->body.find(line) != std::string::npos;
    };
    QTRY_VERIFY_WITH_TIMEOUT(shows("\nmillrace_link_reached{peer=\"b\"} 1\n"), 20'000);
    QVERIFY(shows("\nmillrace_link_connections_total{peer=\"b\"} "));
    // At another address after its next start: it says so itself.
    const auto before = b->peers().find("c")->control_address;
    const running_node c{"c", folders[2]};
    QVERIFY(c->remote_address() != before);
    QTRY_COMPARE_WITH_TIMEOUT(a->peers().find("c")->control_address, c->remote_address(), 20'000);
    QTRY_COMPARE_WITH_TIMEOUT(b->peers().find("c")->control_address, c->remote_address(), 20'000);
  }

  void anInvitationIsGoodForOneNodeAndNothingElse() {
    QTemporaryDir folders[1];
    const running_node a{"a", folders[0]};
    const auto token = invitation(a);
    const auto client = *connect(token);
    for (const auto& rule : millrace::node::verb_rules()) {
      if (std::string_view{rule.verb} == "node_join") continue;
      QCOMPARE(client->call(rule.verb, json::object(), patience).error().code, errc::denied);
    }
    QVERIFY(!client->subscribe("telemetry", 20ms, patience).has_value());
    // Refused for its name: that does not use the invitation up.
    QCOMPARE(join(token, somebody("a")).error().code, errc::already_exists);
    QCOMPARE(join(token, somebody("../x")).error().code, errc::invalid_argument);
    const auto b = somebody("b");
    QVERIFY(join(token, b).has_value());
    QVERIFY(join(token, b).has_value());
    QCOMPARE(join(token, somebody("c")).error().code, errc::denied);
    QCOMPARE(a->peers().list().size(), std::size_t{1});
    // With an invitation of its own somebody could pose as b, whose key everybody knows.
    auto moved = b;
    moved.control_address = "tcp://10.6.6.6:7423";
    QVERIFY(join(invitation(a), moved).has_value());
    QCOMPARE(a->peers().find("b")->control_address, b.control_address);
    // Guessed: it does not get as far as a request, and is written down.
    auto guessed = token;
    guessed.secret_key = transport::make_curve_keys()->secret_key;
    QCOMPARE(connect(guessed, 300ms).error().code, errc::timeout);
    QFile audit{folders[0].filePath("audit.log")};
    QVERIFY(audit.open(QIODevice::ReadOnly));
    const auto lines = audit.readAll();
    QVERIFY(lines.contains("unknown key") && lines.contains("\"outcome\":\"denied\""));
    QVERIFY(!lines.contains(token.secret_key.c_str()));
  }

  void aPersonMakesAKeyWithAnInvitationOnce() {
    QTemporaryDir folders[1];
    const running_node a{"a", folders[0]};
    const auto token = offered(a, "ada", "operator");
    QCOMPARE(token.holder, std::string{"ada"});
    QCOMPARE(token.role, std::string{"operator"});
    const auto client = *connect(token);
    for (const auto& rule : millrace::node::verb_rules()) {
      if (std::string_view{rule.verb} == "key_accept") continue;
      QCOMPARE(client->call(rule.verb, json::object(), patience).error().code, errc::denied);
    }
    const auto accept = [&](const join_token& t, const std::string& key) {
      return (*connect(t))->call("key_accept", {{"public_key", key}}, patience);
    };
    const auto own = *transport::make_curve_keys();
    QCOMPARE(accept(token, "no key").error().code, errc::invalid_argument);
    const auto made = accept(token, own.public_key);
    QVERIFY2(made.has_value(), made ? "" : made.error().message.c_str());
    QVERIFY((*made)["role"] == "operator");
    QVERIFY(accept(token, own.public_key).has_value());  // had not heard the answer
    QCOMPARE(accept(token, transport::make_curve_keys()->public_key).error().code, errc::denied);
    const auto ada = *control_client::connect(*sockets_, a->remote_address(), patience,
                                              transport::remote_keys{a->public_key(), own});
    QVERIFY(ada->call("list", json::object(), patience).has_value());
    QCOMPARE(ada->call("key_list", json::object(), patience).error().code, errc::denied);
    // What is revoked does not come back by the word that made it.
    QVERIFY(local(a)->call("key_revoke", {{"name", "ada"}}, patience).has_value());
    QVERIFY(!accept(token, own.public_key).has_value());
    QCOMPARE(local(a)->call("key_invite", {{"name", "ada"}, {"role", "viewer"}}, patience).error().code,
             errc::already_exists);
    QCOMPARE(local(a)->call("key_invite", {{"name", "eve"}, {"role", "king"}}, patience).error().code,
             errc::invalid_argument);
    // One for a node makes no key.
    QCOMPARE(accept(invitation(a), own.public_key).error().code, errc::denied);
  }

  void aNameThatIsTakenMeanwhileDoesNotUseAnInvitationUp() {
    QTemporaryDir folders[1];
    const running_node a{"a", folders[0]};
    const auto token = offered(a, "ada", "viewer");
    const auto other = transport::make_curve_keys()->public_key;
    QVERIFY(local(a)->call("key_create", {{"name", "ada"}, {"role", "admin"}, {"public_key", other}}, patience));
    const auto refused =
        (*connect(token))->call("key_accept", {{"public_key", transport::make_curve_keys()->public_key}}, patience);
    QCOMPARE(refused.error().code, errc::already_exists);
  }

  void anAdministratorReadsTheAuditLog() {
    QTemporaryDir folders[1];
    const running_node a{"a", folders[0]};
    (void)offered(a, "ada", "viewer");
    (void)invitation(a);
    const auto log = local(a)->call("audit", {{"limit", 1}, {"verify", true}}, patience);
    QVERIFY2(log.has_value(), log ? "" : log.error().message.c_str());
    QCOMPARE((*log)["entries"].size(), std::size_t{1});
    QVERIFY((*log)["entries"][0]["verb"] == "node_invite");
    QVERIFY((*log)["intact"] == true);
    QFile file{folders[0].filePath("audit.log")};
    QVERIFY(file.open(QIODevice::ReadWrite));
    auto lines = file.readAll();
    file.seek(0);
    file.write(lines.replace("key_invite", "key_invent"));
    file.close();
    const auto forged = local(a)->call("audit", {{"verify", true}}, patience);
    QVERIFY(forged && (*forged)["intact"] == false);
  }

  void aPeerMayNotDoWhatPeopleDo() {
    QTemporaryDir folders[2];
    const running_node a{"a", folders[0]};
    const running_node b{"b", folders[1]};
    join(a, b);
    const auto keys = *millrace::node::key_registry::read_own(folders[1].path().toStdString());
    const auto client = *control_client::connect(*sockets_, a->remote_address(), patience,
                                                 transport::remote_keys{a->public_key(), keys});
    for (const auto& rule : millrace::node::verb_rules()) {
      const auto answer = client->call(rule.verb, json::object(), patience);
      const bool is_denied = !answer && answer.error().code == errc::denied;
      QVERIFY2(is_denied == (rule.also_for != millrace::node::party::peer), rule.verb);
    }
    QVERIFY(local(a)->call("peer_remove", {{"name", "b"}}, patience).has_value());
    QCOMPARE(client->call("peer_learn", {{"peers", json::array()}}, patience).error().code, errc::denied);
    QVERIFY(
        !control_client::connect(*sockets_, a->remote_address(), 300ms, transport::remote_keys{a->public_key(), keys}));
  }

  void aGuestKeepsItsFolderToItselfAndWritesDownForWhomItWorks() {
    QTemporaryDir folders[2];
    const QTemporaryDir elsewhere;
    const running_node b{"b", folders[1]};
    const running_node a{"a", folders[0]};  // ends first: a lead waits for its guests
    join(a, b);
    const auto deploy = [&](const std::string& name, const std::string& path) {
      topology t;
      t.name = name;
      t.add("made", "millrace.generator", {{"rate", 100.0}});
      t.add("out", "millrace.file_sink", {{"path", path}});
      t.connect("made", "out");
      const json args{{"text", to_text(t)}, {"placement", {{"nodes", {"b"}}}}, {"base_folder", "/tmp"}};
      const auto done = local(a)->call("deploy", args, patience);
      if (!done) qFatal("%s", done.error().message.c_str());
    };
    const auto noted = [&](const std::string& topology, const std::string& outcome) {
      const auto log = local(b)->call("audit", {{"limit", 50}}, patience);
      return log && std::ranges::any_of((*log)["entries"], [&](const json& e) {
               return e["verb"] == "host" && e["who"] == "peer:a" && e["topology"] == topology &&
                      e["outcome"] == outcome;
             });
    };
    deploy("greedy", folders[1].filePath("topologies").toStdString());
    QTRY_VERIFY_WITH_TIMEOUT(noted("greedy", "denied"), 20'000);
    const auto is_told = [&] {
      const auto status = local(a)->call("status", {{"topology", "greedy"}}, patience);
      return status && status->dump().find("node's own data folder") != std::string::npos;
    };
    QTRY_VERIFY_WITH_TIMEOUT(is_told(), 20'000);
    deploy("modest", elsewhere.filePath("out").toStdString());
    QTRY_VERIFY_WITH_TIMEOUT(noted("modest", "ok"), 20'000);
    QVERIFY(!noted("greedy", "ok"));
  }

  void strangersAtThePortForNodesAreInTheAuditLog() {
    QTemporaryDir folders[1];
    const running_node a{"a", folders[0]};
    const auto hub = *transport::link_hub::open(
        {.name = "stranger", .listen = "tcp://127.0.0.1:*", .keys = *transport::make_curve_keys()}, {});
    QVERIFY(hub->add_peer({.name = "a", .address = a.link(), .server_key = a->public_key()}));
    const auto is_noted = [&] {
      const auto log = local(a)->call("audit", {{"limit", 50}}, patience);
      return log && std::ranges::any_of((*log)["entries"], [](const json& e) {
               return e["verb"] == "connect link" && e["who"] == "unknown key";
             });
    };
    QTRY_VERIFY_WITH_TIMEOUT(is_noted(), 20'000);
    QVERIFY(!hub->statistics("a").is_reached);
  }

  void addressesForOthers() {
    using millrace::transport::reachable_address;
    QCOMPARE(reachable_address("tcp://10.0.0.5:7423"), std::string{"tcp://10.0.0.5:7423"});
    for (const char* all : {"tcp://0.0.0.0:7423", "tcp://*:7423", "tcp://[::]:7423"}) {
      const auto told = reachable_address(all);
      QVERIFY2(told.ends_with(":7423") && millrace::transport::check_node_address(told).has_value(), told.c_str());
    }
    QCOMPARE(reachable_address(""), std::string{});
    const auto fp = millrace::transport::fingerprint("key");
    QCOMPARE(fp.size(), std::size_t{39});
    QVERIFY(fp != millrace::transport::fingerprint("kez"));
  }
};

QTEST_GUILESS_MAIN(peers_test)
#include "peers_test.moc"
