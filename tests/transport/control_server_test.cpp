#include "millrace/transport/control_server.hpp"

#include <sys/stat.h>
#include <zmq.h>

#include <QtCore/QTemporaryDir>
#include <QtTest/QTest>
#include <atomic>
#include <fstream>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "millrace/transport/control_client.hpp"
#include "millrace/transport/control_endpoint.hpp"

using namespace millrace;
using namespace millrace::transport;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr auto patience = 20s;

/// A peer that speaks ZeroMQ and nothing else of the protocol.
class raw_peer {
public:
  raw_peer(zmq_context& context, const std::string& address) : socket_{zmq_socket(context.native(), ZMQ_DEALER)} {
    const int none = 0;
    const int ms = 20'000;
    const int messages = 1;
    zmq_setsockopt(socket_, ZMQ_RCVHWM, &messages, sizeof messages);
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &ms, sizeof ms);
    zmq_connect(socket_, address.c_str());
  }
  ~raw_peer() { zmq_close(socket_); }
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  void send(const std::string& bytes, int flags = 0) { zmq_send(socket_, bytes.data(), bytes.size(), flags); }
  [[nodiscard]] json receive() {
    std::string bytes(200'000, '\0');
    const int size = zmq_recv(socket_, bytes.data(), bytes.size(), 0);
    return size < 0 ? json{} : json::from_msgpack(bytes.begin(), bytes.begin() + size, true, false);
  }

private:
  void* socket_;
};

