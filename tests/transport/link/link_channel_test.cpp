#include <QtTest/QTest>
#include <semaphore>
#include <thread>

#include "hubs.hpp"

using namespace millrace;
using namespace millrace::transport;
using namespace millrace::transport::test;
using millrace::engine::frame;
using millrace::engine::frame_kind;
using millrace::engine::receive_status;

/// A channel over a link does what one in a process does (inproc_channel_test), over either kind of connection.
class link_channel_test : public QObject {
  Q_OBJECT

private slots:
  void cleanup() { QCOMPARE(counted_batch::alive.load(), 0); }

  void carriesFramesInOrder_data() { kinds(); }
  void carriesFramesInOrder();
  void bothEndsCountTheSameBytes();
  void anEmptyChannelSaysSo();
  void creditComesBackSummedUp();
  void framesOnTheWayOutliveTheSender();
  void aSenderWithoutReceiverSendsIntoTheVoid();
  void aForeignFrameBreaksTheChannel();
  void framesOfOtherGenerationsAreDroppedAndCounted();
  void channelsOfOneLinkKeepApart();
  void largeFramesTravelInPieces_data() { kinds(); }
  void largeFramesTravelInPieces();
  void neverLosesAWakeUpBetweenTwoThreads_data() { kinds(); }
  void neverLosesAWakeUpBetweenTwoThreads();
  void anOpenGenerationIsNotOpenedAgain();
  void encodingNeedsAType();
  void unknownPeersHaveNoChannels();
  void endsOutliveTheirHub();

private:
  static void kinds() {
    QTest::addColumn<bool>("has_keys");
    QTest::addColumn<bool>("compresses");
    QTest::newRow("curve") << true << false;
    QTest::newRow("insecure") << false << false;
    QTest::newRow("compressed") << true << true;
  }
};

namespace {

/// Two nodes that know each other.
struct pair_of_nodes {
  explicit pair_of_nodes(bool has_keys = false, bool compresses = false)
      : a{"a", {.is_insecure = !has_keys, .compress = compresses}},
        b{"b", {.is_insecure = !has_keys, .compress = compresses}} {
    a.knows(b);
    b.knows(a);
  }
  node a;
  node b;
};

}  // namespace

void link_channel_test::carriesFramesInOrder() {
  QFETCH(bool, has_keys);
  QFETCH(bool, compresses);
  pair_of_nodes n{has_keys, compresses};
  channel_ends c{n.a, n.b};
  for (std::uint64_t i = 0; i < 100; ++i) c.sender->send(numbers_frame(10 * i, 10));
  c.sender->send({.kind = frame_kind::barrier, .channel = {7}, .incarnation = {1}, .epoch = {3}});
  frame f;
  for (std::uint64_t i = 0; i < 100; ++i) {
    QCOMPARE(c.receive(f), receive_status::received);
    QCOMPARE(f.first.value, 10 * i);
    QCOMPARE(numbers_of(f.body).back(), 10 * i + 9);
  }
  QCOMPARE(c.receive(f), receive_status::received);
  QCOMPARE(f.kind, frame_kind::barrier);
  QCOMPARE(f.epoch.value, std::uint64_t{3});
  QCOMPARE(c.receiver->receive(f), receive_status::empty);
}

void link_channel_test::bothEndsCountTheSameBytes() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  for (const std::uint32_t count : {1U, 100U, 2'000U, 4'000U, 60'000U}) {
    const auto sent = c.sender->send(numbers_frame(0, count));
    frame f;
    QCOMPARE(c.receive(f), receive_status::received);
    QCOMPARE(f.bytes, sent);
    QVERIFY(sent > count * sizeof(std::uint64_t));
  }
}

void link_channel_test::anEmptyChannelSaysSo() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  frame f;
  engine::credit credit;
  QCOMPARE(c.receiver->receive(f), receive_status::empty);
  QVERIFY(!c.sender->take_credit(credit));
  QCOMPARE(c.receiver_bell->rings() + c.sender_bell->rings(), 0);
}

