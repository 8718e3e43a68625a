// The two ends of a channel: what a lane sends within its credit, and what the input makes of it.
#include "hand_channel.hpp"
#include "sample_actors.hpp"

#include <numeric>
#include <vector>

#include <QtTest>

#include "still_clock.hpp"

using namespace millrace;
using engine::credit_window;
using engine::frame;
using engine::frame_kind;
using engine::input_channel;
using engine::output_lane;
using arrival = input_channel::arrival;
using order = input_channel::order;

namespace {

batch_ptr readings(std::int64_t first, std::int64_t count) {
  typed_builder<sample::reading> b{static_cast<std::uint32_t>(count)};
  for (std::int64_t i = 0; i < count; ++i) b.push(sample::reading_of(0, first + i, 5));
  return b.finish();
}

/// A lane and an input with a wire between them.
struct ends {
  explicit ends(credit_window w) : window{w} {}

  credit_window window;
  std::shared_ptr<sample::hand_wire> wire = std::make_shared<sample::hand_wire>();
  output_lane lane{"a/0.out -> b/0.in", frame{.incarnation = {3}}, std::make_unique<sample::hand_sender>(wire), window};
  input_channel input{"a/0.out -> b/0.in", 0, std::make_unique<sample::hand_receiver>(wire), nullptr, window, {3}};
  engine::task_stats stats;
  frame got;
  std::uint32_t skip = 0;

  arrival receive() {
    auto what = input.receive(got, skip, order::strict, stats);
    return what ? *what : arrival::none;
  }
  void send(std::int64_t first, std::int64_t count) { lane.send_batch(readings(first, count), {first}, 0); }
};

constexpr credit_window small{4, std::uint64_t{1} << 20};
constexpr std::uint64_t plenty = std::uint64_t{1} << 20;

/// A lane that retains, whose receiver can be made anew.
struct lane_with_a_past : ends {
  lane_with_a_past() : ends{small} { lane.retain({.bytes_max = plenty}, {1}); }
  bool come_back() {
    wire = std::make_shared<sample::hand_wire>();
    const bool done = lane.reconnect(std::make_unique<sample::hand_sender>(wire), {4}, {1});
    input = {"a/0.out -> b/0.in", 0, std::make_unique<sample::hand_receiver>(wire), nullptr, window, {4}};
    return done;
  }
  /// First values of the batches that come until nothing does any more.
  std::string rest() {
    std::string out;
    for (;;) {
      const auto what = receive();
      if (what == arrival::none) return out;
      if (what == arrival::barrier) out += "|";
      if (what != arrival::data) continue;
      out += std::to_string(got.first.value);
      input.done(got);
      lane.collect_credit();
    }
  }
};

/// A lane that may keep little in memory, and more on a disk.
struct lane_with_a_disk : ends {
  explicit lane_with_a_disk(std::uint64_t disk_bytes_max = std::uint64_t{1} << 30)
      : ends{small},
        spill{std::make_shared<engine::frame_spill>(*engine::memory_state_backend()->open("frames"),
                                                    engine::frame_spill::limits{.bytes_max = disk_bytes_max}, time,
                                                    [](const std::string&) {})} {
    lane.carry(record_type_of<sample::reading>());
    lane.retain({.bytes_max = memory, .disk = spill, .batch_events = 50}, {1});
  }
  static constexpr std::uint64_t memory = 128 << 10;

