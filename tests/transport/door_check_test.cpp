// A server's door as it is tried from outside, and how many requests come through it.
#include "millrace/transport/door_check.hpp"

#include <zmq.h>

#include <QTemporaryDir>
#include <QtTest>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "millrace/transport/control_client.hpp"
#include "millrace/transport/control_server.hpp"
#include "request_rate.hpp"

using namespace millrace;
using namespace millrace::transport;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto patience = 20s;

/// A server on loopback that lets in whom `find` knows.
struct served {
  explicit served(std::function<std::optional<std::string>(const std::string&)> find) {
    control_service service;
    service.on_request = [this](const control_caller&, const std::string&, const json&) -> result<json> {
      ++asked;
      return json::object();
    };
    service.on_topic = [](const control_caller&, const std::string&, const json&) -> result<json> { return json{}; };
    service.on_refused = [this](const control_caller&, const std::string&) { ++written_down; };
    auto started = control_server::start(sockets, "ipc://" + folder.filePath("node.sock").toStdString(),
                                         std::move(service), remote_access{"tcp://127.0.0.1:*", own, std::move(find)});
    if (!started) qFatal("%s", started.error().message.c_str());
    server = *std::move(started);
  }
  [[nodiscard]] door at() const { return {server->remote_address(), own.public_key}; }

  QTemporaryDir folder;
  zmq_context sockets = *zmq_context::open(16);
  curve_keys own = *make_curve_keys();
  int asked = 0;
  int written_down = 0;
  std::unique_ptr<control_server> server;
};

}  // namespace

class door_check_test : public QObject {
  Q_OBJECT
private slots:
  void aDoorThatHolds() {
    const auto known = *make_curve_keys();
    const served s{[&](const std::string& key) {
      return key == known.public_key ? std::optional<std::string>{"ada"} : std::nullopt;
    }};
    auto clients = *zmq_context::open(16);
    const auto held = check_door(clients, s.at(), known, *make_curve_keys(), patience);
    QVERIFY2(held, held ? "" : held.error().message.c_str());
  }

  void aDoorThatLetsAnybodyIn() {
    const served s{[](const std::string&) { return std::optional<std::string>{"anybody"}; }};
    auto clients = *zmq_context::open(16);
    const auto held = check_door(clients, s.at(), *make_curve_keys(), *make_curve_keys(), patience);
    QVERIFY(!held && held.error().code == errc::denied);
    QVERIFY2(held.error().message.find("keys that it does not know") != std::string::npos,
             held.error().message.c_str());
  }

  void aDoorWithoutLocks() {
    // Not ours: a socket that speaks plain ZeroMQ.
    auto clients = *zmq_context::open(16);
    void* const open = zmq_socket(clients.native(), ZMQ_ROUTER);
    QCOMPARE(zmq_bind(open, "tcp://127.0.0.1:*"), 0);
    char address[64]{};
    std::size_t size = sizeof address;
    zmq_getsockopt(open, ZMQ_LAST_ENDPOINT, address, &size);
    const auto held =
        check_door(clients, {address, make_curve_keys()->public_key}, *make_curve_keys(), *make_curve_keys(), patience);
    zmq_close(open);
    QVERIFY(!held && held.error().code == errc::denied);
    QVERIFY2(held.error().message.find("without a key") != std::string::npos, held.error().message.c_str());
  }

  void aDoorThatIsDeadIsNoneThatHolds() {
    const auto known = *make_curve_keys();
    const served s{[](const std::string&) { return std::optional<std::string>{}; }};
    auto clients = *zmq_context::open(16);
    const auto held = check_door(clients, s.at(), known, *make_curve_keys(), 300ms);
    QVERIFY(!held && held.error().code == errc::timeout);
    QVERIFY2(held.error().message.find("a key that it knows") != std::string::npos, held.error().message.c_str());
  }

  void aKeyMayAskSoManyTimesASecond() {
    request_rate rate;
    const control_caller ada{"ada"};
    const control_caller bob{"bob"};
    auto now = request_rate::clock::now();
    int served = 0;
    while (rate.take(ada, now)) ++served;
    QCOMPARE(served, static_cast<int>(request_rate::of_key.at_once));
    QCOMPARE(rate.take(ada, now).error().code, errc::limit_exceeded);
    QVERIFY2(rate.take(bob, now) && rate.take({}, now), "others have limits of their own");
    QVERIFY(rate.is_news(ada, now) && !rate.is_news(ada, now + 59s) && rate.is_news(ada, now + 61s));
    now += 1s;
    for (served = 0; rate.take(ada, now); ++served) continue;
    QCOMPARE(served, static_cast<int>(request_rate::of_key.per_second));
    now -= 10s;  // a clock that is read by two
    QVERIFY(!rate.take(ada, now));
    for (int i = 0; i < 10'000; ++i) (void)rate.take({std::to_string(i)}, now + std::chrono::hours{i});
  }

  void whoAsksTooFastIsNotServedAndOthersAre() {
    const auto ada = *make_curve_keys();
    const auto bob = *make_curve_keys();
    served s{[&](const std::string& key) -> std::optional<std::string> {
      if (key == ada.public_key) return "ada";
      return key == bob.public_key ? std::optional<std::string>{"bob"} : std::nullopt;
    }};
    auto clients = *zmq_context::open(16);
    const auto connect = [&](const curve_keys& keys) {
      return *control_client::connect(clients, s.server->remote_address(), patience,
                                      remote_keys{s.own.public_key, keys});
    };
    const auto fast = connect(ada);
    const auto calm = connect(bob);
    int refused = 0;
    for (int i = 0; i < 20'000 && refused < 10; ++i) {
      const auto answer = fast->call("status", json::object(), patience);
      if (answer) continue;
      QCOMPARE(answer.error().code, errc::limit_exceeded);
      ++refused;
    }
    QVERIFY2(refused == 10, "a machine that makes no 500 calls a second cannot show it");
    QVERIFY(calm->call("status", json::object(), patience));
    s.server->stop();
    QCOMPARE(s.written_down, 1);
  }
};

QTEST_GUILESS_MAIN(door_check_test)
#include "door_check_test.moc"
