// Tasks that stand before a record, with their channels moved by hand.
#include "every_nth.hpp"
#include "hand_channel.hpp"
#include "millrace/inspect/watch_board.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>
#include <algorithm>
#include <map>
#include <random>
#include <utility>

using namespace millrace;
using engine::epoch_target;
using engine::frame;
using engine::frame_kind;
using namespace std::chrono_literals;

namespace {

class hand_channels final : public engine::channel_factory {
public:
  result<ends> make(const engine::plan_channel& channel, generation) override {
    auto w = std::make_shared<sample::hand_wire>();
    wires[channel.name] = w;
    return ends{std::make_unique<sample::hand_sender>(w), std::make_unique<sample::hand_receiver>(w)};
  }
  std::map<std::string, std::shared_ptr<sample::hand_wire>> wires;
};

class hand_host final : public engine::task_host {
public:
  void wake_at(std::int64_t) override {}
  epoch_target target_of(epoch_id epoch) override { return {epoch, 0, true, false}; }
  void snapshot_taken(engine::task_snapshot&&) override { ++snapshots; }
  void snapshot_failed(epoch_id, const error&) override {}
  void ended() override {}
  void log(log_level, std::string) override {}
  int snapshots = 0;
};

/// One task of a small topology, by name; what comes to it is made here, what it sends is read here.
struct trial {
  trial(const std::string& name, std::uint32_t partitions, const std::string& input)
      : plan{sample::plan_of(sample::mesh({.producers = 1, .partitions = partitions}))} {
    engine::task_environment around{time.get(),
                                    [this](task_id) -> engine::task_host& { return host; },
                                    [](task_id) { return std::make_shared<engine::task_stats>(); },
                                    256,
                                    {},
                                    {}};
    around.watch_of = [this](task_id t) { return board.fresh(t); };
    tasks = *engine::assemble(*plan, 0, {1}, channels, around);
    work = std::ranges::find(tasks, name, [](const auto& t) { return t->name(); })->get();
    in = channels.wires.at(input);
    channel = std::ranges::find(plan->channels, input, &engine::plan_channel::name)->id;
    if (auto ok = work->restore({}); !ok) qFatal("%s", ok.error().message.c_str());
  }
  void send(std::int64_t count) {
    typed_builder<sample::reading> b{static_cast<std::uint32_t>(count)};
    for (std::int64_t i = 0; i < count; ++i) b.push(sample::reading_of(0, static_cast<std::int64_t>(next) + i, 50));
    frame f{.channel = channel, .incarnation = {1}, .first = {next}, .count = static_cast<std::uint32_t>(count)};
    next += f.count;
    f.body = b.finish();
    in->frames.push_back(std::move(f));
  }
  std::uint64_t stop_at(const std::string& when, std::chrono::nanoseconds lease = 30s) {
    const auto& c = plan->channels[channel.value];
    const auto id = board.add_breakpoint({plan->task_name(c.source) + "->" + plan->task_name(c.target), when, lease});
    if (!id) qFatal("%s", id.error().message.c_str());
    return *id;
  }
  void step() {
    for (int i = 0; i < 20; ++i) (void)work->step();
  }
  /// The sequence it stands before; -1: it does not stand.
  [[nodiscard]] std::int64_t stands() const {
    const auto all = board.stops();
    return all.empty() ? -1 : static_cast<std::int64_t>(all.front().where.number.value);
  }
  /// Records it has sent, over all channels; their credit goes back.
  [[nodiscard]] std::uint64_t sent() {
    for (auto& [name, wire] : channels.wires) {
      if (!name.starts_with(work->name())) continue;
      for (const auto& f : std::exchange(wire->frames, {})) {
        sent_ += f.kind == frame_kind::data ? f.count : 0;
        if (f.kind == frame_kind::data || f.kind == frame_kind::watermark) wire->credit.push_back({1, f.bytes});
      }
    }
    return sent_;
  }

  std::shared_ptr<const engine::plan> plan;
  std::shared_ptr<sample::still_clock> time = std::make_shared<sample::still_clock>();
  hand_channels channels;
  hand_host host;
  std::vector<std::string> lines;
  inspect::watch_board board{{plan.get(), time, sample::make_every_nth,
                              [this](log_level, const std::string& l) { lines.push_back(l); },
                              [](task_id) { return true; }, [](std::int64_t) {}}};
  std::vector<std::unique_ptr<engine::task>> tasks;
  engine::task* work = nullptr;
  std::shared_ptr<sample::hand_wire> in;
  channel_id channel{};
  std::uint64_t next = 0;

private:
  std::uint64_t sent_ = 0;
};

}  // namespace

class standing_task_test : public QObject {
  Q_OBJECT

  static trial of_kind(const QString& kind) {
    if (kind == "router") return {"route/0", 2, "numbers/0.out -> route/0.in"};
    if (kind == "router of one") return {"route/0", 1, "numbers/0.out -> route/0.in"};
    return {"tally/0", 1, "route/0.out -> tally/0.in"};
  }
  static void kinds() {
    QTest::addColumn<QString>("kind");
    QTest::newRow("processor") << "processor";
    QTest::newRow("router") << "router";
    QTest::newRow("router of one") << "router of one";
  }

private slots:
  void standsBeforeTheRecord_data() { kinds(); }
  void standsBeforeTheRecord() {
    QFETCH(QString, kind);
    trial t = of_kind(kind);
    const auto id = t.stop_at("40");
    t.send(1);  // number 0 is a multiple, too
    t.send(99);
    t.step();
    QCOMPARE(t.stands(), 0);
    QCOMPARE(t.sent(), std::uint64_t{0});
    QVERIFY(t.board.go_on({}, false).has_value());
    t.step();
    QCOMPARE(t.stands(), 40);
    QCOMPARE(t.sent(), std::uint64_t{40});
    QVERIFY(t.board.text_of_stop(t.board.stops().front().task).find("before event 40 of") != std::string::npos);
    QVERIFY(t.board.go_on({}, false).has_value());
    t.step();
    QCOMPARE(t.stands(), 80);
    QVERIFY(t.board.clear(id).has_value());
    t.step();
    QCOMPARE(t.stands(), -1);
    QCOMPARE(t.sent(), std::uint64_t{100});
  }