std::string request_bytes(int id, const std::string& verb, const json& args, const std::string& session = {}) {
  json request{{"v", 1}, {"id", id}, {"verb", verb}, {"args", args.is_null() ? json::object() : args}};
  if (!session.empty()) request["session"] = session;
  const auto bytes = json::to_msgpack(request);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

class control_server_test : public QObject {
  Q_OBJECT

private slots:
  void init();
  void cleanup();

  void answersRequests();
  void errorsComeBackAsTheyAre();
  void whatTheServiceThrowsIsAnAnswer();
  void badBytesAreAnsweredAndHarmNobody();
  void messagesOfSeveralPartsAreRefused();
  void oversizedMessageEndsItsConnectionOnly();
  void oversizedRequestIsRefusedByTheClient();
  void requestsPastTheirDeadlineAreNotExecuted();
  void silentServerEndsInATimeout();
  void subscriptionDeliversUntilUnsubscribed();
  void badSubscriptionsAreRefused();
  void subscriptionsAreLimited();
  void aClientThatDoesNotReadMissesStatesAndHoldsNobodyUp();
  void answersToAClientThatReadsLateAllArrive();
  void aRequestThatComesTwiceIsDoneOnce();
  void numbersAndSessionsThatAreNotOnesOwnAreRefused();
  void subscribersSayWhatOfATopicTheyWant();
  void theNewestStateIsWhatALateReaderSees();
  void clientsThatWentAreForgotten();
  void sessionsAreLimited();
  void stopRemovesTheSocket();
  void restartsAtTheSameAddress();

private:
  [[nodiscard]] std::unique_ptr<control_client> connect() {
    auto client = control_client::connect(*context_, address_, patience);
    if (!client) qFatal("%s", client.error().message.c_str());
    return std::move(*client);
  }
  [[nodiscard]] result<json> serve(const std::string& verb, const json& args);
  void start();

  std::optional<QTemporaryDir> folder_;
  std::string address_;
  std::optional<zmq_context> context_;
  std::unique_ptr<control_server> server_;
  std::atomic<int> executed_{0};
  std::atomic<int> refused_{0};
  std::atomic<int> states_{0};
  std::binary_semaphore entered_{0};
  std::binary_semaphore release_{0};
};

void control_server_test::init() {
  folder_.emplace();
  executed_ = states_ = refused_ = 0;
  context_.emplace(*zmq_context::open(128));
  address_ = endpoint_of(folder_->path().toStdString(), "orders", 1)->address;
  start();
}

void control_server_test::cleanup() {
  server_.reset();
  context_.reset();
  folder_.reset();
}

void control_server_test::start() {
  control_service service{
      .on_request = [this](const control_caller&, const std::string& verb,
                           const json& args) { return serve(verb, args); },
      .on_topic = [this](const control_caller&, const std::string&, const json& choice) -> result<json> {
        if (choice.contains("nothing")) return user_error(errc::not_found, "there is none");
        return json{{"state", ++states_}, {"choice", choice}};
      },
      .on_refused = [this](const control_caller&, const std::string&) { ++refused_; }};
  auto started = control_server::start(*context_, address_, std::move(service));
  if (!started) qFatal("%s", started.error().message.c_str());
  server_ = std::move(*started);
}

result<json> control_server_test::serve(const std::string& verb, const json& args) {
  ++executed_;
  if (verb == "echo") return args;
  if (verb == "throw") throw std::runtime_error{"no such luck"};
  if (verb == "block") {
    entered_.release();
    release_.acquire();
    return json{};
  }
  return user_error(errc::not_found, "unknown verb '" + verb + "'");
}

void control_server_test::answersRequests() {
  const auto client = connect();
  for (int i = 0; i < 100; ++i) {
    const json args{{"number", i}, {"text", "ä"}};
    const auto answer = client->call("echo", args, patience);
    QVERIFY2(answer, answer ? "" : answer.error().message.c_str());
    QVERIFY(*answer == args);
  }
}

void control_server_test::errorsComeBackAsTheyAre() {
  const auto answer = connect()->call("dance", json::object(), patience);
  QVERIFY(!answer);
  QCOMPARE(answer.error().code, errc::not_found);
  QCOMPARE(answer.error().kind, error_class::user);
  QCOMPARE(answer.error().message, std::string{"unknown verb 'dance'"});
}

void control_server_test::whatTheServiceThrowsIsAnAnswer() {
  const auto client = connect();
  const auto answer = client->call("throw", json::object(), patience);
  QVERIFY(!answer);
  QCOMPARE(answer.error().message, std::string{"'throw' failed: no such luck"});
  QVERIFY(client->call("echo", json::object(), patience));
}

void control_server_test::badBytesAreAnsweredAndHarmNobody() {
  raw_peer peer{*context_, address_};
  for (const std::string& bytes : {std::string{}, std::string{"\xC1"}, std::string{"hello"}, std::string(500, '\x91'),
                                   std::string{"\x81\xA2id\x07"}}) {
    peer.send(bytes);
    const auto answer = peer.receive();
    QCOMPARE(answer.value("ok", true), false);
    QVERIFY(answer["error"].contains("code") && answer["error"].contains("class"));
    QVERIFY(!answer["error"]["message"].get<std::string>().empty());
  }
  QVERIFY(connect()->call("echo", json::object(), patience));
  QCOMPARE(executed_.load(), 1);
}

void control_server_test::messagesOfSeveralPartsAreRefused() {
  raw_peer peer{*context_, address_};
  peer.send("", ZMQ_SNDMORE);
  peer.send("\x80");
  QVERIFY(peer.receive()["error"]["message"].get<std::string>().find("one part") != std::string::npos);
}

void control_server_test::oversizedMessageEndsItsConnectionOnly() {
  const auto client = connect();
  raw_peer peer{*context_, address_};
  peer.send(std::string(2 * control_message_bytes_max, 'x'));
  QVERIFY(client->call("echo", json::object(), patience));
  peer.send("\x80");  // on a new connection, behind nothing of the old message
  QCOMPARE(peer.receive().value("ok", true), false);
  QVERIFY(client->call("echo", json::object(), patience));
}

void control_server_test::oversizedRequestIsRefusedByTheClient() {
  const auto client = connect();
  const auto answer = client->call("echo", {{"text", std::string(control_message_bytes_max, 'x')}}, patience);
  QVERIFY(!answer);
  QCOMPARE(answer.error().code, errc::limit_exceeded);
  QCOMPARE(executed_.load(), 0);
}

void control_server_test::requestsPastTheirDeadlineAreNotExecuted() {
  const auto late = connect();
  std::thread blocking{[this] { QVERIFY(connect()->call("block", json::object(), patience)); }};
  entered_.acquire();
  const auto answer = late->call("echo", json::object(), 30ms);
  QVERIFY(!answer);
  QCOMPARE(answer.error().code, errc::timeout);
  QCOMPARE(answer.error().kind, error_class::retryable);
  release_.release();
  blocking.join();
  QVERIFY(late->call("echo", {{"second", true}}, patience));
  QCOMPARE(executed_.load(), 2);  // block and the second echo
}

void control_server_test::silentServerEndsInATimeout() {
  QTemporaryDir other;
  const auto path = other.path().toStdString() + "/silent-1.sock";
  raw_peer listener{*context_, "ipc:///nowhere"};
  void* const silent = zmq_socket(context_->native(), ZMQ_ROUTER);
  QCOMPARE(zmq_bind(silent, ("ipc://" + path).c_str()), 0);
  const auto client = control_client::connect(*context_, "ipc://" + path, 50ms);
  zmq_close(silent);
  QVERIFY(!client);
  QCOMPARE(client.error().code, errc::timeout);
  const auto missing = control_client::connect(*context_, "ipc://" + path + "x", 50ms);
  QVERIFY(!missing);
  QCOMPARE(missing.error().code, errc::not_found);
}

void control_server_test::subscriptionDeliversUntilUnsubscribed() {
  const auto client = connect();
  const auto id = client->subscribe("telemetry", 20ms, patience);
  QVERIFY(id);
  int last = 0;
  for (int i = 0; i < 5; ++i) {
    const auto event = client->next_event(patience);
    QVERIFY(event);
    QCOMPARE(event->subscription, *id);
    QCOMPARE(event->topic, std::string{"telemetry"});
    QVERIFY(event->data["state"].get<int>() > last);
    last = event->data["state"].get<int>();
  }
  QVERIFY(client->call("unsubscribe", {{"subscription", *id}}, patience));
  const int asked = states_;
  while (client->next_event(0ms)) {
  }
  QVERIFY(client->call("echo", json::object(), patience));
  QCOMPARE(client->next_event(60ms).error().code, errc::timeout);
  QCOMPARE(states_.load(), asked);
}

void control_server_test::badSubscriptionsAreRefused() {
  const auto client = connect();
  const auto refused = [&](const char* verb, const json& args, errc code) {
    const auto answer = client->call(verb, args, patience);
    return !answer && answer.error().code == code && answer.error().kind == error_class::user;
  };
  QVERIFY(refused("subscribe", json::object(), errc::not_found));
  QVERIFY(refused("subscribe", {{"topic", 5}}, errc::not_found));
  QVERIFY(refused("subscribe", {{"topic", "weather"}}, errc::not_found));
  QVERIFY(refused("subscribe", {{"topic", "telemetry"}, {"interval_ms", "soon"}}, errc::invalid_argument));
  QVERIFY(refused("subscribe", {{"topic", "telemetry"}, {"interval_ms", 19}}, errc::invalid_argument));
  QVERIFY(refused("subscribe", {{"topic", "telemetry"}, {"interval_ms", 60'001}}, errc::invalid_argument));
  QVERIFY(
      refused("subscribe", {{"topic", "telemetry"}, {"interval_ms", std::uint64_t{1} << 63U}}, errc::invalid_argument));
  QVERIFY(refused("unsubscribe", json::object(), errc::invalid_argument));
  QVERIFY(refused("unsubscribe", {{"subscription", 99}}, errc::not_found));
}

void control_server_test::subscriptionsAreLimited() {
  const auto client = connect();
  for (int i = 0; i < 16; ++i) QVERIFY(client->subscribe("telemetry", 60'000ms, patience));
  const auto more = client->subscribe("telemetry", 60'000ms, patience);
  QVERIFY(!more);
  QCOMPARE(more.error().code, errc::limit_exceeded);
  QVERIFY(connect()->subscribe("telemetry", 60'000ms, patience));
}

void control_server_test::aClientThatDoesNotReadMissesStatesAndHoldsNobodyUp() {
  server_.reset();
  auto started = control_server::start(
      *context_, address_,
      {.on_request = [this](const control_caller&, const std::string& verb,
                            const json& args) { return serve(verb, args); },
       .on_topic =
           // A few of them fill the buffers of a connection. The service's own: the server outlives this function.
       [this, large = std::string(300'000, 'x')](const control_caller&, const std::string&, const json&) {
         return json{{"state", ++states_}, {"large", large}};
       }});
  QVERIFY(started);
  server_ = std::move(*started);
  const auto lazy = connect();
  QVERIFY(lazy->subscribe("telemetry", 20ms, patience));
  QTRY_VERIFY_WITH_TIMEOUT(states_ > 60, 20'000);
  QVERIFY(connect()->call("echo", json::object(), patience));
  std::uint64_t skipped = 0;
  int received = 0;
  for (; skipped == 0 && received < 200; ++received) {
    const auto event = lazy->next_event(patience);
    QVERIFY(event);
    skipped = event->skipped;
  }
  QVERIFY(skipped > 0);
  QVERIFY(received < states_);
}

void control_server_test::answersToAClientThatReadsLateAllArrive() {
  // More than the buffers of a connection hold, so that the server finds no room for the last ones.
  constexpr int requests = 40;
  const std::string large(90'000, 'x');
  raw_peer peer{*context_, address_};
  for (int i = 1; i <= requests; ++i) {
    const auto bytes = json::to_msgpack(
        {{"v", 1}, {"id", i}, {"verb", "echo"}, {"args", {{"number", i}, {"large", large}}}, {"deadline_ms", 20'000}});
    peer.send({bytes.begin(), bytes.end()});
  }
  QTRY_COMPARE_WITH_TIMEOUT(executed_.load(), requests, 20'000);
  for (int i = 1; i <= requests; ++i) {
    const auto answer = peer.receive();
    QVERIFY2(answer.is_object(), qPrintable(QString{"no answer %1"}.arg(i)));
    QCOMPARE(answer.value("id", 0), i);
    QVERIFY(answer["result"]["large"] == large);
  }
}

void control_server_test::aRequestThatComesTwiceIsDoneOnce() {
  raw_peer first{*context_, address_};
  first.send(request_bytes(1, "hello", {}));
  const auto session = first.receive()["result"]["session"].get<std::string>();
  const auto bytes = request_bytes(2, "echo", {{"number", 7}}, session);
  first.send(bytes);
  const auto answer = first.receive();
  QCOMPARE(answer["result"]["number"].get<int>(), 7);
  first.send(bytes);
  QVERIFY(first.receive() == answer);
  // On another connection, as after a cut.
  raw_peer second{*context_, address_};
  second.send(bytes);
  QVERIFY(second.receive() == answer);
  QCOMPARE(executed_.load(), 1);
  second.send(request_bytes(3, "echo", {{"number", 8}}, session));
  QCOMPARE(second.receive()["result"]["number"].get<int>(), 8);
  // The answer is too long to be kept: what was asked for is looked up again.
  const auto large = request_bytes(4, "echo", {{"large", std::string(100'000, 'x')}}, session);
  second.send(large);
  QVERIFY(second.receive().value("ok", false));
  second.send(large);
  QVERIFY(second.receive().value("ok", false));
  QCOMPARE(executed_.load(), 4);
}

void control_server_test::numbersAndSessionsThatAreNotOnesOwnAreRefused() {
  raw_peer peer{*context_, address_};
  peer.send(request_bytes(1, "hello", {}));
  const auto session = peer.receive()["result"]["session"].get<std::string>();
  const auto code_of = [&](const std::string& bytes) {
    peer.send(bytes);
    return peer.receive().value("error", json::object()).value("code", "");
  };
  for (int i = 2; i < 40; ++i) QCOMPARE(code_of(request_bytes(i, "echo", {}, session)), std::string{});
  const int executed = executed_;
  QCOMPARE(code_of(request_bytes(39, "echo", {{"other", 1}}, session)), std::string{"denied"});
  QCOMPARE(code_of(request_bytes(2, "echo", {}, session)), std::string{"denied"});
  QCOMPARE(code_of(request_bytes(1, "echo", {}, session)), std::string{"denied"});
  QCOMPARE(code_of(request_bytes(100, "echo", {}, std::string(32, '0'))), std::string{"fenced"});
  QCOMPARE(code_of(request_bytes(100, "echo", {}, std::string(65, '0'))), std::string{"invalid_argument"});
  QCOMPARE(code_of(request_bytes(100, "echo", {})), std::string{"denied"});  // without its session
  QCOMPARE(executed_.load(), executed);
  QCOMPARE(refused_.load(), 5);
  QCOMPARE(code_of(request_bytes(40, "echo", {}, session)), std::string{});
  server_.reset();
  start();
  raw_peer later{*context_, address_};
  later.send(request_bytes(41, "echo", {}, session));
  QCOMPARE(later.receive().value("error", json::object()).value("code", ""), std::string{"fenced"});
}

void control_server_test::subscribersSayWhatOfATopicTheyWant() {
  const auto client = connect();
  const auto all = client->subscribe("telemetry", 20ms, patience);
  const auto some = client->subscribe("telemetry", 20ms, patience, {{"detail", "overview"}});
  QVERIFY(all && some);
  const auto whole = client->newest_event(*all, patience);
  const auto part = client->newest_event(*some, patience);
  QVERIFY(whole && part);
  QVERIFY(whole->data["choice"] == json::object());
  QVERIFY((part->data["choice"] == json{{"detail", "overview"}}));
  // What cannot be had is heard of at once.
  const auto none = client->subscribe("telemetry", 20ms, patience, {{"nothing", true}});
  QVERIFY(!none);
  QCOMPARE(none.error().code, errc::not_found);
  const auto long_winded = client->subscribe("telemetry", 20ms, patience, {{"detail", std::string(2'000, 'x')}});
  QVERIFY(!long_winded);
  QCOMPARE(long_winded.error().code, errc::limit_exceeded);
}

void control_server_test::theNewestStateIsWhatALateReaderSees() {
  const auto client = connect();
  const auto id = client->subscribe("telemetry", 20ms, patience);
  QVERIFY(id);
  QTRY_VERIFY_WITH_TIMEOUT(states_ > 5, 20'000);
  const auto event = client->newest_event(*id, patience);
  QVERIFY(event);
  QVERIFY(event->skipped > 0);
  QVERIFY(event->data["state"] > 2);
  QVERIFY(client->unsubscribe(*id, patience));
  const auto after = client->newest_event(*id, 100ms);
  QVERIFY(!after);
  QCOMPARE(after.error().code, errc::timeout);
  QVERIFY(!client->unsubscribe(*id, patience));
}

void control_server_test::clientsThatWentAreForgotten() {
  {
    const auto client = connect();
    QVERIFY(client->subscribe("telemetry", 20ms, patience));
    QVERIFY(client->next_event(patience));
  }
  // Once the client is forgotten nobody asks for states any more.
  QTRY_VERIFY_WITH_TIMEOUT(
      [this] {
        const int before = states_;
        QTest::qWait(100);
        return states_ == before;
      }(),
      20'000);
}

void control_server_test::sessionsAreLimited() {
  std::vector<std::unique_ptr<control_client>> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(connect());
  const auto refused = control_client::connect(*context_, address_, patience);
  QVERIFY(!refused);
  QCOMPARE(refused.error().code, errc::limit_exceeded);
  clients.pop_back();
  // ZeroMQ learns in the background that the client is gone; until then the limit holds.
  std::unique_ptr<control_client> instead;
  const auto is_admitted = [&] {
    if (auto next = control_client::connect(*context_, address_, patience)) instead = std::move(*next);
    return instead != nullptr;
  };
  QTRY_VERIFY_WITH_TIMEOUT(instead != nullptr || is_admitted(), 20'000);
  QVERIFY(clients.front()->call("echo", json::object(), patience));
}

void control_server_test::stopRemovesTheSocket() {
  const auto folder = folder_->path().toStdString();
  QCOMPARE(list_endpoints(folder)->size(), std::size_t{1});
  server_->stop();
  server_->stop();
  QVERIFY(!std::filesystem::exists(*path_of_address(address_)));
  QVERIFY(list_endpoints(folder)->empty());
}

void control_server_test::restartsAtTheSameAddress() {
  for (int i = 0; i < 20; ++i) {
    server_.reset();
    start();
    QVERIFY(connect()->call("echo", json::object(), patience));
  }
  const auto second =
      control_server::start(*context_, address_,
                            {.on_request = [](const auto&, const auto&, const auto& args) { return args; },
                             .on_topic = [](const auto&, const auto&, const auto&) { return json{}; }});
  QVERIFY(!second);
  QCOMPARE(second.error().code, errc::in_use);
}

QTEST_GUILESS_MAIN(control_server_test)
#include "control_server_test.moc"
