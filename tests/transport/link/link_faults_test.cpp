#include <QtTest/QTest>
#include <cstdlib>
#include <thread>

#include "hubs.hpp"
#include "support/tcp_proxy.hpp"

using namespace millrace;
using namespace millrace::transport;
using namespace millrace::transport::test;
using namespace std::chrono_literals;
using millrace::engine::frame;
using millrace::engine::receive_status;

namespace {

std::uint64_t seed_wanted() {
  const char* text = std::getenv("MILLRACE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

/// Two nodes that reach each other through proxies.
struct network {
  explicit network(link_options options = {}, std::uint64_t seed = seed_wanted())
      : a{"a", options}, b{"b", options}, to_b{b.address, seed}, to_a{a.address, seed + 1} {
    a.knows(b, to_b.address());
    b.knows(a, to_a.address());
  }
  void set(const support::line_faults& faults) {
    to_a.set(faults);
    to_b.set(faults);
  }
  [[nodiscard]] bool is_joined() const {
    return until([this] { return a.hub->statistics("b").is_reached && b.hub->statistics("a").is_reached; });
  }

  node a;
  node b;
  support::tcp_proxy to_b;
  support::tcp_proxy to_a;
};

/// One channel under load: a sender that keeps to its credit, a receiver that looks at each number. Driven by turns.
class stream {
public:
  static constexpr std::uint32_t window = 16;

  stream(node& from, node& to, std::uint32_t id, std::uint64_t frames, std::uint32_t records)
      : ends_{from, to, id}, id_{id}, frames_{frames}, records_{records} {}

  void send_some() {
    static_cast<void>(ends_.sender->take_credit(credit_));
    for (; credit_.batches > 0 && sent_ < frames_; ++sent_, --credit_.batches) {
      ends_.sender->send(numbers_frame(sent_ * records_, records_, id_));
    }
  }
  void receive_some() {
    frame f;
    std::uint32_t taken = 0;
    for (; ends_.receiver->receive(f) == receive_status::received; ++taken) {
      const auto wanted = received_ * records_;
      if (f.first.value != wanted || numbers_of(f.body).front() != wanted) is_wrong_ = true;
      ++received_;
    }
    if (taken > 0) ends_.receiver->give_credit({.batches = taken, .bytes = 0});
  }
  [[nodiscard]] bool is_wrong() const { return is_wrong_; }
  [[nodiscard]] bool is_done() const { return received_ == frames_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }

private:
  channel_ends ends_;
  std::uint32_t id_;
  std::uint64_t frames_;
  std::uint32_t records_;
  engine::credit credit_{.batches = window, .bytes = 0};
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool is_wrong_ = false;
};

/// Several channels each way, small and large frames, and messages between them.
struct load {
  load(network& n, std::uint64_t frames) : net{n} {
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::uint32_t records = i % 2 == 0 ? 10 : 4'000;
      streams.push_back(std::make_unique<stream>(n.a, n.b, i, frames, records));
      streams.push_back(std::make_unique<stream>(n.b, n.a, i + 100, frames, records));
    }
  }

  /// True: everything came once and in order.
  [[nodiscard]] bool run(std::chrono::milliseconds limit = patience) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (int turn = 0; !is_done(); ++turn) {
      for (auto& s : streams) s->send_some();
      for (auto& s : streams) s->receive_some();
      for (auto& s : streams) {
        if (s->is_wrong()) return false;
      }
      if (messages < messages_wanted && turn % 8 == 0) {
        const auto text = std::to_string(messages++);
        if (!net.a.hub->send("b", bytes_of(text)) || !net.b.hub->send("a", bytes_of(text))) return false;
      }
      if (std::chrono::steady_clock::now() > end) return false;
    }
    return are_messages_right(net.a, "b") && are_messages_right(net.b, "a");
  }
  [[nodiscard]] bool is_done() const {
    for (const auto& s : streams) {
      if (!s->is_done()) return false;
    }
    return messages == messages_wanted && net.a.told.messages().size() >= messages &&
           net.b.told.messages().size() >= messages;
  }
  [[nodiscard]] bool are_messages_right(const node& at, const std::string& from) const {
    const auto came = at.told.messages();
    for (std::size_t i = 0; i < came.size(); ++i) {
      if (came[i] != from + ": " + std::to_string(i)) return false;
    }
    return came.size() == messages_wanted;
  }

  static constexpr std::size_t messages_wanted = 50;
  network& net;
  std::vector<std::unique_ptr<stream>> streams;
  std::size_t messages = 0;
};

}  // namespace

