// Faults between a channel and its receiver, and what the receiver's sequences make of them.
#include "millrace/chaos/faulty_channels.hpp"
#include "hand_channel.hpp"
#include "millrace/engine/input_channel.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>

using namespace millrace;
using arrival = engine::input_channel::arrival;
using chaos::fault_kind;
using chaos::fault_request;
using namespace std::chrono_literals;

namespace {

class silent_host final : public engine::task_host {
public:
  void wake_at(std::int64_t at) override { woken_at = at; }
  engine::epoch_target target_of(epoch_id) override { return {}; }
  void snapshot_taken(engine::task_snapshot&&) override {}
  void snapshot_failed(epoch_id, const error&) override {}
  void ended() override {}
  void log(log_level, std::string) override {}
  std::int64_t woken_at = 0;
};

struct wires final : engine::channel_factory {
  std::shared_ptr<sample::hand_wire> wire = std::make_shared<sample::hand_wire>();
  result<ends> make(const engine::plan_channel&, generation) override {
    return ends{std::make_unique<sample::hand_sender>(wire), std::make_unique<sample::hand_receiver>(wire)};
  }
};

/// One channel of a mesh with faults before its receiver.
struct trial {
  std::shared_ptr<const engine::plan> plan = sample::plan_of(sample::mesh({}));
  std::shared_ptr<sample::still_clock> time = std::make_shared<sample::still_clock>();
  chaos::fault_board board{{plan.get(), time, [](log_level, const std::string&) {}, [](task_id) { return true; },
                            [](std::int64_t) {}, [](const auto&) {}}};
  wires inner;
  silent_host host;
  engine::credit_window window{8, std::uint64_t{1} << 20};
  std::optional<engine::output_lane> lane;
  std::optional<engine::input_channel> input;
  engine::task_stats stats;
  engine::frame got;
  std::uint32_t skip = 0;
  std::int64_t sent = 0;
  std::string failure;

  explicit trial(fault_request r) {
    chaos::faulty_channels factory{inner, board, *time, [this](task_id) -> engine::task_host& { return host; }};
    auto ends = factory.make(plan->channels[0], {3});
    lane.emplace("a -> b", engine::frame{.incarnation = {3}}, std::move(ends->first), window);
    input.emplace("a -> b", 0, std::move(ends->second), nullptr, window, generation{3});
    r.target = "*";
    if (const auto id = board.inject(std::move(r)); !id) qFatal("%s", id.error().message.c_str());
  }
  void send(std::int64_t count = 10) {
    typed_builder<sample::reading> b{static_cast<std::uint32_t>(count)};
    for (std::int64_t i = 0; i < count; ++i) b.push(sample::reading_of(0, sent++, 5));
    lane->send_batch(b.finish(), {sent}, 0);
  }
  /// `none` also for a failure, which `failure` then tells.
  arrival receive() {
    auto what = input->receive(got, skip, engine::input_channel::order::strict, stats);
    if (!what) failure = what.error().message;
    if (what && *what == arrival::data) input->done(got);
    return what ? *what : arrival::none;
  }
  /// Nothing comes now; lets time go on to where the receiver wants to look again until something does. How long.
  std::int64_t late_by(arrival wanted) {
    const auto from = time->ns;
    for (auto what = receive(); what != wanted; what = receive()) {
      if (what != arrival::none || host.woken_at <= time->ns) return -1;
      time->ns = host.woken_at;
    }
    return time->ns - from;
  }
  std::uint64_t hits() const { return board.list().front().hits; }
};

}  // namespace