  /// The task looks again and again until the lane is free; false: it will not be.
  bool becomes_free() {
    return QTest::qWaitFor(
               [this] {
                 lane.collect_credit();
                 return lane.is_free() || !lane.waits_for_disk();
               },
               20'000) &&
           lane.is_free();
  }
  void come_back() {
    wire = std::make_shared<sample::hand_wire>();
    if (!lane.reconnect(std::make_unique<sample::hand_sender>(wire), {4}, {1})) qFatal("not all was retained");
    input = {"a/0.out -> b/0.in", 0, std::make_unique<sample::hand_receiver>(wire), nullptr, window, {4}};
  }
  /// Values of all records that come until nothing does any more.
  std::vector<std::int64_t> rest() {
    std::vector<std::int64_t> out;
    while (receive() == arrival::data) {
      for (const auto& r : rows<sample::reading>(*got.body)) out.push_back(r.number);
      input.done(got);
      lane.collect_credit();
    }
    return out;
  }
  static std::vector<std::int64_t> numbers(std::int64_t to) {
    std::vector<std::int64_t> out(static_cast<std::size_t>(to));
    std::iota(out.begin(), out.end(), 0);
    return out;
  }

  sample::still_clock time;
  std::shared_ptr<engine::frame_spill> spill;
};

}  // namespace

class channel_ends_test : public QObject {
  Q_OBJECT
private slots:
  void sendsNoMoreThanTheWindow() {
    ends e{small};
    for (int i = 0; i < 7; ++i) e.send(i * 10, 10);
    QCOMPARE(e.wire->frames.size(), std::size_t{4});
    QVERIFY(!e.lane.is_free());
    QCOMPARE(e.lane.batches_in_flight(), 7U);
    e.lane.send_barrier({9});
    QCOMPARE(e.receive(), arrival::data);
    e.input.done(e.got);
    e.lane.collect_credit();
    QVERIFY2(e.wire->frames.size() == 4, "what waits goes out first, in order");
    for (int i = 0; i < 6; ++i) {
      QCOMPARE(e.receive(), arrival::data);
      e.input.done(e.got);
      e.lane.collect_credit();
    }
    QCOMPARE(e.receive(), arrival::barrier);
    QCOMPARE(e.got.epoch.value, std::uint64_t{9});
    e.lane.collect_credit();
    QVERIFY(e.lane.is_free());
    QCOMPARE(e.lane.batches_in_flight(), 0U);
  }

  void letsABatchLargerThanTheWindowPass() {
    ends e{{4, 1000}};
    const auto large = readings(0, 200);
    QVERIFY(large->bytes() > 1000);
    e.lane.send_batch(large, {1}, 0);
    QCOMPARE(e.wire->frames.size(), std::size_t{1});
    QVERIFY2(!e.lane.is_free(), "one at a time");
    QCOMPARE(e.receive(), arrival::data);
    QCOMPARE(e.got.count, 200U);
    e.input.done(e.got);
    e.lane.collect_credit();
    QVERIFY(e.lane.is_free());
  }

  void creditComesBackWhenBatchesWeighLessAtTheOtherEnd() {
    ends e{{16, std::uint64_t{1} << 20}};
    e.wire->on_the_way = [](const batch_ptr&) { return readings(0, 0); };
    const auto large = readings(0, 7000);
    QVERIFY(large->bytes() > e.window.bytes / 3);
    for (int i = 0; i < 100; ++i) {
      QVERIFY2(e.lane.is_free(), "all was received, so credit must be back");
      while (e.lane.is_free()) e.lane.send_batch(large, {i}, 0);
      QVERIFY2(e.wire->frames.size() <= 4, "bytes are the bound here");
      while (e.receive() == arrival::data) e.input.done(e.got);
      e.lane.collect_credit();
    }
  }

  void itsTaskGoesOnWhileTheReceiverIsAway() {
    lane_with_a_past e;
    e.lane.part();
    for (int i = 0; i < 100; ++i) {
      QVERIFY2(e.lane.is_free(), "others wait for it");
      e.send(i, 1);
    }
    QVERIFY(e.wire->frames.empty());
  }