/// Everything given to a link arrives once and in order, whatever happens to its connections.
class link_faults_test : public QObject {
  Q_OBJECT

private slots:
  void cleanup() { QCOMPARE(counted_batch::alive.load(), 0); }

  void everythingArrivesOnceAndInOrder_data();
  void everythingArrivesOnceAndInOrder();
  void withoutResendingThatIsNoticed();
  void aCutIsNoLoss();
  void silenceIsALoss();
  void aStalledConnectionIsDialledAgain();
  void anUnreachablePeerIsLostOnceSomethingWaits();
  void whatWaitsIsBounded();
};

void link_faults_test::everythingArrivesOnceAndInOrder_data() {
  QTest::addColumn<bool>("has_keys");
  QTest::addColumn<bool>("compresses");
  QTest::addColumn<int>("cut_after_kib");
  QTest::addColumn<int>("delay_ms");
  QTest::addColumn<int>("mib_per_s");
  QTest::addColumn<int>("frames");
  QTest::newRow("undisturbed") << true << false << 0 << 0 << 0 << 500;
  QTest::newRow("cuts") << true << false << 1000 << 0 << 0 << 300;
  QTest::newRow("cuts, no keys") << false << false << 500 << 0 << 0 << 300;
  QTest::newRow("many cuts") << false << false << 150 << 0 << 0 << 300;
  QTest::newRow("cuts, compressed") << true << true << 200 << 0 << 0 << 300;
  QTest::newRow("delay") << true << false << 0 << 20 << 0 << 300;
  QTest::newRow("cuts and delay") << true << false << 2000 << 5 << 0 << 200;
  QTest::newRow("cuts on a slow line") << true << false << 1000 << 2 << 20 << 100;
  QTest::newRow("cuts far away") << true << false << 400 << 50 << 10 << 50;
}

void link_faults_test::everythingArrivesOnceAndInOrder() {
  QFETCH(bool, has_keys);
  QFETCH(bool, compresses);
  QFETCH(int, cut_after_kib);
  QFETCH(int, delay_ms);
  QFETCH(int, mib_per_s);
  QFETCH(int, frames);
  network n{{.is_insecure = !has_keys, .compress = compresses}};
  n.set({.delay = std::chrono::milliseconds{delay_ms},
         .bytes_per_s = static_cast<std::uint64_t>(mib_per_s) << 20U,
         .cut_after_bytes = static_cast<std::uint64_t>(cut_after_kib) << 10U});
  load l{n, static_cast<std::uint64_t>(frames)};
  const bool is_right = l.run(3 * patience);
  const auto a = n.a.hub->statistics("b");
  const auto b = n.b.hub->statistics("a");
  qInfo(
      "seed %llu: %llu cuts, %llu connections, %llu link messages, %llu sent again, %llu duplicates, %llu behind gaps",
      static_cast<unsigned long long>(seed_wanted()), static_cast<unsigned long long>(n.to_a.cuts() + n.to_b.cuts()),
      static_cast<unsigned long long>(a.connections + b.connections),
      static_cast<unsigned long long>(a.messages_sent + b.messages_sent),
      static_cast<unsigned long long>(a.messages_resent + b.messages_resent),
      static_cast<unsigned long long>(a.duplicates_dropped + b.duplicates_dropped),
      static_cast<unsigned long long>(a.gaps_refused + b.gaps_refused));
  QVERIFY(is_right);
  QVERIFY(n.a.told.lost().empty() && n.b.told.lost().empty());
  if (cut_after_kib == 0) {
    // A link that is left alone keeps its connections and says nothing twice.
    QCOMPARE(a.connections + b.connections, std::uint64_t{2});
    QCOMPARE(a.messages_resent + b.messages_resent, std::uint64_t{0});
  }
  if (cut_after_kib > 0) {
    QVERIFY(n.to_a.cuts() + n.to_b.cuts() >= 3);  // else nothing was tried
    QVERIFY(a.messages_resent + b.messages_resent > 0);
    QVERIFY(a.connections > 1 || b.connections > 1);
  }
}

void link_faults_test::withoutResendingThatIsNoticed() {
  network n{{.is_insecure = true, .protect = {.resend = false}}};
  n.set({.cut_after_bytes = 500U << 10U});
  load l{n, 500};
  QVERIFY(!l.run(3s));
  QVERIFY(n.to_a.cuts() + n.to_b.cuts() > 0);
}

