#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <QtTest/QTest>
#include <array>
#include <fstream>

#include "hubs.hpp"
#include "link/wire.hpp"

using namespace millrace;
using namespace millrace::transport;
using namespace millrace::transport::test;
using namespace std::chrono_literals;
using millrace::engine::frame;
using millrace::engine::receive_status;

namespace {

/// Speaks ZeroMQ, and of the protocol what a test makes it say.
class raw_peer {
public:
  raw_peer(const std::string& address, const curve_keys* own, const std::string& server_key)
      : context_{zmq_ctx_new()}, socket_{zmq_socket(context_, ZMQ_DEALER)} {
    const int none = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &none, sizeof none);
    if (own != nullptr) {
      zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, server_key.c_str(), server_key.size() + 1);
      zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, own->public_key.c_str(), own->public_key.size() + 1);
      zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, own->secret_key.c_str(), own->secret_key.size() + 1);
    }
    zmq_connect(socket_, address.c_str());
  }
  ~raw_peer() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  void send(bytes_view bytes, int flags = 0) { zmq_send(socket_, bytes.data(), bytes.size(), flags); }
  void send(const link::message_header& h, bytes_view body) {
    byte_buffer b;
    link::write_message_header(b.extend(link::message_header_bytes), h, static_cast<std::uint32_t>(body.size()));
    b.append(body);
    send(b.view());
  }
  /// The next answer; nothing within the time.
  [[nodiscard]] std::optional<link::message_header> receive(std::chrono::milliseconds limit = patience) {
    const int ms = static_cast<int>(limit.count());
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &ms, sizeof ms);
    std::array<std::byte, 1000> bytes{};
    const int size = zmq_recv(socket_, bytes.data(), bytes.size(), 0);
    if (size < 0) return std::nullopt;
    const auto h = link::read_message_header(bytes_view{bytes}.first(static_cast<std::size_t>(size)));
    return h ? std::optional{*h} : std::nullopt;
  }
  /// Introduces itself, again and again since a connection may end meanwhile; returns the life of the other side.
  [[nodiscard]] std::uint64_t join(std::uint64_t own_life, const std::string& name) {
    std::uint64_t life = 0;
    static_cast<void>(until([&] {
      send({.kind = link::message_kind::ping, .from = own_life, .extra = 1}, as_bytes(name));
      const auto pong = receive(300ms);
      life = pong ? pong->from : 0;
      return life != 0;
    }));
    return life;
  }

private:
  void* context_;
  void* socket_;
};

byte_buffer message_item(std::string_view text) {
  byte_buffer b;
  link::write_item_prefix(b.extend(link::item_prefix_bytes), link::item_kind::message,
                          static_cast<std::uint32_t>(text.size()));
  b.append(as_bytes(text));
  return b;
}

std::size_t resident_kib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

/// A bare connection of TCP.
class bare_connection {
public:
  explicit bare_connection(const std::string& tcp) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(std::stoi(tcp.substr(tcp.rfind(':') + 1))));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_open_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
  }
  ~bare_connection() { ::close(fd_); }
  bare_connection(const bare_connection&) = delete;
  bare_connection& operator=(const bare_connection&) = delete;
  void send(std::string_view bytes) { static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)); }
  /// Waits for the other side to close.
  [[nodiscard]] bool is_closed_by_peer() {
    const timeval limit{std::chrono::seconds{patience}.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::array<char, 256> bytes{};
    ssize_t n = 0;
    while ((n = ::recv(fd_, bytes.data(), bytes.size(), 0)) > 0) {
    }
    return is_open_ && (n == 0 || errno == ECONNRESET);
  }

private:
  int fd_;
  bool is_open_ = false;
};

}  // namespace

/// Who may not, cannot; and an honest peer is served all the while.
class link_security_test : public QObject {
  Q_OBJECT

private slots:
  void init();
  void cleanup();