  void whatItTakesForAReceiverThatIsAwayIsBounded() {
    lane_with_a_past e;
    e.lane.part();
    int sent = 0;
    for (; e.lane.is_free() && sent < 1'000'000; ++sent) e.send(sent * 1000, 1000);
    QVERIFY2(sent > 1 && sent < 1000, qPrintable(QString::number(sent)));
    QVERIFY(e.come_back());
    for (int more = 0; e.lane.is_free(); ++more, ++sent) {
      QVERIFY2(more <= 4, "there is room for what the receiver has got credit for, and no more");
      e.send(sent * 1000, 1000);
    }
    while (e.receive() == arrival::data) {
      e.input.done(e.got);
      e.lane.collect_credit();
    }
    QVERIFY(e.lane.is_free());
  }

  void aReceiverMadeAnewGetsAllSinceItsSnapshotAsCreditAllows() {
    lane_with_a_past e;
    e.send(0, 1);
    e.send(1, 1);
    QCOMPARE(e.receive(), arrival::data);  // and is lost with the receiver
    for (int i = 2; i < 7; ++i) e.send(i, 1);
    e.lane.part();
    e.send(7, 1);
    QVERIFY(e.come_back());
    QVERIFY2(e.lane.is_free(), "its task does not wait for it to catch up");
    QCOMPARE(e.wire->frames.size(), std::size_t{4});
    e.send(8, 1);
    QCOMPARE(e.rest(), std::string{"012345678"});
    for (int i = 0; i < 4; ++i) e.send(9 + i, 1);
    QVERIFY2(!e.lane.is_free(), "caught up, credit is the bound again");
  }

  void aReceiverThatFailsAgainWhileItCatchesUpGetsAllOnceMore() {
    lane_with_a_past e;
    for (int i = 0; i < 3; ++i) e.send(i, 1);
    e.lane.part();
    for (int i = 3; i < 8; ++i) e.send(i, 1);
    QVERIFY(e.come_back());
    QCOMPARE(e.receive(), arrival::data);
    e.lane.part();
    e.send(8, 1);
    QVERIFY(e.come_back());
    QCOMPARE(e.rest(), std::string{"012345678"});
  }

  void barriersOfEpochsThatWereGivenUpStayAway() {
    lane_with_a_past e;
    for (int i = 0; i < 5; ++i) e.send(i, 1);  // the last one waits for credit, and a barrier behind it
    e.lane.send_barrier({2});
    e.lane.part();
    QVERIFY(e.come_back());
    QCOMPARE(e.rest(), std::string{"01234"});
    e.lane.send_barrier({3});
    QCOMPARE(e.rest(), std::string{"|"});
  }

  void aWatermarkThatWasTakenGoesOutAgainAsItWas() {
    lane_with_a_past e;
    for (int i = 0; i < 5; ++i) {
      e.send(i * 10, 10);
      (void)e.rest();
    }
    e.lane.send_watermark({1000});
    QCOMPARE(e.receive(), arrival::watermark);
    e.lane.part();
    QVERIFY(e.come_back());
    QVERIFY2(e.wire->frames.back().kind == frame_kind::data, "credit does not cover it yet");
    e.lane.send_watermark({2000});
    e.lane.send_watermark({3000});
    std::vector<std::int64_t> seen;
    for (auto what = e.receive(); what != arrival::none; what = e.receive()) {
      if (what == arrival::watermark) seen.push_back(e.got.watermark.ns);
      e.input.done(e.got);
      e.lane.collect_credit();
    }
    QCOMPARE(seen, (std::vector<std::int64_t>{1000, 3000}));
  }

  void whatWaitsForAnAbsentReceiverIsInTheLimitOfAll() {
    ends e{small};
    const auto one = engine::keep(frame{.body = readings(0, 10)}, 1).bytes;
    engine::retained_budget all{4 * one};
    e.lane.retain({.bytes_max = plenty, .all = &all}, {1});
    e.lane.part();
    int sent = 0;
    for (; e.lane.is_free() && sent < 100; ++sent) e.send(sent * 10, 10);
    QCOMPARE(sent, 4);
    QCOMPARE(all.used(), 4 * one);
    e.wire = std::make_shared<sample::hand_wire>();
    QVERIFY(e.lane.reconnect(std::make_unique<sample::hand_sender>(e.wire), {4}, {1}));
    QCOMPARE(e.wire->frames.size(), std::size_t{4});
    QVERIFY2(all.used() == 4 * one, "what waited is retained now");
    e.lane.retain({.bytes_max = plenty}, {2});
    QCOMPARE(all.used(), std::uint64_t{0});
  }