void link_channel_test::creditComesBackSummedUp() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  c.receiver->give_credit({.batches = 2, .bytes = 100});
  c.receiver->give_credit({.batches = 3, .bytes = 5'000'000'000});
  engine::credit credit{.batches = 1, .bytes = 1};
  QVERIFY(c.sender_bell->wait([&] {
    static_cast<void>(c.sender->take_credit(credit));
    return credit.batches >= 6;
  }));
  QCOMPARE(credit.batches, 6U);
  QCOMPARE(credit.bytes, std::uint64_t{5'000'000'101});
  QVERIFY(!c.sender->take_credit(credit));
}

void link_channel_test::framesOnTheWayOutliveTheSender() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  constexpr std::uint64_t frames = 20'000;
  for (std::uint64_t i = 0; i < frames; ++i) c.sender->send(numbers_frame(i));
  c.sender.reset();
  frame f;
  for (std::uint64_t i = 0; i < frames; ++i) {
    QCOMPARE(c.receive(f), receive_status::received);
    QCOMPARE(f.first.value, i);
  }
  QCOMPARE(c.receiver->receive(f), receive_status::empty);
  c.receiver->give_credit({.batches = 1, .bytes = 0});
}

void link_channel_test::aSenderWithoutReceiverSendsIntoTheVoid() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  c.receiver.reset();
  for (std::uint64_t i = 0; i < 10; ++i) c.sender->send(numbers_frame(i));
  QVERIFY(until([&] { return n.b.hub->statistics("a").unknown_channels == 10; }));
  engine::credit credit;
  static_cast<void>(c.sender->take_credit(credit));
}

void link_channel_test::aForeignFrameBreaksTheChannel() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  auto f = numbers_frame(0);
  f.body = {};
  f.kind = frame_kind::watermark;  // with a count: no frame of ours
  c.sender->send(std::move(f));
  frame got;
  QCOMPARE(c.receive(got), receive_status::broken);
  QVERIFY(c.receiver->failure().find("channel 7 from 'a', generation 1") != std::string::npos);
  c.sender->send(numbers_frame(1));
  QCOMPARE(c.receiver->receive(got), receive_status::broken);
}

void link_channel_test::framesOfOtherGenerationsAreDroppedAndCounted() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  c.sender->send(numbers_frame(0, 1, 7, 99));
  c.sender->send(numbers_frame(5));
  frame f;
  QCOMPARE(c.receive(f), receive_status::received);
  QCOMPARE(f.first.value, std::uint64_t{5});
  QVERIFY(until([&] { return n.b.hub->statistics("a").unknown_channels == 1; }));
}

void link_channel_test::channelsOfOneLinkKeepApart() {
  pair_of_nodes n;
  constexpr std::uint32_t channels = 50;
  std::vector<std::unique_ptr<channel_ends>> there;
  std::vector<std::unique_ptr<channel_ends>> back;
  for (std::uint32_t i = 0; i < channels; ++i) {
    there.push_back(std::make_unique<channel_ends>(n.a, n.b, i));
    back.push_back(std::make_unique<channel_ends>(n.b, n.a, i + channels));
  }
  for (std::uint64_t round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < channels; ++i) {
      there[i]->sender->send(numbers_frame(round * 1000 + i, 1, i));
      back[i]->sender->send(numbers_frame(round * 1000 + i, 1, i + channels));
    }
  }
  frame f;
  for (std::uint32_t i = 0; i < channels; ++i) {
    for (auto* c : {there[i].get(), back[i].get()}) {
      for (std::uint64_t round = 0; round < 20; ++round) {
        QCOMPARE(c->receive(f), receive_status::received);
        QCOMPARE(f.first.value, round * 1000 + i);
      }
      QCOMPARE(c->receiver->receive(f), receive_status::empty);
    }
  }
}

void link_channel_test::largeFramesTravelInPieces() {
  QFETCH(bool, has_keys);
  QFETCH(bool, compresses);
  pair_of_nodes n{has_keys, compresses};
  channel_ends c{n.a, n.b};
  // Up to 64 k records may be in a frame; eight bytes each make half a link message, so several and a long one.
  constexpr std::uint32_t most = frame_records_max;
  const auto wide = std::make_shared<const wide_type>();
  auto receiving = n.b.hub->open_receiver(
      {.topology = {42}, .channel = {8}, .incarnation = {1}, .peer = "a", .type = wide}, c.receiver_bell);
  auto sending =
      n.a.hub->open_sender({.topology = {42}, .channel = {8}, .incarnation = {1}, .peer = "b", .type = wide}, nullptr);
  QVERIFY(receiving && sending);
  for (std::uint64_t i = 0; i < 4; ++i) {
    auto f = numbers_frame(i, most, 8);
    f.body = numbers_from(*wide, i, most);
    const auto bytes = (*sending)->send(std::move(f));
    QVERIFY(bytes > most * wide_type::record_bytes);
    c.sender->send(numbers_frame(i));
  }
  frame f;
  for (std::uint64_t i = 0; i < 4; ++i) {
    QVERIFY(c.receiver_bell->wait([&] { return (*receiving)->receive(f) == receive_status::received; }));
    QCOMPARE(f.count, most);
    QCOMPARE(numbers_of(f.body).front(), i);
    QCOMPARE(numbers_of(f.body).back(), i + most - 1);
    QCOMPARE(c.receive(f), receive_status::received);
  }
}

