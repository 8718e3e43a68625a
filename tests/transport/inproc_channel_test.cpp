#include "millrace/transport/inproc_channel.hpp"

#include <QtTest/QTest>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <semaphore>
#include <thread>

#include "counted_records.hpp"

using namespace millrace;
using namespace millrace::transport;
using millrace::engine::frame;
using millrace::engine::frame_kind;
using millrace::engine::receive_status;
using test::counted_batch;

Q_DECLARE_METATYPE(payload_mode)

namespace {

const auto numbers = std::make_shared<const test::counted_type>();

/// Counts its rings and lets one thread wait for the next.
class counting_bell final : public engine::doorbell {
public:
  void ring() noexcept override {
    ++rings;
    pending_.release();
  }
  [[nodiscard]] bool wait() { return pending_.try_acquire_for(std::chrono::seconds{20}); }

  std::atomic<int> rings{0};

private:
  std::counting_semaphore<> pending_{0};
};

inproc_channel_options options(payload_mode payload, std::uint64_t incarnation = 1) {
  return {.topology = {42}, .channel = {7}, .incarnation = {incarnation}, .payload = payload, .type = numbers};
}

frame data_frame(std::uint64_t first, std::uint32_t count = 1, std::uint64_t incarnation = 1) {
  return {.kind = frame_kind::data,
          .channel = {7},
          .incarnation = {incarnation},
          .first = {first},
          .count = count,
          .body = test::numbers_from(*numbers, first, count)};
}

/// A channel and the bells of its two tasks.
struct fixture {
  explicit fixture(zmq_context& context, const inproc_channel_options& wanted) {
    auto made = make_inproc_channel(context, wanted, sender_bell, receiver_bell);
    if (!made) qFatal("%s", made.error().message.c_str());
    std::tie(sender, receiver) = std::move(*made);
  }

  std::shared_ptr<counting_bell> sender_bell = std::make_shared<counting_bell>();
  std::shared_ptr<counting_bell> receiver_bell = std::make_shared<counting_bell>();
  std::unique_ptr<engine::channel_sender> sender;
  std::unique_ptr<engine::channel_receiver> receiver;
};

}  // namespace

class inproc_channel_test : public QObject {
  Q_OBJECT

private slots:
  void init() { context_.emplace(*zmq_context::open(600)); }
  void cleanup() {
    context_.reset();
    QCOMPARE(counted_batch::alive.load(), 0);
  }

  void carriesFramesInOrder_data() { payloads(); }
  void carriesFramesInOrder();
  void sharedFramesCarryTheBatchItself();
  void anEmptyChannelSaysSo();
  void ringsOnceUntilTheReceiverHasSeenItEmpty();
  void creditComesBackSummedUp();
  void droppedFramesFreeTheirBatches_data() { payloads(); }
  void droppedFramesFreeTheirBatches();
  void framesOnTheWayOutliveTheSender();
  void aSenderWithoutReceiverSendsIntoTheVoid();
  void aForeignFrameBreaksTheChannel();
  void neverLosesAWakeUpBetweenTwoThreads_data() { payloads(); }
  void neverLosesAWakeUpBetweenTwoThreads();
  void endpointContainsTheGeneration();
  void anOpenGenerationIsNotOpenedAgain();
  void everyNewGenerationDeliversItsFirstFrame();
  void encodingNeedsAType();
  void manyChannelsFitWhereTheContextWasOpenedForThem();
  void tooManyChannelsAreRefusedWithARemedy();

private:
  static void payloads() {
    QTest::addColumn<payload_mode>("payload");
    QTest::newRow("shared") << payload_mode::shared;
    QTest::newRow("encoded") << payload_mode::encoded;
  }

  std::optional<zmq_context> context_;
};

void inproc_channel_test::carriesFramesInOrder() {
  QFETCH(payload_mode, payload);
  fixture c{*context_, options(payload)};
  for (std::uint64_t i = 0; i < 100; ++i) c.sender->send(data_frame(10 * i, 10));
  c.sender->send({.kind = frame_kind::barrier, .channel = {7}, .incarnation = {1}, .epoch = {3}});
  frame f;
  for (std::uint64_t i = 0; i < 100; ++i) {
    QCOMPARE(c.receiver->receive(f), receive_status::received);
    QCOMPARE(f.first.value, 10 * i);
    QCOMPARE(test::numbers_of(f.body).back(), 10 * i + 9);
  }
  QCOMPARE(c.receiver->receive(f), receive_status::received);
  QCOMPARE(f.kind, frame_kind::barrier);
  QCOMPARE(f.epoch.value, std::uint64_t{3});
  QCOMPARE(c.receiver->receive(f), receive_status::empty);
}

