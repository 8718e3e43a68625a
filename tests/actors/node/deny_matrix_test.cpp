// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"
#include "millrace/topology.hpp"
#include "millrace/transport/control_client.hpp"
#include "node/access/audit_log.hpp"
#include "node/access/key_registry.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

using namespace millrace;
using namespace std::chrono_literals;
using nlohmann::json;
using transport::control_client;

namespace {

constexpr auto patience = 20s;
constexpr int slow_handshakes = 1000;
constexpr long rise_kb_max = 32L << 10;

/// What is tried as a name, wherever there is one.
const std::vector<std::string> bad_names{"..",
                                         ".",
                                         "../../etc/passwd",
                                         "/etc/passwd",
                                         "a/b",
                                         "a\\b",
                                         "a\n",
                                         "a\r\nb",
                                         std::string{"a\0b", 3},
                                         "",
                                         "~root",
                                         "$(id)",
                                         "`id`",
                                         "a;b",
                                         "a b",
                                         "%2e%2e",
                                         "\xC3\xA4",

                                         std::string(65, 'x'),
                                         std::string(5000, 'x'),
                                         "node.key",
                                         "audit.log"};

/// Speaks CURVE with a good key, and otherwise what it likes.
class raw_client {
public:
  raw_client(transport::zmq_context& context, const std::string& address, const transport::remote_keys& keys)
      : socket_{zmq_socket(context.native(), ZMQ_DEALER)} {
    const int none = 0;
    const int ms = 20'000;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &ms, sizeof ms);
    for (const auto& [option, key] : {std::pair{ZMQ_CURVE_SERVERKEY, keys.server_public},
                                      {ZMQ_CURVE_PUBLICKEY, keys.own.public_key},
                                      {ZMQ_CURVE_SECRETKEY, keys.own.secret_key}}) {
      zmq_setsockopt(socket_, option, key.c_str(), key.size() + 1);
    }
    zmq_connect(socket_, address.c_str());
  }
  ~raw_client() { zmq_close(socket_); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  void send(const std::string& bytes) { zmq_send(socket_, bytes.data(), bytes.size(), 0); }
  [[nodiscard]] json ask(const std::string& bytes) {
    send(bytes);
    std::string answer(1U << 20U, '\0');
    const int size = zmq_recv(socket_, answer.data(), answer.size(), 0);
    return size < 0 ? json::object() : json::from_msgpack(answer.begin(), answer.begin() + size, true, false);
  }
  [[nodiscard]] std::string code_of(const std::string& bytes) {
    return ask(bytes).value("error", json::object()).value("code", "");
  }
  [[nodiscard]] std::string hello() { return ask(request(1, "hello", json::object(), ""))["result"]["session"]; }

  static std::string request(int id, const std::string& verb, const json& args, const std::string& session) {
    json r{{"v", 1}, {"id", id}, {"verb", verb}, {"args", args}};
    if (!session.empty()) r["session"] = session;
    const auto bytes = json::to_msgpack(r);
    return {bytes.begin(), bytes.end()};
  }

private:
  void* socket_;
};

/// A connection that says what it is given, and no more.
class stranger {
public:
  stranger(std::uint16_t port, const QByteArray& says) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    say(says);
  }
  stranger(stranger&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  stranger& operator=(stranger&&) = delete;
  ~stranger() {
    if (fd_ >= 0) ::close(fd_);
  }
  void say(const QByteArray& bytes) const {
    (void)::send(fd_, bytes.constData(), static_cast<std::size_t>(bytes.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

private:
  int fd_;
};

std::string harmless_topology(const std::string& name) {
  topology t;
  t.name = name;
  t.add("ticks", "millrace.generator", {{"rate", 1.0}});
  t.add("gone", "millrace.null_sink");
  return to_text(t.connect("ticks", "gone"));
}

/// A deployment that is to run where these rules say.
json placed(const json& rules) {
  return {{"text", harmless_topology("orders")}, {"base_folder", "/"}, {"placement", rules}};
}

QByteArray greeting() {
  auto g = QByteArray::fromHex("ff00000000000000017f03014355525645");
  return g.append(QByteArray(64 - g.size(), '\0'));
}

}  // namespace

/// Whatever is tried against a node that listens on the network is refused and noted, and harms nobody: a program of
/// its own, whose memory and descriptors are looked at.
class deny_matrix_test : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QProcess node_;
  std::unique_ptr<transport::zmq_context> sockets_;
  std::string local_;
  std::string address_;
  std::string server_key_;
  std::unique_ptr<control_client> honest_;

  [[nodiscard]] QString data_dir() const { return folder_.filePath("data"); }
  [[nodiscard]] std::uint16_t port() const { return QByteArray::fromStdString(address_).split(':').last().toUShort(); }
  [[nodiscard]] std::unique_ptr<control_client> local() {
    auto c = control_client::connect(*sockets_, local_, patience);
    if (!c) qFatal("%s", c.error().message.c_str());
    return *std::move(c);
  }
  transport::remote_keys key(const std::string& name, const std::string& role) {
    transport::remote_keys keys{server_key_, *transport::make_curve_keys()};
    const auto made =
        local()->call("key_create", {{"name", name}, {"role", role}, {"public_key", keys.own.public_key}}, patience);
    if (!made) qFatal("%s", made.error().message.c_str());
    return keys;
  }
  [[nodiscard]] bool is_honest_served() { return honest_->call("list", json::object(), patience).has_value(); }
  [[nodiscard]] long memory_kb() const {
    QFile file{"/proc/" + QString::number(node_.processId()) + "/status"};
    if (!file.open(QIODevice::ReadOnly)) return 0;
    const auto found = QRegularExpression{"VmRSS:\\s+(\\d+)"}.match(QString::fromUtf8(file.readAll()));
    return found.captured(1).toLong();
  }
  [[nodiscard]] std::ptrdiff_t descriptors() const {
    const auto folder = "/proc/" + std::to_string(node_.processId()) + "/fd";
    return std::distance(std::filesystem::directory_iterator{folder}, {});
  }
  [[nodiscard]] QByteArray audit() const {
    QFile file{data_dir() + "/audit.log"};
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
  }

private slots:
  void initTestCase() {
    link_library();
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &files);
    qputenv("XDG_RUNTIME_DIR", folder_.path().toUtf8());
    sockets_ = std::make_unique<transport::zmq_context>(*transport::zmq_context::open(64));
    node_.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    node_.start(MILLRACE_COMMAND,
                {"node", "run", "--name", "deny", "--data-dir", data_dir(), "--listen", "tcp://127.0.0.1:*"});
    QByteArray said;
    while (!said.contains("public key")) {
      QVERIFY2(node_.waitForReadyRead(20'000), said.constData());
      said += node_.readAllStandardOutput();
    }
    const auto word = [&](const char* label) {
      return QRegularExpression{QString{label} + "\\s+(\\S+)"}.match(QString::fromUtf8(said)).captured(1).toStdString();
    };
    local_ = word("control");
    address_ = word("network");
    server_key_ = word("public key");
    auto connected = control_client::connect(*sockets_, address_, patience, key("honest", "viewer"));
    QVERIFY(connected.has_value());
    honest_ = *std::move(connected);
    QVERIFY(is_honest_served());
  }

  void cleanupTestCase() {
    honest_.reset();
    sockets_.reset();
    if (node_.state() != QProcess::Running) return;
    node_.terminate();
    QVERIFY(node_.waitForFinished(20'000));
    QCOMPARE(node_.exitCode(), 0);
    const auto folder = data_dir().toStdString();
    const auto own = node::key_registry::read_own(folder);
    QVERIFY(own.has_value());
    QCOMPARE(node::audit_log::verify(folder, own->secret_key)->problem, std::string{});
  }

  /// After each of them the node serves the honest client as before.
  void cleanup() { QVERIFY(node_.state() == QProcess::Running && is_honest_served()); }

  void framesThatComeAgainAndNumbersThatAreReused() {
    raw_client ada{*sockets_, address_, key("ada", "admin")};
    const auto session = ada.hello();
    QVERIFY(!session.empty());
    const auto made = raw_client::request(
        2, "key_create",
        {{"name", "by-ada"}, {"role", "viewer"}, {"public_key", transport::make_curve_keys()->public_key}}, session);
    const auto first = ada.ask(made);
    QVERIFY(first.value("ok", false));
    QVERIFY(ada.ask(made) == first);  // not done again, or the name would be taken
    QCOMPARE(ada.code_of(raw_client::request(2, "key_revoke", {{"name", "honest"}}, session)), std::string{"denied"});
    QCOMPARE(ada.code_of(raw_client::request(1, "list", json::object(), session)), std::string{"denied"});
    QCOMPARE(ada.code_of(raw_client::request(3, "list", json::object(), "")), std::string{"denied"});
    QCOMPARE(ada.code_of(raw_client::request(3, "list", json::object(), std::string(32, 'a'))), std::string{"fenced"});
    // Somebody else's session, recorded frames and all.
    raw_client eve{*sockets_, address_, key("eve", "viewer")};
    QVERIFY(!eve.hello().empty());
    QCOMPARE(eve.code_of(made), std::string{"denied"});
    QCOMPARE(eve.code_of(raw_client::request(9, "key_revoke", {{"name", "honest"}}, session)), std::string{"denied"});
    QVERIFY(ada.ask(raw_client::request(9, "key_revoke", {{"name", "by-ada"}}, session)).value("ok", false));
    QCOMPARE(ada.code_of(raw_client::request(10, "hello", json::object(), "")), std::string{});
    QVERIFY(audit().contains("\"who\":\"eve\"") && audit().contains("denied"));
  }

  void bytesThatAskForTooMuch_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("nested arrays") << QByteArray(100'000, '\x91');
    QTest::newRow("nested maps") << QByteArray("\x81\xA1x").repeated(30'000);
    QTest::newRow("an array of four billion") << QByteArray::fromHex("ddffffffff");
    QTest::newRow("a map of four billion") << QByteArray::fromHex("dfffffffff");
    QTest::newRow("a text of four billion") << QByteArray::fromHex("dbffffffff");
    QTest::newRow("bytes of four billion") << QByteArray::fromHex("c6ffffffff");
    QTest::newRow("arguments of four billion")
        << QByteArray::fromHex("84a17601a269640aa476657262a46c697374a461726773dfffffffff");
    QTest::newRow("an extension") << QByteArray::fromHex("c9ffffffff01");
    QTest::newRow("a million of nothing") << QByteArray::fromHex("dd000f4240") + QByteArray(1'000'000, '\xC0');
    QTest::newRow("trailing bytes") << QByteArray::fromHex("80c0c0c0");
    QTest::newRow("one field twice") << QByteArray::fromHex("82a17601a17601");
    QTest::newRow("no text") << QByteArray::fromHex("83a17601a26964ffa476657262a2c328");
    QTest::newRow("nothing") << QByteArray{};
    QTest::newRow("a byte that is none") << QByteArray{"\xC1"};
  }
  void bytesThatAskForTooMuch() {
    QFETCH(QByteArray, bytes);
    const auto before = memory_kb();
    raw_client mallory{*sockets_, address_, key("mallory-" + std::to_string(qHash(bytes)), "viewer")};
    for (int i = 0; i < 3; ++i) QVERIFY(!mallory.ask(bytes.toStdString()).value("ok", true));
    QVERIFY2(memory_kb() - before < rise_kb_max, qPrintable(QString::number(memory_kb() - before)));
  }

  void messagesThatAreTooLong() {
    const auto before = memory_kb();
    raw_client mallory{*sockets_, address_, key("mallory", "admin")};
    QVERIFY(!mallory.hello().empty());
    mallory.send(std::string(2U << 20U, 'x'));  // ends its connection, and no other one
    QVERIFY(is_honest_served());
    // Before anybody knows who it is: a frame that says it has 2^62 bytes, and one that has many.
    const auto endless = greeting() + QByteArray::fromHex("064000000000000000") + QByteArray(60'000, 'x');
    for (int i = 0; i < 50; ++i) {
      const stranger a{port(), endless};
      const stranger b{port(), greeting() + QByteArray::fromHex("04c80548454c4c4f") + QByteArray(60'000, 'x')};
      if (i % 10 == 0) QVERIFY(is_honest_served());
    }
    QVERIFY2(memory_kb() - before < rise_kb_max, qPrintable(QString::number(memory_kb() - before)));
  }

  void namesThatAreNone() {
    const auto admin = *control_client::connect(*sockets_, address_, patience, key("root", "admin"));
    const auto public_key = transport::make_curve_keys()->public_key;
    for (const auto& name : bad_names) {
      const std::vector<std::pair<std::string, json>> tries{
          {"key_create", {{"name", name}, {"role", "viewer"}, {"public_key", public_key}}},
          {"key_revoke", {{"name", name}}},
          {"peer_remove", {{"name", name}}},
          {"peer_add", {{"peers", {{{"name", name}, {"server_key", public_key}}}}}},
          {"peer_learn", {{"peers", {{{"name", "x"}, {"server_key", public_key}, {"labels", {{name, "v"}}}}}}}},
          {"node_join", {{"name", name}, {"server_key", public_key}}},
          {"status", {{"topology", name}}},
          {"state", {{"topology", name}, {"actor", name}, {"state", name}}},
          {"tail_open", {{"topology", name}, {"channel", name}, {"filter", name}}},
          {"break_set", {{"topology", name}, {"channel", name}, {"when", name}}},
          {"break_step", {{"topology", name}, {"task", name}}},
          {"deadletter_show", {{"topology", name}, {"ids", {name}}}},
          {"deadletter_fix", {{"topology", name}, {"fixes", {{{"id", name}, {"content", name}}}}}},
          {"start", {{"topology", name}}},
          {"pause", {{"topology", name}}},
          {"resume", {{"topology", name}}},
          {"mute", {{"topology", name}, {"actor", name}}},
          {"unmute", {{"topology", name}, {"actor", name}}},
          {"set", {{"topology", name}, {"actor", name}, {"parameter", name}, {"value", name}}},
          {"logs", {{"topology", name}, {"actor", name}, {"level", name}}},
          {"savepoint", {{"topology", name}, {"label", name}}},
          {"savepoint_list", {{"topology", name}}},
          {"savepoint_delete", {{"topology", name}, {"savepoint", name}}},
          {"savepoint_delete", {{"topology", "orders"}, {"savepoint", name}}},
          {"savepoint_delete", {{"topology", name}, {"savepoint", "20261121T180455Z"}}},
          {"deploy", {{"text", harmless_topology("orders")}, {"base_folder", "/"}, {"from", "orders/" + name}}},
          {"deploy", {{"text", harmless_topology("orders")}, {"base_folder", "/"}, {"from", name + "/latest"}}},
          {"actors", {{"type", "x" + name}}},
          {"stop", {{"topology", name}}},
          {"snapshot", {{"topology", name}}},
          {"key_invite", {{"name", name}, {"role", "viewer"}, {"lifetime_s", 600}}},
          {"key_invite",
           {{"name", "fine"}, {"role", "viewer"}, {"topics", json::array({"orders/" + name})}, {"lifetime_s", 600}}},
          {"key_create",
           {{"name", "fine"},
            {"role", "viewer"},
            {"topics", json::array({name + "/actor"})},
            {"public_key", transport::make_curve_keys()->public_key}}},
          {"key_rotate", {{"name", name}, {"public_key", transport::make_curve_keys()->public_key}}},
          {"chaos_inject", {{"topology", name}, {"kind", "hang"}, {"target", name}, {"for_ms", 1000}}},
          {"trace", {{"topology", name}, {"trace", name}}},
          {"why", {{"topology", name}}},
          {"alerts", {{"topology", name}}},
          {"peer_add", {{"peers", {{{"name", "x"}, {"server_key", public_key}, {"labels", {{name, "v"}}}}}}}},
          {"deploy", placed({{"nodes", json::array({name})}})},
          {"deploy", placed({{"pins", {{"ticks", json::array({name})}}}})},
          {"deploy", placed({{"pins", {{name, json::array({"deny"})}}}})},
          {"plan", placed({{"nodes", json::array({name})}})},
          {"remove", {{"topology", name}}},
          {"deploy",
           {{"text", json{{"millrace", 1}, {"name", name}}.dump(-1, ' ', true, json::error_handler_t::replace)},
            {"base_folder", "/"}}},
          {name.substr(0, 64), json::object()},
      };
      for (const auto& [verb, args] : tries) {
        // Labels and the like may be passed over one by one; nothing may come of them.
        const auto answer = admin->call(verb, args, patience);
        const bool is_nothing = answer && ((verb == "peer_learn" && !(*answer)["changed"].get<bool>()) ||
                                           (verb == "plan" && !(*answer)["valid"].get<bool>()));
        QVERIFY2(!answer || is_nothing, (verb + " took the name '" + name + "'").c_str());
      }
    }
    QVERIFY(admin->call("peer_list", json::object(), patience)->empty());
    QStringList inside = QDir{data_dir()}.entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
    inside.sort();
    const QStringList known{"LOCK", "audit.head", "audit.log", "keys.json", "node.key", "topologies"};
    QCOMPARE(inside, known);
    QVERIFY(QDir{data_dir() + "/topologies"}.isEmpty());
  }

  /// Of actors, channels, tasks, traces and the like, where the topology itself is one.
  void namesThatAreNoneInATopologyThatRuns() {
    const auto admin = *control_client::connect(*sockets_, address_, patience, key("ruth", "admin"));
    const auto ask = [&](const std::string& verb, json args) {
      args["topology"] = "orders";
      return admin->call(verb, args, patience);
    };
    QVERIFY(admin->call("deploy", {{"text", harmless_topology("orders")}, {"base_folder", "/"}}, patience));
    const auto state = [&] {
      const auto status = ask("status", json::object());
      return status ? status->value("state", "") : std::string{};
    };
    QTRY_COMPARE_WITH_TIMEOUT(state(), std::string{"running"}, 20'000);
    for (const auto& name : bad_names) {
      const std::vector<std::pair<std::string, json>> tries{
          {"chaos_inject", {{"kind", "slow"}, {"target", "x" + name}, {"for_ms", 1000}}},
          {"chaos_inject", {{"kind", name}, {"target", "ticks"}, {"for_ms", 1000}}},
          {"state", {{"actor", name}, {"what", "scan"}}},
          {"tail_open", {{"channel", name}}},
          {"tail_open", {{"channel", "ticks->" + name}}},
          {"break_set", {{"channel", name}}},
          {"break_step", {{"task", "x" + name}}},
          {"mute", {{"actor", name}}},
          {"set", {{"actor", name}, {"parameter", "rate"}, {"value", 1}}},
          {"set", {{"actor", "ticks"}, {"parameter", name}, {"value", 1}}},
          {"trace", {{"trace", "x" + name}}},
          {"start", {{"from", "x" + name}}},
          {"savepoint_delete", {{"savepoint", name}}},
          {"deadletter_show", {{"ids", {name}}}},
          {"logs", {{"level", "x" + name}}},
      };
      for (const auto& [verb, args] : tries) {
        QVERIFY2(!ask(verb, args), (verb + " took the name '" + name + "'").c_str());
      }
    }
    QCOMPARE(state(), std::string{"running"});
    QVERIFY(ask("remove", json::object()));
    QTRY_VERIFY_WITH_TIMEOUT(QDir{data_dir() + "/topologies"}.isEmpty(), 20'000);
  }

  void aThousandSlowHandshakes() {
    const auto keys = key("patient", "viewer");
    const auto files_before = descriptors();
    const auto memory_before = memory_kb();
    std::ptrdiff_t files_most = 0;
    long memory_most = 0;
    std::vector<stranger> strangers;
    for (int i = 0; i < slow_handshakes; ++i) {
      strangers.emplace_back(port(), i % 3 == 0 ? QByteArray{} : i % 3 == 1 ? greeting().left(11) : greeting());
      // A byte at a time, as if there were more to come.
      strangers[static_cast<std::size_t>(i) / 2].say(QByteArray(1, '\0'));
      if (i % 50 != 0) continue;
      QVERIFY(is_honest_served());
      files_most = std::max(files_most, descriptors());
      memory_most = std::max(memory_most, memory_kb());
    }
    // And somebody new gets in among them.
    QVERIFY(control_client::connect(*sockets_, address_, patience, keys).has_value());
    qInfo("descriptors %td, at most %td; memory %ld kB, at most %ld kB", files_before, files_most, memory_before,
          memory_most);
    QVERIFY(files_most - files_before <= 3 * (32 + 64));
    QVERIFY(memory_most - memory_before <= rise_kb_max);
    strangers.clear();
    QTRY_VERIFY_WITH_TIMEOUT(descriptors() <= files_before + 6, 20'000);
    QTRY_VERIFY_WITH_TIMEOUT(memory_kb() <= memory_before + rise_kb_max / 4, 20'000);
    QVERIFY(audit().size() < (1 << 20));
  }
};

QTEST_GUILESS_MAIN(deny_matrix_test)
#include "deny_matrix_test.moc"
