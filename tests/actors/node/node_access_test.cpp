#include "network_trial.hpp"

#include "cut_proxy.hpp"
#include "library/net/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <QFile>
#include <QTest>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;
using hosting = millrace::node::node;
using nlohmann::json;
using transport::control_client;

namespace {

std::string topology_text(const std::string& name) {
  topology t;
  t.name = name;
  t.add("ticks", "millrace.generator", {{"rate", 100.0}});
  t.add("gone", "millrace.null_sink");
  return to_text(t.connect("ticks", "gone"));
}

constexpr int strangers_max = 300;

/// A connection that is never authenticated.
class stranger {
public:
  stranger(std::uint16_t port, bool is_greeting)
      : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    const auto greeting = QByteArray::fromHex("ff00000000000000017f03004355525645");
    if (is_greeting) (void)::send(fd_, greeting.constData(), static_cast<std::size_t>(greeting.size()), MSG_NOSIGNAL);
  }
  stranger(stranger&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  stranger& operator=(stranger&&) = delete;
  ~stranger() {
    if (fd_ >= 0) ::close(fd_);
  }

private:
  int fd_;
};

/// How many this process has open, the node in it included.
std::ptrdiff_t descriptors() {
  return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

}  // namespace

/// Who may ask a node for what, over the network.
class node_access_test : public test::network_trial {
  Q_OBJECT

  [[nodiscard]] std::uint16_t port() const {
    return QByteArray::fromStdString(node_->remote_address()).split(':').last().toUShort();
  }

private slots:
  void init() { begin_anew(); }
  void cleanup() {
    end();
    metrics_.clear();
  }

  /// Texts and inputs as they came: nothing in them can be hidden from whoever may only look.
  void whatMayHoldRecordsIsNotForViewers() {
    for (const auto* verb :
         {"logs", "state", "tail_open", "tail_read", "break_list", "deadletter_list", "deadletter_show"}) {
      QVERIFY2(millrace::node::rule_of(verb)->least >= millrace::node::role::operator_, verb);
    }
  }