void link_channel_test::neverLosesAWakeUpBetweenTwoThreads() {
  QFETCH(bool, has_keys);
  QFETCH(bool, compresses);
  constexpr std::uint64_t frames = 20'000;
  constexpr std::uint32_t window = 8;
  pair_of_nodes n{has_keys, compresses};

  // Sender and receiver sleep until rung: a lost ring ends in a time-out. A window of 8 makes both sleep often.
  class counting_bell final : public engine::doorbell {
  public:
    void ring() noexcept override { pending_.release(); }
    [[nodiscard]] bool wait() { return pending_.try_acquire_for(patience); }

  private:
    std::counting_semaphore<> pending_{0};
  };
  const auto sender_bell = std::make_shared<counting_bell>();
  const auto receiver_bell = std::make_shared<counting_bell>();
  const auto receiver = *n.b.hub->open_receiver(channel_to("a"), receiver_bell);
  const auto sender = *n.a.hub->open_sender(channel_to("b"), sender_bell);
  std::thread receiving{[&] {
    frame f;
    std::uint64_t next = 0;
    while (next < frames) {
      const auto status = receiver->receive(f);
      if (status == receive_status::empty) {
        if (!receiver_bell->wait()) return;
        continue;
      }
      if (status == receive_status::broken || f.first.value != next || numbers_of(f.body)[0] != next) return;
      ++next;
      if (next % (window / 4) == 0) receiver->give_credit({.batches = window / 4, .bytes = 0});
    }
  }};
  engine::credit credit{.batches = window, .bytes = 0};
  std::uint64_t sent = 0;
  const auto wait_for_credit = [&](std::uint32_t batches) {
    while (credit.batches < batches) {
      if (!sender->take_credit(credit) && !sender_bell->wait()) return false;
    }
    return true;
  };
  while (sent < frames && wait_for_credit(1)) {
    --credit.batches;
    sender->send(numbers_frame(sent++));
  }
  const bool is_complete = wait_for_credit(window);  // the receiver has consumed everything, in order
  receiving.join();
  QCOMPARE(sent, frames);
  QVERIFY(is_complete);
}

void link_channel_test::anOpenGenerationIsNotOpenedAgain() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  const auto sender = n.a.hub->open_sender(channel_to("b"), nullptr);
  QVERIFY(!sender);
  QCOMPARE(sender.error().code, errc::already_exists);
  QCOMPARE(n.b.hub->open_receiver(channel_to("a"), nullptr).error().code, errc::already_exists);
  QVERIFY(n.b.hub->open_receiver(channel_to("a", 7, 2), nullptr));
}

void link_channel_test::encodingNeedsAType() {
  pair_of_nodes n;
  auto channel = channel_to("b");
  channel.type = nullptr;
  QCOMPARE(n.a.hub->open_sender(channel, nullptr).error().code, errc::invalid_argument);
}

void link_channel_test::unknownPeersHaveNoChannels() {
  pair_of_nodes n;
  QCOMPARE(n.a.hub->open_sender(channel_to("c"), nullptr).error().code, errc::not_found);
  QCOMPARE(n.a.hub->open_receiver(channel_to("c"), nullptr).error().code, errc::not_found);
  QCOMPARE(n.a.hub->send("c", bytes_of("hello")).error().code, errc::not_found);
}

void link_channel_test::endsOutliveTheirHub() {
  pair_of_nodes n;
  channel_ends c{n.a, n.b};
  c.sender->send(numbers_frame(0));
  n.a.hub.reset();
  n.b.hub.reset();
  c.sender->send(numbers_frame(1));
  frame f;
  QCOMPARE(c.receive(f), receive_status::broken);
  QVERIFY(c.receiver->failure().find("closed") != std::string::npos);
  c.receiver->give_credit({.batches = 1, .bytes = 1});
}

QTEST_APPLESS_MAIN(link_channel_test)
#include "link_channel_test.moc"