void inproc_channel_test::sharedFramesCarryTheBatchItself() {
  fixture c{*context_, options(payload_mode::shared)};
  auto f = data_frame(1);
  const auto* const sent = f.body.get();
  c.sender->send(std::move(f));
  frame got;
  QCOMPARE(c.receiver->receive(got), receive_status::received);
  QCOMPARE(got.body.get(), sent);
}

void inproc_channel_test::anEmptyChannelSaysSo() {
  fixture c{*context_, options(payload_mode::shared)};
  frame f;
  engine::credit credit;
  QCOMPARE(c.receiver->receive(f), receive_status::empty);
  QVERIFY(!c.sender->take_credit(credit));
  QCOMPARE(c.receiver_bell->rings + c.sender_bell->rings, 0);
}

void inproc_channel_test::ringsOnceUntilTheReceiverHasSeenItEmpty() {
  fixture c{*context_, options(payload_mode::shared)};
  for (std::uint64_t i = 0; i < 5; ++i) c.sender->send(data_frame(i));
  QCOMPARE(c.receiver_bell->rings.load(), 1);
  frame f;
  QCOMPARE(c.receiver->receive(f), receive_status::received);
  c.sender->send(data_frame(5));
  QCOMPARE(c.receiver_bell->rings.load(), 1);
  while (c.receiver->receive(f) == receive_status::received) {
  }
  QCOMPARE(f.first.value, std::uint64_t{5});
  c.sender->send(data_frame(6));
  QCOMPARE(c.receiver_bell->rings.load(), 2);
  QCOMPARE(c.sender_bell->rings.load(), 0);
}