  void stepsRecordByRecord_data() { kinds(); }
  void stepsRecordByRecord() {
    QFETCH(QString, kind);
    trial t = of_kind(kind);
    const auto id = t.stop_at("6");
    t.send(8);
    t.send(3);
    t.step();
    for (std::int64_t at = 0; at < 11; ++at) {
      QCOMPARE(t.stands(), at);
      QCOMPARE(t.sent(), static_cast<std::uint64_t>(at));
      QVERIFY(t.board.go_on({}, true).has_value());
      t.step();
    }
    QCOMPARE(t.stands(), -1);  // the step still waits for its record
    t.send(2);
    t.step();
    QCOMPARE(t.stands(), 11);
    QVERIFY(t.board.clear(id).has_value());
    t.step();
    QCOMPARE(t.sent(), std::uint64_t{13});
  }

  void goesOnWhenNobodyRenews() {
    trial t = of_kind("processor");
    (void)t.stop_at("7", 2s);
    t.send(20);
    t.step();
    QCOMPARE(t.stands(), 0);
    t.time->ns += 3'000'000'000;  // and nobody sweeps
    t.step();
    QCOMPARE(t.stands(), -1);
    QCOMPARE(t.sent(), std::uint64_t{20});
  }

  void aBarrierWaitsBehindTheRecord() {
    trial t = of_kind("processor");
    const auto id = t.stop_at("7");
    t.send(5);
    t.in->frames.push_back(
        {.kind = frame_kind::barrier, .channel = t.channel, .incarnation = {1}, .epoch = {1}, .first = {t.next}});
    t.step();
    QCOMPARE(t.host.snapshots, 0);
    QVERIFY(t.board.clear(id).has_value());
    t.step();
    QCOMPARE(t.host.snapshots, 1);
  }

  void whatCannotBeToldDoesNotStop() {
    trial t = of_kind("processor");
    (void)t.stop_at("13");
    t.send(20);
    t.step();
    QVERIFY(t.board.go_on({}, false).has_value());
    t.step();
    QCOMPARE(t.stands(), -1);
    QCOMPARE(t.sent(), std::uint64_t{20});
    QVERIFY(t.board.breakpoints().front().failures >= 1);
    QVERIFY(t.lines.back().find("thirteen") != std::string::npos);
  }

  void aNewIncarnationStandsNowhere() {
    trial t = of_kind("processor");
    (void)t.stop_at("7");
    t.send(20);
    t.step();
    QCOMPARE(t.stands(), 0);
    const auto id = t.board.stops().front().task;
    const auto old = t.board.task(id);
    const auto next = t.board.fresh(id);
    QCOMPARE(t.stands(), -1);
    QVERIFY(!old->is_on() && next->is_on());
  }

  /// Part of a batch that comes again is not sent on a second time, by a router with one target neither.
  void aBatchSeenInPartIsSentOnInPart_data() { kinds(); }
  void aBatchSeenInPartIsSentOnInPart() {
    QFETCH(QString, kind);
    trial t = of_kind(kind);
    t.send(10);
    t.step();
    t.next = 6;
    t.send(10);
    t.step();
    QCOMPARE(t.sent(), std::uint64_t{16});
  }

  void randomBreakpointsLoseAndRepeatNothing() {
    const auto seed = qEnvironmentVariableIsSet("MILLRACE_SEED") ? qEnvironmentVariable("MILLRACE_SEED").toULongLong()
                                                                 : std::uint64_t{20261121};
    for (std::uint64_t round = 0; round < 60; ++round) {
      std::mt19937_64 random{seed + round};
      trial t = of_kind(round % 3 == 0 ? "router" : round % 3 == 1 ? "router of one" : "processor");
      for (int i = 0; i < 300; ++i) {
        switch (random() % 7) {
          case 0:
          case 1:
            t.send(1 + static_cast<std::int64_t>(random() % 60));
            break;
          case 2:
            if (t.board.breakpoints().size() < 8)
              (void)t.stop_at(random() % 4 == 0 ? "" : std::to_string(1 + random() % 30), 5s);
            break;
          case 3:
            (void)t.board.go_on({}, random() % 2 == 0);
            break;
          case 4:
            if (random() % 4 == 0) (void)t.board.clear(random() % 2 == 0 ? 0 : 1 + random() % 20);
            break;
          case 5:
            t.time->ns += 1'000'000'000;
            if (random() % 2 == 0) t.board.sweep();
            break;
          default:
            break;
        }
        (void)t.work->step();
        (void)t.sent();
      }
      (void)t.board.clear(0);
      for (int i = 0; i < 200 && t.sent() != t.next; ++i) t.step();
      QVERIFY2(t.sent() == t.next,
               qPrintable(QString{"seed %1: %2 of %3 sent"}.arg(seed + round).arg(t.sent()).arg(t.next)));
    }
  }
};

QTEST_GUILESS_MAIN(standing_task_test)
#include "standing_task_test.moc"