  void keysAreNeeded();
  void strangersAreRefused_data();
  void strangersAreRefused();
  void aPeerCannotPassForAnother();
  void garbageOfAPeerIsRefused();
  void whatCannotBeReadEndsTheLifeOfTheLink();
  void oldPingsIntroduceNobody();
  void oversizedMessagesAreRefused();
  void fakeFramesOfStrangersTakeNoMemory();
  void aRemovedPeerIsCutOff();
  void duplicatesAreDropped_data();
  void duplicatesAreDropped();
  void framesCountOnlyFromThePeerOfTheirChannel();
  void aSenderBeyondItsCreditBreaksTheChannel();
  void badPeersAndMessagesAreRefusedWithARemedy();

private:
  void honestPeerIsServed();

  curve_keys bad_keys_ = *make_curve_keys();
  std::unique_ptr<node> a_;
  std::unique_ptr<node> b_;
  std::size_t served_ = 0;
};

void link_security_test::init() {
  served_ = 0;
  a_ = std::make_unique<node>("a");
  b_ = std::make_unique<node>("b");
  a_->knows(*b_);
  b_->knows(*a_);
  honestPeerIsServed();
}

void link_security_test::cleanup() {
  a_.reset();
  b_.reset();
  QCOMPARE(counted_batch::alive.load(), 0);
}

void link_security_test::honestPeerIsServed() {
  ++served_;
  QVERIFY(a_->hub->send("b", bytes_of("served")));
  QVERIFY(until([this] { return b_->told.messages().size() == served_; }));
}

void link_security_test::keysAreNeeded() {
  const auto without = link_hub::open({.name = "c", .listen = "tcp://127.0.0.1:*"}, {});
  QVERIFY(!without);
  QCOMPARE(without.error().code, errc::invalid_argument);
  QVERIFY(without.error().message.find("millrace key create") != std::string::npos);
  const auto nonsense =
      link_hub::open({.name = "c", .listen = "tcp://127.0.0.1:*", .keys = curve_keys{"public", "secret"}}, {});
  QCOMPARE(nonsense.error().code, errc::invalid_argument);
  const auto taken = link_hub::open({.name = "c", .listen = a_->address, .keys = bad_keys_}, {});
  QCOMPARE(taken.error().code, errc::in_use);
}

void link_security_test::strangersAreRefused_data() {
  QTest::addColumn<bool>("has_keys");
  QTest::addColumn<bool>("knows_server");
  QTest::newRow("a key nobody knows") << true << true;
  QTest::newRow("no key") << false << true;
  QTest::newRow("the wrong server key") << true << false;
}

void link_security_test::strangersAreRefused() {
  QFETCH(bool, has_keys);
  QFETCH(bool, knows_server);
  const auto server = knows_server ? b_->keys.public_key : make_curve_keys()->public_key;
  raw_peer stranger{b_->address, has_keys ? &bad_keys_ : nullptr, server};
  stranger.send({.kind = link::message_kind::ping, .from = 5, .extra = 1}, as_bytes("a"));
  QVERIFY(!stranger.receive(500ms));
  honestPeerIsServed();
  QCOMPARE(b_->told.lost().size(), std::size_t{0});

  // A node that is not known hears why it is not served.
  node c{"c", {.keys = bad_keys_}};
  const auto added = c.hub->add_peer({"b", b_->address, server});
  QVERIFY(added);
  if (has_keys && knows_server) {
    QVERIFY(until([&] { return c.hub->statistics("b").problem.find("public key") != std::string::npos; }));
  }
  QVERIFY(!c.hub->statistics("b").is_reached);
}

void link_security_test::aPeerCannotPassForAnother() {
  QVERIFY(b_->hub->add_peer({"c", "tcp://127.0.0.1:1", bad_keys_.public_key}));
  raw_peer liar{b_->address, &bad_keys_, b_->keys.public_key};
  QVERIFY(liar.join(9, "c") != 0);
  liar.send({.kind = link::message_kind::ping, .from = 5, .extra = 1}, as_bytes("a"));
  QVERIFY(until([this] { return b_->hub->statistics("c").malformed_refused == 1; }));
  honestPeerIsServed();
  QCOMPARE(b_->told.lost().size(), std::size_t{0});
}