void inproc_channel_test::creditComesBackSummedUp() {
  fixture c{*context_, options(payload_mode::shared)};
  c.receiver->give_credit({.batches = 2, .bytes = 100});
  c.receiver->give_credit({.batches = 3, .bytes = 5'000'000'000});
  QCOMPARE(c.sender_bell->rings.load(), 1);
  engine::credit credit{.batches = 1, .bytes = 1};
  QVERIFY(c.sender->take_credit(credit));
  QCOMPARE(credit.batches, 6U);
  QCOMPARE(credit.bytes, std::uint64_t{5'000'000'101});
  QVERIFY(!c.sender->take_credit(credit));
}

void inproc_channel_test::droppedFramesFreeTheirBatches() {
  QFETCH(payload_mode, payload);
  const auto kept = test::numbers_from(*numbers, 0, 1);
  {
    fixture c{*context_, options(payload)};
    for (std::uint64_t i = 0; i < 1000; ++i) c.sender->send(data_frame(i));
    auto f = data_frame(1000);
    f.body = kept;
    c.sender->send(std::move(f));
    c.receiver.reset();
  }
  // ZeroMQ frees what is left in a pipe on its own thread, after the sockets are closed.
  QTRY_COMPARE(counted_batch::alive.load(), 1);
  QCOMPARE(test::numbers_of(kept).size(), std::size_t{1});
}

void inproc_channel_test::framesOnTheWayOutliveTheSender() {
  fixture c{*context_, options(payload_mode::shared)};
  constexpr std::uint64_t frames = 20'000;
  for (std::uint64_t i = 0; i < frames; ++i) c.sender->send(data_frame(i));
  c.sender.reset();
  frame f;
  for (std::uint64_t i = 0; i < frames; ++i) {
    QCOMPARE(c.receiver->receive(f), receive_status::received);
    QCOMPARE(f.first.value, i);
  }
  QCOMPARE(c.receiver->receive(f), receive_status::empty);
  c.receiver->give_credit({.batches = 1, .bytes = 0});
}

void inproc_channel_test::aSenderWithoutReceiverSendsIntoTheVoid() {
  fixture c{*context_, options(payload_mode::shared)};
  c.receiver->give_credit({.batches = 1, .bytes = 1});
  c.receiver.reset();
  for (std::uint64_t i = 0; i < 10; ++i) c.sender->send(data_frame(i));
  engine::credit credit;
  static_cast<void>(c.sender->take_credit(credit));
}

void inproc_channel_test::aForeignFrameBreaksTheChannel() {
  fixture c{*context_, options(payload_mode::encoded)};
  c.sender->send(data_frame(0, 1, 99));
  frame f;
  QCOMPARE(c.receiver->receive(f), receive_status::broken);
  QVERIFY(c.receiver->failure().find("generation 99") != std::string::npos);
  c.sender->send(data_frame(1));
  QCOMPARE(c.receiver->receive(f), receive_status::broken);
}

void inproc_channel_test::neverLosesAWakeUpBetweenTwoThreads() {
  QFETCH(payload_mode, payload);
  constexpr std::uint64_t frames = 100'000;
  constexpr std::uint32_t window = 8;
  fixture c{*context_, options(payload)};

  // Sender and receiver sleep until rung: a lost ring ends in a time-out. A window of 8 makes both sleep often.
  std::thread receiving{[&] {
    frame f;
    std::uint64_t next = 0;
    while (next < frames) {
      const auto status = c.receiver->receive(f);
      if (status == receive_status::empty) {
        if (!c.receiver_bell->wait()) return;
        continue;
      }
      if (status == receive_status::broken || f.first.value != next || test::numbers_of(f.body)[0] != next) return;
      ++next;
      if (next % (window / 4) == 0) c.receiver->give_credit({.batches = window / 4, .bytes = 0});
    }
  }};
  engine::credit credit{.batches = window, .bytes = 0};
  std::uint64_t sent = 0;
  while (sent < frames) {
    static_cast<void>(c.sender->take_credit(credit));
    if (credit.batches == 0) {
      if (!c.sender_bell->wait()) break;
      continue;
    }
    --credit.batches;
    c.sender->send(data_frame(sent++));
  }
  receiving.join();
  QCOMPARE(sent, frames);
  while (c.sender->take_credit(credit)) {
  }
  QCOMPARE(credit.batches, window);  // the receiver has consumed everything, in order
}

void inproc_channel_test::endpointContainsTheGeneration() {
  const auto endpoint = inproc_endpoint({42}, {7}, {3});
  QCOMPARE(endpoint, std::string{"inproc://millrace/42/channel/7/generation/3"});
  QVERIFY(endpoint != inproc_endpoint({42}, {7}, {4}));
}

void inproc_channel_test::anOpenGenerationIsNotOpenedAgain() {
  fixture c{*context_, options(payload_mode::shared)};
  const auto again = make_inproc_channel(*context_, options(payload_mode::shared), nullptr, nullptr);
  QVERIFY(!again);
  QCOMPARE(again.error().code, errc::already_exists);
}

void inproc_channel_test::everyNewGenerationDeliversItsFirstFrame() {
  for (std::uint64_t incarnation = 1; incarnation <= 500; ++incarnation) {
    fixture c{*context_, options(payload_mode::shared, incarnation)};
    c.sender->send(data_frame(incarnation, 1, incarnation));
    c.receiver->give_credit({.batches = 1, .bytes = 0});
    frame f;
    engine::credit credit;
    QCOMPARE(c.receiver->receive(f), receive_status::received);
    QVERIFY(c.sender->take_credit(credit));
    c.sender->send(data_frame(0, 1, incarnation));  // lost with the channel, as in a crash
  }
}

void inproc_channel_test::encodingNeedsAType() {
  auto wanted = options(payload_mode::encoded);
  wanted.type = nullptr;
  const auto made = make_inproc_channel(*context_, wanted, nullptr, nullptr);
  QVERIFY(!made);
  QCOMPARE(made.error().code, errc::invalid_argument);
}

void inproc_channel_test::manyChannelsFitWhereTheContextWasOpenedForThem() {
  std::vector<std::unique_ptr<fixture>> channels;
  for (std::uint64_t i = 1; i <= 600; ++i) {  // ZeroMQ's own default ends at 511
    channels.push_back(std::make_unique<fixture>(*context_, options(payload_mode::shared, i)));
    channels.back()->sender->send(data_frame(0, 1, i));
  }
  frame f;
  for (auto& c : channels) QCOMPARE(c->receiver->receive(f), receive_status::received);
}

void inproc_channel_test::tooManyChannelsAreRefusedWithARemedy() {
  QCOMPARE(descriptors_needed(1000) - descriptors_needed(0), std::size_t{2000});
  const auto context = zmq_context::open(40'000);
  QVERIFY(!context);
  QCOMPARE(context.error().code, errc::limit_exceeded);
  QVERIFY(context.error().message.find("lower the parallelism") != std::string::npos);
  const auto raised = raise_limits(std::size_t{1} << 40U);
  QVERIFY(!raised);
  QVERIFY(raised.error().message.find("ulimit -Hn") != std::string::npos);
}

QTEST_APPLESS_MAIN(inproc_channel_test)
#include "inproc_channel_test.moc"