  void namesAndFloodsDoNotHarmTheAuditLog() {
    const auto client = *connect(key("eve", "viewer"));
    QCOMPARE(client->call("stop", {{"topology", std::string(200'000, 'x')}}, patience).error().code, errc::denied);
    for (int i = 0; i < 200; ++i) {
      QCOMPARE(client->call("remove", {{"topology", "mine"}}, patience).error().code, errc::denied);
    }
    QCOMPARE(client->call("deploy", {{"text", "{"}, {"start", "yes"}}, patience).error().code, errc::denied);
    const auto lines = audit();
    QVERIFY2(lines.size() < 60, qPrintable(QString::number(lines.size())));
    QCOMPARE(lines[1]["topology"].get<std::string>(), std::string{"(no name)"});
    end();
    const auto own = millrace::node::key_registry::read_own(folder_->path().toStdString());
    const auto verdict = millrace::node::audit_log::verify(folder_->path().toStdString(), own->secret_key);
    QCOMPARE(verdict->problem, std::string{});
    begin();
  }

  void theAuditLogSaysWhatWasSet() {
    QVERIFY(local()->call("deploy", {{"text", topology_text("mine")}, {"base_folder", "/"}}, patience).has_value());
    const auto client = *connect(key("ada", "operator"));
    const auto ask = [&](const char* verb, json args) {
      args["topology"] = "mine";
      return client->call(verb, args, patience).has_value();
    };
    QVERIFY(ask("mute", {{"actor", "gone"}}));
    (void)ask("set", {{"actor", "ticks"}, {"parameter", "rate"}, {"value", 250}});
    (void)ask("set", {{"actor", "ticks"}, {"parameter", "api_Token"}, {"value", "hunter2"}});
    (void)ask("set", {{"actor", std::string(5000, 'x')}, {"parameter", "rate"}, {"value", std::string(5000, 'y')}});
    QVERIFY(ask("savepoint", {{"label", "before"}}));
    std::vector<std::string> details;
    for (const auto& e : audit()) {
      if (e["who"] == "ada") details.push_back(e.value("detail", ""));
    }
    QCOMPARE(details.size(), std::size_t{5});
    QCOMPARE(details[0], std::string{"actor gone"});
    QCOMPARE(details[1], std::string{"ticks.rate = 250"});
    QCOMPARE(details[2], std::string{"ticks.api_Token = ***"});
    QVERIFY2(details[3].size() < 300 && details[3].starts_with("xxx"), details[3].c_str());
    QCOMPARE(details[4], std::string{"label before"});
    const auto own = millrace::node::key_registry::read_own(folder_->path().toStdString());
    QCOMPARE(millrace::node::audit_log::verify(folder_->path().toStdString(), own->secret_key)->problem, std::string{});
    const auto told = connect(key("adam", "admin"))->get()->call("audit", {{"limit", 20}}, patience);
    QVERIFY(told.has_value());
    std::vector<std::string> shown;
    for (const auto& e : (*told)["entries"]) {
      if (e["who"] == "ada") shown.insert(shown.begin(), e["detail"].get<std::string>());
    }
    QCOMPARE(shown, details);
  }

  /// Whoever may look sees what can be deployed there, types of plugins included, in parts that fit into messages.
  void theActorsOfTheNodeAreDescribed() {
    const auto client = *connect(key("vi", "viewer"));
    const auto ask = [&](const json& args) { return client->call("actors", args, patience); };
    std::vector<std::string> ids;
    for (std::string after;;) {
      const auto part = ask({{"after", after}, {"limit", 7}});
      QVERIFY2(part, part ? "" : part.error().message.c_str());
      QVERIFY((*part)["node"] == "access" && (*part)["types"].size() <= 7);
      for (const auto& t : (*part)["types"]) ids.push_back(t["id"]);
      if (!(*part)["more"].get<bool>()) {
        QCOMPARE((*part)["total"].get<std::size_t>(), ids.size());
        break;
      }
      after = ids.back();
    }
    QVERIFY(std::ranges::is_sorted(ids) && std::ranges::adjacent_find(ids) == ids.end());
    QVERIFY(std::ranges::find(ids, "millrace.file_source") != ids.end());
    QVERIFY(ask(json::object())->at("types").size() == ids.size());
    const auto one = ask({{"type", "millrace.generator"}});
    QVERIFY(one && (*one)["types"][0]["kind"] == "producer" && !(*one)["types"][0]["parameters"].empty());
    QVERIFY(ask({{"type", "millrace.generater"}}).error().message.find("millrace.generator") != std::string::npos);
    for (const json& wrong : {json{{"limit", 0}}, json{{"limit", "all"}}, json{{"type", 7}}, json{{"all", 1}}}) {
      QVERIFY2(!ask(wrong), wrong.dump().c_str());
    }
  }

  void anUnknownKeyIsRefused() {
    const auto good = key("ada", "viewer");
    auto other = good;
    other.own = *transport::make_curve_keys();
    QCOMPARE(connect(other, 300ms).error().code, errc::timeout);
    auto wrong_server = good;
    wrong_server.server_public = transport::make_curve_keys()->public_key;
    QCOMPARE(connect(wrong_server, 300ms).error().code, errc::timeout);
    QCOMPARE(control_client::connect(*sockets_, node_->remote_address(), 300ms).error().code, errc::invalid_argument);
    QVERIFY(connect(good).has_value());
    QCOMPARE(audit().back()["who"].get<std::string>(), std::string{"unknown key"});
  }

  void aRevokedKeyIsOutOnOpenConnectionsToo() {
    const auto keys = key("bo", "operator");
    const auto client = *connect(keys);
    QVERIFY(client->call("list", json::object(), patience).has_value());
    QVERIFY(client->subscribe("telemetry", 20ms, patience).has_value());
    QVERIFY(local()->call("key_revoke", {{"name", "bo"}}, patience).has_value());
    for (const auto* verb : {"list", "node", "deploy"}) {
      QCOMPARE(client->call(verb, json::object(), patience).error().code, errc::denied);
    }
    QVERIFY(!client->subscribe("telemetry", 20ms, patience).has_value());
    QCOMPARE(connect(keys, 300ms).error().code, errc::timeout);
    // And after the node's next start.
    end();
    begin();
    QCOMPARE(connect(keys, 300ms).error().code, errc::timeout);
    QVERIFY(!local()
                 ->call("key_create",
                        {{"name", "bo"}, {"role", "viewer"}, {"public_key", transport::make_curve_keys()->public_key}},
                        patience)
                 .has_value());
  }

  /// On one connection, events too, and not a moment less than was said; then it is out.
  void aSessionGoesOnOverARotationUntilTheOverlapEnds() {
    const auto keys = key("lea", "viewer");
    testing::cut_proxy way{port()};
    const auto client =
        *control_client::connect(*sockets_, "tcp://127.0.0.1:" + std::to_string(way.port()), patience, keys);
    const auto told = client->subscribe("telemetry", 20ms, patience);
    QVERIFY(told && client->newest_event(*told, patience));
    const auto rotate = [&](std::int64_t overlap_s) {
      const auto next = transport::make_curve_keys();
      const auto done = local()->call(
          "key_rotate", {{"name", "lea"}, {"public_key", next->public_key}, {"overlap_s", overlap_s}}, patience);
      if (!done) qFatal("%s", done.error().message.c_str());
      return (*done)["old_until_s"].get<std::int64_t>();
    };
    const auto until = rotate(3);
    const auto seconds_now = [] {
      return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    };
    int events = 0;
    for (;;) {
      const auto answer = client->call("list", json::object(), patience);
      const auto now = seconds_now();
      if (!answer) {
        QCOMPARE(answer.error().code, errc::denied);
        QVERIFY2(now >= static_cast<double>(until), qPrintable(QString::number(now, 'f', 3)));
        break;
      }
      QCOMPARE(way.connections(), 1);
      events += client->newest_event(*told, 20ms) ? 1 : 0;
    }
    QVERIFY(events > 0);
    // The control: without an overlap it is out at once.
    const auto other = key("max", "viewer");
    const auto before = *connect(other);
    QVERIFY(before->call("list", json::object(), patience).has_value());
    const auto next = transport::make_curve_keys();
    QVERIFY(
        local()->call("key_rotate", {{"name", "max"}, {"public_key", next->public_key}, {"overlap_s", 0}}, patience));
    QCOMPARE(before->call("list", json::object(), patience).error().code, errc::denied);
  }

  void aRotatedKeyIsGoodForAWhile() {
    const auto first = key("lea", "viewer");
    const auto client = *connect(first);
    const auto rotate = [&](std::int64_t overlap_s) {
      transport::remote_keys next{first.server_public, *transport::make_curve_keys()};
      const auto done = local()->call(
          "key_rotate", {{"name", "lea"}, {"public_key", next.own.public_key}, {"overlap_s", overlap_s}}, patience);
      if (!done) qFatal("%s", done.error().message.c_str());
      return next;
    };
    const auto is_served = [](const client_ptr& c) { return c->call("list", json::object(), patience).has_value(); };
    const auto second = rotate(3600);
    QVERIFY(is_served(client) && connect(first) && connect(second));
    end();
    begin();  // after a restart, too
    const auto of_first = *connect(first);
    const auto of_second = *connect(second);
    QVERIFY(is_served(of_first) && is_served(of_second));
    // Another one: the first is out, on open connections too, and the second when its time is over.
    const auto third = rotate(1);
    QVERIFY(!is_served(of_first));
    QCOMPARE(connect(first, 300ms).error().code, errc::timeout);
    QTRY_VERIFY_WITH_TIMEOUT(!is_served(of_second), 20'000);
    QCOMPARE(connect(second, 300ms).error().code, errc::timeout);
    QVERIFY(is_served(*connect(third)));
    // A key is one person's, also when it was theirs.
    for (const auto& taken : {second, third}) {
      const auto again = local()->call(
          "key_create", {{"name", "max"}, {"role", "admin"}, {"public_key", taken.own.public_key}}, patience);
      QCOMPARE(again.error().code, errc::already_exists);
    }
    const auto last = rotate(3600);
    QVERIFY(local()->call("key_revoke", {{"name", "lea"}}, patience).has_value());
    QVERIFY(!connect(third, 300ms) && !connect(last, 300ms));
  }

  void anHonestClientIsServedWhileStrangersKnock() {
    const auto keys = key("cy", "viewer");
    const auto client = *connect(keys);
    const auto before = descriptors();
    std::vector<stranger> strangers;
    for (int i = 0; i < strangers_max; ++i) {
      // Half of them say what ZeroMQ says first, and nothing more.
      strangers.emplace_back(port(), i % 2 == 0);
      if (i % 25 == 0) QVERIFY(client->call("list", json::object(), patience).has_value());
    }
    QVERIFY(client->call("list", json::object(), patience).has_value());
    // Those who say nothing more are thrown out after two seconds: then their descriptors are free again.
    QTRY_VERIFY_WITH_TIMEOUT(descriptors() < before + strangers_max + 30, 20'000);
    QVERIFY(client->call("list", json::object(), patience).has_value());
    QVERIFY(connect(keys).has_value());
  }

  void monitoringCountsWhoIsTurnedAway() {
    end();
    metrics_ = "127.0.0.1:0";
    begin();
    library::http_client browser{{}};
    const auto count = [&](const std::string& name) {
      const auto page = browser.call({.url = node_->metrics_url()});
      const auto at = page ? page->body.find("\n" + name + " ") : std::string::npos;
      return at == std::string::npos ? -1 : std::stoi(page->body.substr(at + name.size() + 2));
    };
    // The node's own trial of its door is nobody's.
    QCOMPARE(count("millrace_control_connections_refused_total"), 0);
    QVERIFY(!connect({node_->public_key(), *transport::make_curve_keys()}, 300ms));
    QTRY_VERIFY_WITH_TIMEOUT(count("millrace_control_connections_refused_total") > 0, 20'000);
    const auto client = *connect(key("eve", "viewer"));
    QCOMPARE(count("millrace_control_requests_denied_total"), 0);
    QCOMPARE(client->call("remove", {{"topology", "mine"}}, patience).error().code, errc::denied);
    QCOMPARE(count("millrace_control_requests_denied_total"), 1);
    QVERIFY(count("process_open_fds") > 0);
  }

  void keysHearOfNoTopologyThatIsNotTheirs() {
    const auto client = *connect(key("kim", "operator", {{"topologies", {"mine"}}}));
    QVERIFY(local()->call("deploy", {{"text", topology_text("theirs")}, {"base_folder", "/"}}, patience).has_value());
    for (const json& args : {json::object(), json{{"topology", "mine"}}, json{{"topology", ""}}}) {
      for (const auto* verb : {"status", "state", "stop", "why"}) {
        const auto answer = client->call(verb, args, patience);
        QVERIFY(!answer);
        QVERIFY2(answer.error().message.find("theirs") == std::string::npos, answer.error().message.c_str());
      }
    }
  }

  void theSameTextStartsWhatWasStopped() {
    const json args{{"text", topology_text("mine")}, {"base_folder", "/"}};
    const auto client = local();
    const auto wanted = [&] { return (*client->call("status", json::object(), patience)).value("wanted", ""); };
    QVERIFY(client->call("deploy", args, patience).has_value());
    QVERIFY(client->call("stop", json::object(), patience).has_value());
    QCOMPARE(wanted(), std::string{"stopped"});
    auto stopped = args;
    stopped["start"] = false;
    QCOMPARE((*client->call("deploy", stopped, patience))["starting"].get<bool>(), false);
    QCOMPARE(wanted(), std::string{"stopped"});
    QCOMPARE((*client->call("deploy", args, patience))["starting"].get<bool>(), true);
    QCOMPARE(wanted(), std::string{"running"});
  }

  void whatWasUnderWayWhenTheConnectionWasCutIsDoneOnce() {
    const auto keys = key("di", "admin");
    testing::cut_proxy way{port()};
    const auto client =
        *control_client::connect(*sockets_, "tcp://127.0.0.1:" + std::to_string(way.port()), patience, keys);
    const auto create = [&](const std::string& name) {
      return client->call(
          "key_create", {{"name", name}, {"role", "viewer"}, {"public_key", transport::make_curve_keys()->public_key}},
          patience);
    };
    const auto subscription = client->subscribe("telemetry", 20ms, patience);
    QVERIFY(subscription && client->next_event(patience));
    // A name is good for one key: done twice, the second one would be refused.
    way.cut_at_next_answer();
    const auto made = create("once");
    QVERIFY2(made.has_value(), made ? "" : made.error().message.c_str());
    QTRY_VERIFY_WITH_TIMEOUT(way.cuts() == 1, 20'000);
    std::mt19937 random{std::random_device{}()};
    for (int i = 0; i < 60; ++i) {
      if (random() % 3 == 0) way.cut();
      if (random() % 3 == 0) way.cut_at_next_answer();
      const auto one = create("n" + std::to_string(i));
      QVERIFY2(one.has_value(), one ? "" : one.error().message.c_str());
    }
    QVERIFY(way.cuts() > 1);
    QCOMPARE(local()->call("key_list", json::object(), patience)->size(), std::size_t{62});
    // It is still told what it wanted to hear.
    way.cut();
    while (client->next_event(0ms)) {
    }
    const auto event = client->next_event(patience);
    QVERIFY2(event.has_value(), event ? "" : event.error().message.c_str());
    QCOMPARE(event->subscription, *subscription);
  }

  void aClientGoesOnWithANodeThatWasStartedAgain() {
    const auto keys = key("ed", "viewer");
    testing::cut_proxy way{port()};
    const auto client =
        *control_client::connect(*sockets_, "tcp://127.0.0.1:" + std::to_string(way.port()), patience, keys);
    const auto subscription = client->subscribe("telemetry", 20ms, patience);
    QVERIFY(subscription && client->next_event(patience));
    end();
    begin();
    way.lead_to(port());
    way.cut();
    auto list = client->call("list", json::object(), patience);
    // Sent before the client saw the cut: nobody knows whether the node before had done it, and the client says so.
    if (!list && list.error().message.find("is not known") != std::string::npos) {
      list = client->call("list", json::object(), patience);
    }
    QVERIFY2(list.has_value(), list ? "" : list.error().message.c_str());
    while (client->next_event(0ms)) {
    }
    const auto event = client->next_event(patience);
    QVERIFY(event && event->subscription == *subscription);
    QVERIFY(client->call("unsubscribe", {{"subscription", *subscription}}, patience).has_value());
  }

  void oneKeyDoesNotTakeAllPlaces() {
    std::vector<client_ptr> clients;
    const auto one = key("flo", "viewer");
    for (int i = 0; i < 16; ++i) clients.push_back(*connect(one));
    QCOMPARE(connect(one).error().code, errc::limit_exceeded);
    for (const auto* name : {"gil", "hal"}) {
      const auto more = key(name, "viewer");
      for (int i = 0; i < 16; ++i) clients.push_back(*connect(more));
    }
    QCOMPARE(connect(key("ida", "admin")).error().code, errc::limit_exceeded);
    QVERIFY(local()->call("list", json::object(), patience).has_value());
    QVERIFY(clients.front()->call("list", json::object(), patience).has_value());
  }

  void keysOfTheNodeAreForItsUserAlone() {
    struct stat info {};
    QCOMPARE(::stat(folder_->filePath("node.key").toUtf8().constData(), &info), 0);
    QCOMPARE(info.st_mode & 0777, 0600U);
    end();
    QVERIFY(::chmod(folder_->filePath("node.key").toUtf8().constData(), 0644) == 0);
    const auto opened = hosting::open(
        {.name = "access", .data_dir = folder_->path().toStdString(), .log = [](log_level, const std::string&) {}});
    QVERIFY(!opened && opened.error().message.find("readable for nobody else") != std::string::npos);
    QVERIFY(::chmod(folder_->filePath("node.key").toUtf8().constData(), 0600) == 0);
    begin();
  }
};

QTEST_GUILESS_MAIN(node_access_test)
#include "node_access_test.moc"