void link_security_test::garbageOfAPeerIsRefused() {
  QVERIFY(b_->hub->add_peer({"c", "tcp://127.0.0.1:1", bad_keys_.public_key}));
  raw_peer c{b_->address, &bad_keys_, b_->keys.public_key};
  QVERIFY(c.join(9, "c") != 0);
  byte_buffer bytes;
  std::uint64_t refused = 0;
  const auto is_refused = [&] {
    ++refused;
    return until([&] { return b_->hub->statistics("c").malformed_refused == refused; });
  };
  c.send(as_bytes(""));
  QVERIFY(is_refused());
  c.send(as_bytes("nonsense"));
  QVERIFY(is_refused());
  c.send(as_bytes(std::string(100'000, 'x')));
  QVERIFY(is_refused());
  // Several parts.
  link::write_message_header(bytes.extend(link::message_header_bytes), {.kind = link::message_kind::data, .from = 9},
                             0);
  c.send(bytes.view(), ZMQ_SNDMORE);
  c.send(as_bytes("more"));
  QVERIFY(is_refused());
  // A length that is not the body's.
  bytes.clear();
  link::write_message_header(bytes.extend(link::message_header_bytes), {.kind = link::message_kind::ping, .from = 9},
                             77);
  c.send(bytes.view());
  QVERIFY(is_refused());
  // Answers are not for asking.
  c.send({.kind = link::message_kind::ack, .from = 9}, {});
  QVERIFY(is_refused());
  // Data for another life.
  c.send({.kind = link::message_kind::data, .from = 9, .to = 1234}, message_item("x").view());
  QVERIFY(until([&] { return b_->hub->statistics("c").stale_refused == 1; }));
  honestPeerIsServed();
  QCOMPARE(b_->told.messages().size(), served_);
}

void link_security_test::whatCannotBeReadEndsTheLifeOfTheLink() {
  QVERIFY(b_->hub->add_peer({"c", "tcp://127.0.0.1:1", bad_keys_.public_key}));
  raw_peer c{b_->address, &bad_keys_, b_->keys.public_key};
  auto life = c.join(9, "c");
  QVERIFY(life != 0);
  byte_buffer huge;
  link::write_item_prefix(huge.extend(link::item_prefix_bytes), link::item_kind::frame, 0xFFFFFFFF);
  byte_buffer bomb;
  bomb.append(as_bytes("no zstd at all"));
  struct attempt {
    bytes_view body;
    std::uint64_t extra;
  };
  const attempt attempts[] = {
      {as_bytes("nonsense"), 0}, {huge.view(), 0}, {bomb.view(), 1'000'000}, {bomb.view(), UINT64_MAX}};
  std::size_t losses = 0;
  for (const auto& a : attempts) {
    c.send({.kind = link::message_kind::data, .from = 9, .to = life, .number = 0, .extra = a.extra}, a.body);
    ++losses;
    QVERIFY(until([&] { return b_->told.lost().size() == losses; }));
    QVERIFY(b_->told.lost().back().find("cannot be read") != std::string::npos);
    const auto before = life;
    QVERIFY(until([&] { return (life = c.join(9, "c")) != before && life != 0; }));
  }
  honestPeerIsServed();
}

/// As a connection brings them that was stalled until both sides had given each other up.
void link_security_test::oldPingsIntroduceNobody() {
  QVERIFY(b_->hub->add_peer({"c", "tcp://127.0.0.1:1", bad_keys_.public_key}));
  raw_peer c{b_->address, &bad_keys_, b_->keys.public_key};
  const auto life = c.join(9, "c");
  QVERIFY(life != 0);
  c.send({.kind = link::message_kind::ping, .from = 8, .to = life + 2, .extra = 77}, as_bytes("c"));
  const auto pong = c.receive();
  QVERIFY(pong && pong->kind == link::message_kind::pong);
  QCOMPARE(pong->from, life);
  QCOMPARE(pong->to, std::uint64_t{8});
  QCOMPARE(b_->told.lost().size(), std::size_t{0});
  // One that knows this side is of a new life, and the one before is over for good.
  c.send({.kind = link::message_kind::ping, .from = 8, .to = life, .extra = 78}, as_bytes("c"));
  QVERIFY(until([&] { return b_->told.lost().size() == 1; }));
  c.send({.kind = link::message_kind::ping, .from = 9, .to = life, .extra = 79}, as_bytes("c"));
  QVERIFY(until([&] { return b_->hub->statistics("c").stale_refused == 1; }));
  QCOMPARE(b_->told.lost().size(), std::size_t{1});
}

void link_security_test::oversizedMessagesAreRefused() {
  QVERIFY(b_->hub->add_peer({"c", "tcp://127.0.0.1:1", bad_keys_.public_key}));
  raw_peer c{b_->address, &bad_keys_, b_->keys.public_key};
  QVERIFY(c.join(9, "c") != 0);
  const auto before = b_->hub->statistics("c").bytes_received;
  c.send(as_bytes(std::string(link::message_bytes_max + 1000, 'x')));
  // ZeroMQ ends the connection; the next one is served.
  QVERIFY(c.join(9, "c") != 0);
  QVERIFY(b_->hub->statistics("c").bytes_received < before + link::message_bytes_max);
  honestPeerIsServed();
}

void link_security_test::fakeFramesOfStrangersTakeNoMemory() {
  const auto before = resident_kib();
  // ZMTP's greeting, then a long frame that claims 1 TiB, from many at once.
  std::string greeting(64, '\0');
  greeting[0] = '\xFF';
  greeting[9] = '\x7F';
  greeting[10] = 3;
  greeting.replace(12, 5, "CURVE");
  const std::string claim{"\x06\x00\x00\x01\x00\x00\x00\x00\x00", 9};
  std::vector<std::unique_ptr<bare_connection>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_unique<bare_connection>(b_->address));
    all.back()->send(greeting + claim + std::string(1000, 'x'));
  }
  for (auto& c : all) QVERIFY(c->is_closed_by_peer());
  // Who says nothing is sent away as well, after the two seconds a handshake may take.
  bare_connection silent{b_->address};
  QVERIFY(silent.is_closed_by_peer());
  honestPeerIsServed();
  QVERIFY(resident_kib() < before + 32 * 1024);
}

void link_security_test::aRemovedPeerIsCutOff() {
  node c{"c", {.keys = bad_keys_, .lost_after = 2'000ms * tests::patience}};
  c.knows(*b_);
  b_->knows(c);
  QVERIFY(c.hub->send("b", bytes_of("from c")));
  ++served_;
  QVERIFY(until([this] { return b_->told.messages().size() == served_; }));
  channel_ends channel{c, *b_};
  b_->hub->remove_peer("c");
  frame f;
  QCOMPARE(channel.receive(f), receive_status::broken);
  QVERIFY(channel.receiver->failure().find("no longer a peer") != std::string::npos);
  QVERIFY(c.hub->send("b", bytes_of("after it was removed")));
  // Its connection is closed, and the next is refused; others only notice a reconnect.
  QVERIFY(until([&] { return c.told.lost().size() == 1; }));
  honestPeerIsServed();
  QCOMPARE(b_->told.messages().back(), std::string{"a: served"});
  QCOMPARE(a_->told.lost().size(), std::size_t{0});
  QCOMPARE(b_->hub->statistics("c").bytes_received, std::uint64_t{0});
  QVERIFY(!b_->hub->send("c", bytes_of("no")));
}

void link_security_test::duplicatesAreDropped_data() {
  QTest::addColumn<bool>("drops");
  QTest::newRow("protected") << true;
  QTest::newRow("the control: not protected") << false;
}

void link_security_test::duplicatesAreDropped() {
  QFETCH(bool, drops);
  node b{"b", {.is_insecure = true, .protect = {.drop_duplicates = drops}}};
  QVERIFY(b.hub->add_peer({"c", "tcp://127.0.0.1:1", {}}));
  raw_peer c{b.address, nullptr, {}};
  const auto life = c.join(9, "c");
  QVERIFY(life != 0);
  for (const std::uint64_t number : {0, 1, 0, 1, 3, 2}) {
    const auto text = std::to_string(number);
    c.send({.kind = link::message_kind::data, .from = 9, .to = life, .number = number}, message_item(text).view());
  }
  c.send({.kind = link::message_kind::data, .from = 9, .to = life, .number = 3}, message_item("last").view());
  QVERIFY(until([&] { return !b.told.messages().empty() && b.told.messages().back() == "c: last"; }));
  const std::vector<std::string> once{"c: 0", "c: 1", "c: 2", "c: last"};
  QCOMPARE(b.told.messages() == once, drops);
  QVERIFY(until([&] { return b.hub->statistics("c").gaps_refused == 1; }));
  QCOMPARE(b.hub->statistics("c").duplicates_dropped, std::uint64_t{drops ? 2U : 0U});
}

void link_security_test::framesCountOnlyFromThePeerOfTheirChannel() {
  node c{"c", {.keys = bad_keys_}};
  c.knows(*b_);
  b_->knows(c);
  channel_ends channel{*a_, *b_};
  const auto thief = c.hub->open_sender(channel_to("b"), nullptr);
  QVERIFY(thief);
  (*thief)->send(numbers_frame(1000));
  QVERIFY(until([this] { return b_->hub->statistics("c").unknown_channels == 1; }));
  channel.sender->send(numbers_frame(1));
  frame f;
  QCOMPARE(channel.receive(f), receive_status::received);
  QCOMPARE(f.first.value, std::uint64_t{1});
}

void link_security_test::aSenderBeyondItsCreditBreaksTheChannel() {
  node d{"d", {.limits = {.channel_bytes_max = std::size_t{4} << 20U}}};
  node c{"c"};
  d.knows(c);
  c.knows(d);
  channel_ends channel{c, d};
  // 32 MB nobody has asked for.
  for (std::uint64_t i = 0; i < 128; ++i) channel.sender->send(numbers_frame(i * 32'000, 32'000));
  frame f;
  QVERIFY(until([&] { return d.hub->statistics("c").bytes_received > 32'000'000; }));
  QCOMPARE(channel.receive(f), receive_status::broken);
  QVERIFY(channel.receiver->failure().find("does not keep to its credit") != std::string::npos);
}

void link_security_test::badPeersAndMessagesAreRefusedWithARemedy() {
  const auto key = bad_keys_.public_key;
  QCOMPARE(b_->hub->add_peer({"b", a_->address, key}).error().code, errc::invalid_argument);
  QCOMPARE(b_->hub->add_peer({"", a_->address, key}).error().code, errc::invalid_argument);
  QCOMPARE(b_->hub->add_peer({"c", "tcp://", key}).error().code, errc::invalid_argument);
  QCOMPARE(b_->hub->add_peer({"c", "ipc:///tmp/x", key}).error().code, errc::invalid_argument);
  QCOMPARE(b_->hub->add_peer({"c", a_->address, "no key"}).error().code, errc::invalid_argument);
  QCOMPARE(b_->hub->add_peer({"a", a_->address, key}).error().code, errc::already_exists);
  byte_buffer large;
  large.extend(link::control_item_bytes_max + 1);
  QCOMPARE(b_->hub->send("a", std::move(large)).error().code, errc::limit_exceeded);
}

QTEST_APPLESS_MAIN(link_security_test)
#include "link_security_test.moc"