class faulty_channels_test : public QObject {
  Q_OBJECT
private slots:
  void withoutFaultsEverythingComesThrough() {
    trial t{{.kind = fault_kind::drop, .after_events = 1'000'000}};
    (void)t.board.clear(0);
    for (int i = 0; i < 3; ++i) t.send();
    for (int i = 0; i < 3; ++i) QCOMPARE(t.receive(), arrival::data);
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY(t.failure.empty());
  }
  void aLostBatchIsAGap() {
    trial t{{.kind = fault_kind::drop}};
    t.send();
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY2(t.failure.find("events 0 to 9 are missing") != std::string::npos, t.failure.c_str());
    QCOMPARE(t.hits(), std::uint64_t{1});
  }
  void aLostLastBatchIsAGapToo() {
    for (const bool is_end : {true, false}) {
      trial t{{.kind = fault_kind::drop}};
      t.send();
      is_end ? t.lane->send_end() : t.lane->send_barrier({1});
      QCOMPARE(t.receive(), arrival::none);
      QVERIFY2(t.failure.find("are missing") != std::string::npos, "nothing that has events would come any more");
    }
  }
  void aRepeatedBatchIsTrimmedAndCostsNoCredit() {
    trial t{{.kind = fault_kind::duplicate}};
    for (int i = 0; i < 8; ++i) t.send();
    std::uint32_t taken = 0;
    for (int i = 0; i < 16; ++i) {
      QCOMPARE(t.receive(), arrival::data);
      taken += t.got.count - t.skip;
    }
    QCOMPARE(taken, 80U);
    QCOMPARE(t.stats.duplicates.get(), std::uint64_t{80});
    t.lane->collect_credit();
    QVERIFY(t.lane->batches_in_flight() < t.window.batches);  // never more given back than was taken
  }
  void whatComesBehindTheNextIsAGap() {
    trial t{{.kind = fault_kind::reorder}};
    t.send();
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY2(t.failure.find("are missing") != std::string::npos, t.failure.c_str());
  }
  void aBatchWithNothingBehindItComesAfterAll() {
    trial t{{.kind = fault_kind::reorder}};
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY(t.host.woken_at > t.time->ns);
    t.time->ns = t.host.woken_at;
    QCOMPARE(t.receive(), arrival::data);
  }
  void aDamagedBatchBreaksTheChannel() {
    trial t{{.kind = fault_kind::corrupt}};
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY2(t.failure.find("cannot be read") != std::string::npos, t.failure.c_str());
  }
  void aResetLosesWhatIsOnItsWay() {
    trial t{{.kind = fault_kind::reset, .after_events = 15}};
    t.send();
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY2(t.failure.find("the channel was reset") != std::string::npos, t.failure.c_str());
    QCOMPARE(t.hits(), std::uint64_t{1});
  }
  void aDelayedBatchComesInTimeAndOrder() {
    trial t{{.kind = fault_kind::delay, .parameters = {{"delay_ms", 20}}}};
    t.send();
    t.send();
    QCOMPARE(t.late_by(arrival::data), std::int64_t{20'000'000});
    QCOMPARE(t.got.first.value, std::uint64_t{0});
    QCOMPARE(t.receive(), arrival::data);
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY(t.failure.empty());
  }
  void jitterKeepsTheOrder() {
    trial t{{.kind = fault_kind::jitter, .parameters = {{"jitter_ms", 30}}}};
    for (int i = 0; i < 8; ++i) t.send();
    int taken = 0;
    for (int i = 0; i < 200 && taken < 8; ++i) {
      if (t.receive() == arrival::data) ++taken;
      t.time->ns += 1'000'000;
    }
    QCOMPARE(taken, 8);
    QVERIFY(t.failure.empty());
  }
  void aThinLineTakesItsTime() {
    trial t{{.kind = fault_kind::bandwidth, .parameters = {{"bytes_per_s", 1000}}}};
    t.send();
    const auto bytes = static_cast<double>(t.late_by(arrival::data)) / 1e6;
    QVERIFY(bytes > 100);
  }
  void nothingPassesAPartitionUntilItHeals() {
    trial t{{.kind = fault_kind::partition, .duration = 1s}};
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    t.time->ns += 900'000'000;
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY2(t.host.woken_at <= t.time->ns + 100'000'000, "it looks again by itself");
    t.time->ns += 100'000'000;
    QCOMPARE(t.receive(), arrival::data);
  }
  void withheldCreditComesBackWhenHealed() {
    trial t{{.kind = fault_kind::credit_stall}};
    for (int i = 0; i < 8; ++i) t.send();
    for (int i = 0; i < 8; ++i) QCOMPARE(t.receive(), arrival::data);
    QCOMPARE(t.receive(), arrival::none);
    t.lane->collect_credit();
    QVERIFY(!t.lane->is_free());
    (void)t.board.clear(0);
    QCOMPARE(t.receive(), arrival::none);
    t.lane->collect_credit();
    QVERIFY(t.lane->is_free());
  }
  void barriersAreLostAloneOrLate() {
    trial lost{{.kind = fault_kind::barrier_drop}};
    lost.lane->send_barrier({1});
    lost.send();
    QCOMPARE(lost.receive(), arrival::data);
    trial late{{.kind = fault_kind::barrier_delay, .parameters = {{"delay_ms", 200}}}};
    late.send();
    late.lane->send_barrier({1});
    QCOMPARE(late.receive(), arrival::data);
    QCOMPARE(late.late_by(arrival::barrier), std::int64_t{200'000'000});
  }
  void whatIsHeldUpGoesOnWhenTheFaultIsTakenAway() {
    for (const auto kind : {fault_kind::delay, fault_kind::jitter, fault_kind::bandwidth, fault_kind::barrier_delay}) {
      fault_request r{.kind = kind};
      if (kind == fault_kind::bandwidth) r.parameters = {{"bytes_per_s", 1}};
      if (kind == fault_kind::delay || kind == fault_kind::barrier_delay) r.parameters = {{"delay_ms", 20'000}};
      if (kind == fault_kind::jitter) r.parameters = {{"jitter_ms", 20'000}};
      trial t{std::move(r)};
      const bool is_barrier = kind == fault_kind::barrier_delay;
      if (is_barrier) t.lane->send_barrier({1});
      t.send();
      t.send();
      QCOMPARE(t.receive(), arrival::none);
      QVERIFY2(t.host.woken_at <= t.time->ns + 100'000'000, "it looks again by itself");
      t.time->ns = t.host.woken_at;
      QCOMPARE(t.receive(), arrival::none);
      (void)t.board.clear(0);
      if (is_barrier) QCOMPARE(t.receive(), arrival::barrier);
      QCOMPARE(t.receive(), arrival::data);
      QCOMPARE(t.receive(), arrival::data);
      QCOMPARE(t.receive(), arrival::none);
      QVERIFY(t.failure.empty());
    }
  }
  void aNewThinLineOwesNothingOfTheOneBefore() {
    trial t{{.kind = fault_kind::bandwidth, .parameters = {{"bytes_per_s", 1}}}};
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    (void)t.board.clear(0);
    fault_request faster{.kind = fault_kind::bandwidth, .target = "*", .parameters = {{"bytes_per_s", 1'000'000}}};
    QVERIFY(t.board.inject(std::move(faster)).has_value());
    QCOMPARE(t.receive(), arrival::data);
    t.send();
    QVERIFY(t.late_by(arrival::data) < std::int64_t{1'000'000'000});
  }
  void oneFaultTakenAwayLeavesTheOther() {
    trial t{{.kind = fault_kind::delay, .parameters = {{"delay_ms", 50}}}};
    QVERIFY(
        t.board.inject({.kind = fault_kind::delay, .target = "*", .parameters = {{"delay_ms", 20'000}}}).has_value());
    t.send();
    QCOMPARE(t.receive(), arrival::none);
    QVERIFY(t.board.clear(2).has_value());
    QCOMPARE(t.late_by(arrival::data), std::int64_t{50'000'000});
  }
  void aSpentDelayIsStillADelay() {
    trial t{{.kind = fault_kind::delay, .parameters = {{"delay_ms", 70}}, .hits_max = 1}};
    t.send();
    t.send();
    QCOMPARE(t.late_by(arrival::data), std::int64_t{70'000'000});
    QCOMPARE(t.receive(), arrival::data);
  }
  void whatIsHeldUpGoesOnWhenNobodyRenewsTheLease() {
    trial t{{.kind = fault_kind::delay, .parameters = {{"delay_ms", 20'000}}, .lease = 1s}};
    t.send();
    QCOMPARE(t.late_by(arrival::data), std::int64_t{1'000'000'000});
  }
};

QTEST_GUILESS_MAIN(faulty_channels_test)
#include "faulty_channels_test.moc"