void link_faults_test::aCutIsNoLoss() {
  network n;
  QVERIFY(n.is_joined());
  for (int i = 0; i < 5; ++i) {
    const auto before = n.a.hub->statistics("b").connections;
    n.to_b.cut();
    QVERIFY(n.a.hub->send("b", bytes_of("hello")));
    QVERIFY(until([&] { return n.a.hub->statistics("b").connections > before; }));
  }
  QVERIFY(until([&] { return n.b.told.messages().size() == 5; }));
  QCOMPARE(n.a.told.lost().size(), std::size_t{0});
  QCOMPARE(n.b.told.lost().size(), std::size_t{0});
}

void link_faults_test::silenceIsALoss() {
  network n{{.lost_after = 400ms * tests::patience}};
  QVERIFY(n.is_joined());
  channel_ends c{n.a, n.b};
  c.sender->send(numbers_frame(0));
  frame f;
  QCOMPARE(c.receive(f), receive_status::received);
  n.set({.is_stalled = true});
  c.sender->send(numbers_frame(1));
  QVERIFY(until([&] { return !n.a.told.lost().empty() && !n.b.told.lost().empty(); }));
  QVERIFY(n.a.told.lost().front().find("'b' has not answered for ") != std::string::npos);
  QCOMPARE(c.receive(f), receive_status::broken);
  QVERIFY(c.receiver->failure().find("has not answered") != std::string::npos);
  n.set({});
  QVERIFY(n.is_joined());
  // Nothing of the first life arrives in the second, and its ends stay dead.
  c.sender->send(numbers_frame(1));
  channel_ends again{n.a, n.b, 7, 2};
  again.sender->send(numbers_frame(0, 1, 7, 2));
  QCOMPARE(again.receive(f), receive_status::received);
  QCOMPARE(f.incarnation.value, std::uint64_t{2});
  QCOMPARE(again.receiver->receive(f), receive_status::empty);
  QCOMPARE(c.receiver->receive(f), receive_status::broken);
}

void link_faults_test::aStalledConnectionIsDialledAgain() {
  network n{{.lost_after = 2'000ms * tests::patience}};
  QVERIFY(n.is_joined());
  // A path that swallows everything without a reset, as behind a router that has forgotten the connection.
  n.to_b.freeze();
  QVERIFY(n.a.hub->send("b", bytes_of("still there")));
  QVERIFY(until([&] { return n.b.told.messages().size() == 1; }));
  QVERIFY(n.a.told.lost().empty() && n.b.told.lost().empty());
  QCOMPARE(n.a.hub->statistics("b").connections, std::uint64_t{2});
}

void link_faults_test::anUnreachablePeerIsLostOnceSomethingWaits() {
  node a{"a", {.lost_after = 300ms * tests::patience}};
  node b{"b"};
  support::tcp_proxy nowhere{b.address};
  nowhere.set({.is_refusing = true});
  a.knows(b, nowhere.address());
  const auto sender = a.hub->open_sender(channel_to("b"), nullptr);
  QVERIFY(sender);
  QVERIFY(until([&] { return a.told.lost().size() == 1; }));
  QVERIFY(a.told.lost().front().find("has not been reached for ") != std::string::npos);
  (*sender)->send(numbers_frame(0));
  QCOMPARE(a.hub->statistics("b").bytes_queued, std::uint64_t{0});
}

void link_faults_test::whatWaitsIsBounded() {
  constexpr std::size_t window = std::size_t{4} << 20U;
  constexpr std::size_t messages = 100;
  network n{{.is_insecure = true, .limits = {.control_messages_max = messages, .window_bytes = window}}};
  QVERIFY(n.is_joined());
  n.set({.is_stalled = true});
  const std::string text(std::size_t{100} << 10U, 'x');
  std::size_t sent = 0;
  result<void> last;
  // The window, what ZeroMQ and the kernel take, then what may wait.
  for (; sent < 10'000 && (last = n.a.hub->send("b", bytes_of(text))); ++sent) {
    if (sent % messages == messages - 1) {
      static_cast<void>(until([&] {
        const auto s = n.a.hub->statistics("b");
        return s.bytes_queued < text.size() * messages / 2 || s.bytes_unacknowledged >= window;
      }));
    }
  }
  QVERIFY(!last);
  QCOMPARE(last.error().code, errc::limit_exceeded);
  const auto s = n.a.hub->statistics("b");
  QVERIFY(s.bytes_unacknowledged < window + (std::size_t{1} << 20U));
  n.set({});
  QVERIFY(until([&] { return n.b.told.messages().size() == sent; }));
}

QTEST_APPLESS_MAIN(link_faults_test)
#include "link_faults_test.moc"