  void watermarksThatWaitAreOneInTheEnd() {
    lane_with_a_past e;
    e.lane.part();
    for (int i = 1; i < 1000; ++i) e.lane.send_watermark({i});
    QVERIFY(e.come_back());
    QCOMPARE(e.wire->frames.size(), std::size_t{1});
    QCOMPARE(e.wire->frames.front().watermark.ns, 999);
  }

  void withoutAllThatWasSentNothingIsDone() {
    ends e{small};
    QVERIFY(!e.lane.reconnect(std::make_unique<sample::hand_sender>(e.wire), {4}, {1}));
    lane_with_a_past full;
    for (int i = 0; i < 100; ++i) {
      full.send(i * 1000, 1000);
      if (full.receive() == arrival::data) full.input.done(full.got);
      full.lane.collect_credit();
    }
    full.lane.part();
    QVERIFY(!full.come_back());
  }

  void whatMemoryHasNoRoomForIsSentAgainFromTheDisk() {
    lane_with_a_disk e;
    for (int i = 0; i < 400; ++i) {
      e.send(i * 50, 50);
      QCOMPARE(e.receive(), arrival::data);
      e.input.done(e.got);
      e.lane.collect_credit();
      QVERIFY(QTest::qWaitFor([&] { return e.spill->status().waiting == 0; }, 20'000));
    }
    QVERIFY2(e.spill->status().bytes > lane_with_a_disk::memory, "it went to the disk");
    e.lane.part();
    e.come_back();
    QCOMPARE(e.rest(), lane_with_a_disk::numbers(20'000));
    e.lane.part();
    for (int i = 400; i < 500; ++i) e.send(i * 50, 50);
    e.come_back();
    QCOMPARE(e.rest(), lane_with_a_disk::numbers(25'000));
    QVERIFY(e.lane.is_free());
    QVERIFY(QTest::qWaitFor([&] { return e.spill->status().waiting == 0; }, 20'000));
    e.lane.send_barrier({2});
    const bool is_gone = QTest::qWaitFor(
        [&] {
          e.lane.epoch_complete({2});  // frees some, each time
          return e.spill->status().bytes == 0;
        },
        20'000);
    QVERIFY2(is_gone, "nobody needs it any more");
  }

  void whatWaitsForAnAbsentReceiverGoesToTheDiskAndThenItsTaskWaits() {
    lane_with_a_disk e{256 << 10};
    e.lane.part();
    int sent = 0;
    for (; e.becomes_free() && sent < 1000; ++sent) e.send(sent * 50, 50);
    QVERIFY2(sent > 50 && sent < 1000, qPrintable(QString::number(sent)));
    QVERIFY(e.spill->status().bytes > 128 << 10);
    QVERIFY(!e.spill->status().refused.empty());
    e.come_back();
    QCOMPARE(e.rest(), lane_with_a_disk::numbers(sent * 50));
    QVERIFY(e.lane.is_free());
  }

  void barriersAndEndsNeedNoCredit() {
    ends e{small};
    for (int i = 0; i < 4; ++i) e.send(i, 1);
    QVERIFY(!e.lane.is_free());
    e.lane.send_barrier({1});
    e.lane.send_end();
    QCOMPARE(e.wire->frames.size(), std::size_t{6});
  }

  void sendsAWatermarkOnlyWhenItMoved() {
    ends e{small};
    e.send(5, 1);
    e.lane.send_watermark({5});
    QCOMPARE(e.wire->frames.size(), std::size_t{1});
    e.lane.send_watermark({6});
    e.lane.send_watermark({6});
    QCOMPARE(e.wire->frames.size(), std::size_t{2});
    QCOMPARE(e.receive(), arrival::data);
    QCOMPARE(e.receive(), arrival::watermark);
    QCOMPARE(e.got.watermark.ns, 6);
  }

  void countsEventsAcrossFrames() {
    ends e{small};
    e.lane.restore({100});
    e.input.restore({100}, false);
    e.send(0, 7);
    e.send(7, 5);
    QCOMPARE(e.receive(), arrival::data);
    QCOMPARE(e.got.first.value, std::uint64_t{100});
    QCOMPARE(e.receive(), arrival::data);
    QCOMPARE(e.got.first.value, std::uint64_t{107});
    QCOMPARE(e.input.expected().value, std::uint64_t{112});
    QCOMPARE(e.lane.next().value, std::uint64_t{112});
  }

  void trimsWhatWasSeenAlsoInTheMiddleOfABatch() {
    ends e{small};
    e.input.restore({3}, false);
    e.send(0, 5);
    QCOMPARE(e.receive(), arrival::data);
    QCOMPARE(e.skip, 3U);
    QCOMPARE(e.stats.duplicates.get(), std::uint64_t{3});
    QCOMPARE(e.input.expected().value, std::uint64_t{5});
  }

  void refusesAGap() {
    ends e{small};
    e.lane.restore({4});
    e.send(0, 2);
    const auto got = e.input.receive(e.got, e.skip, order::strict, e.stats);
    QVERIFY(!got);
    QCOMPARE(got.error().code, errc::corrupt);
    QVERIFY2(got.error().message.find("events 0 to 3 are missing") != std::string::npos, got.error().message.c_str());
  }

  void dropsFramesOfOtherGenerations() {
    ends e{small};
    e.send(0, 2);
    e.wire->frames.front().incarnation = {2};
    e.lane.restore({0});
    e.send(0, 2);
    QCOMPARE(e.receive(), arrival::data);
    QCOMPARE(e.stats.duplicates.get(), std::uint64_t{2});
    QCOMPARE(e.receive(), arrival::none);
  }

  void namesTheChannelWhenAFrameCannotBeRead() {
    ends e{small};
    e.wire->broken = "checksum mismatch";
    const auto got = e.input.receive(e.got, e.skip, order::strict, e.stats);
    QVERIFY(!got);
    QCOMPARE(QByteArray::fromStdString(got.error().message), "channel a/0.out -> b/0.in: checksum mismatch");
  }

  void remembersThatTheInputEnded() {
    ends e{small};
    e.lane.send_end();
    QCOMPARE(e.receive(), arrival::end);
    QVERIFY(e.input.has_ended());
    QCOMPARE(e.got.watermark, event_time::max());
  }

  void givesCreditBackEveryQuarterOfTheWindow() {
    ends e{{16, std::uint64_t{1} << 20}};
    for (int i = 0; i < 8; ++i) e.send(i, 1);
    for (int i = 0; i < 8; ++i) {
      QCOMPARE(e.receive(), arrival::data);
      e.input.done(e.got);
    }
    QCOMPARE(e.wire->credit.size(), std::size_t{2});
    QCOMPARE(e.wire->credit.front().batches, 4U);
  }

  void aWindowSuitsTheNumberOfChannels() {
    QCOMPARE(credit_window::for_receiver_with(1).batches, 16U);
    QCOMPARE(credit_window::for_receiver_with(32).batches, 8U);
    QCOMPARE(credit_window::for_receiver_with(1000).batches, 4U);
    QVERIFY(credit_window::for_receiver_with(1000).bytes >= std::uint64_t{1} << 20);
  }
};

QTEST_APPLESS_MAIN(channel_ends_test)
#include "channel_ends_test.moc"
