// One task with its channels moved by hand: orders of messages that are rare even in the simulation.
#include "hand_channel.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>
#include <algorithm>
#include <map>

using namespace millrace;
using engine::epoch_target;
using engine::frame;
using engine::frame_kind;

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
  epoch_target target_of(epoch_id epoch) override { return targets.at(epoch); }
  void snapshot_taken(engine::task_snapshot&& part) override { parts.push_back(std::move(part)); }
  void snapshot_failed(epoch_id, const error&) override {}
  void ended() override {}
  void log(log_level, std::string) override {}

  std::map<epoch_id, epoch_target> targets;
  std::vector<engine::task_snapshot> parts;
};

/// The keyed task of a small topology.
struct keyed_task {
  enum class way { at_once, bit_by_bit };
  explicit keyed_task(const engine::task::restored& from = {}, way how = way::at_once) {
    const auto plan = sample::plan_of(sample::mesh({.producers = 1, .partitions = 1}));
    auto made = engine::assemble(*plan, 0, {1}, channels,
                                 {&time,
                                  [this](task_id) -> engine::task_host& { return host; },
                                  [](task_id) { return std::make_shared<engine::task_stats>(); },
                                  256,
                                  {},
                                  {}});
    tasks = std::move(made).value();
    work = std::ranges::find(tasks, "tally/0", [](const auto& t) { return t->name(); })->get();
    in = channels.wires.at("route/0.out -> tally/0.in");
    if (auto ok = how == way::at_once ? work->restore(from) : restore_bit_by_bit(from); !ok) {
      qFatal("%s", ok.error().message.c_str());
    }
  }
  result<void> restore_bit_by_bit(const engine::task::restored& from) {
    if (auto ok = work->begin_restoring(from); !ok) return ok;
    for (;; ++bits) {
      auto done = work->go_on_restoring({});
      if (!done) return std::move(done).error();
      if (*done) return {};
    }
  }
  void send(std::int64_t first, std::int64_t count, std::int64_t keys) {
    typed_builder<sample::reading> b{static_cast<std::uint32_t>(count)};
    for (std::int64_t i = 0; i < count; ++i) b.push(sample::reading_of(0, first + i, keys));
    frame f{.incarnation = {1}, .first = {next}, .count = static_cast<std::uint32_t>(count)};
    next += f.count;
    f.body = b.finish();
    in->frames.push_back(std::move(f));
  }
  void barrier(const epoch_target& target) {
    host.targets[target.epoch] = target;
    in->frames.push_back({.kind = frame_kind::barrier, .incarnation = {1}, .epoch = target.epoch, .first = {next}});
  }
  [[nodiscard]] std::size_t pages_of_newest() {
    (void)work->step();
    return host.parts.back().rows.pages.size();
  }

  hand_channels channels;
  hand_host host;
  sample::still_clock time;
  std::vector<std::unique_ptr<engine::task>> tasks;
  engine::task* work = nullptr;
  std::shared_ptr<sample::hand_wire> in;
  std::uint64_t next = 0;
  std::size_t bits = 0;  ///< calls that did not restore it to the end
};

}  // namespace

class task_test : public QObject {
  Q_OBJECT
private slots:
  void takesOnlyPagesThatChanged() {
    keyed_task t;
    t.send(0, 200, 1000);
    t.barrier({.epoch = {1}, .environment = 0, .full = true});
    QCOMPARE(t.pages_of_newest(), std::size_t{1});
    QVERIFY(t.work->epoch_complete({1}));
    t.barrier({.epoch = {2}, .environment = 1, .full = false});
    QCOMPARE(t.pages_of_newest(), std::size_t{1});
    QVERIFY(t.work->epoch_complete({2}));
    t.barrier({.epoch = {3}, .environment = 0, .full = false});
    QCOMPARE(t.pages_of_newest(), std::size_t{0});
  }

  void anAbortedEpochLeavesItsPagesDirty() {
    keyed_task t;
    t.send(0, 200, 1000);
    t.barrier({.epoch = {1}, .environment = 0, .full = false});
    QCOMPARE(t.pages_of_newest(), std::size_t{1});
    t.work->epoch_aborted({1});
    t.barrier({.epoch = {2}, .environment = 0, .full = false});
    QCOMPARE(t.pages_of_newest(), std::size_t{1});
  }

  void aBarrierMayOvertakeTheWordOfAnAbortedEpoch() {
    keyed_task t;
    t.send(0, 200, 1000);
    t.barrier({.epoch = {1}, .environment = 0, .full = false});
    QCOMPARE(t.pages_of_newest(), std::size_t{1});
    t.barrier({.epoch = {2}, .environment = 0, .full = false});
    QVERIFY2(t.pages_of_newest() == 1, "the pages of epoch 1 were never written");
    t.work->epoch_aborted({1});
    QVERIFY(t.work->epoch_complete({2}));
    t.barrier({.epoch = {3}, .environment = 0, .full = false});
    QCOMPARE(t.pages_of_newest(), std::size_t{0});
  }

  void loadsWhatTheFormatBeforeWrote() {
    keyed_task t;
    t.send(0, 200, 50);
    t.barrier({.epoch = {1}, .environment = 0, .full = true});
    (void)t.work->step();
    const auto& part = t.host.parts.back();
    // Format 2 had 12 fields and neither states of the partition (none) nor the type of keys ("string") behind them.
    const std::string tail = "\x90\xa6string";
    std::string meta{as_text(part.meta.view())};
    // Format 3 had no counts of dead letters in front.
    const std::string_view head{"\xdc\x00\x10\x04\x00\x00", 6};
    QVERIFY(meta.starts_with(head) && meta.ends_with(tail));
    meta = "\x9c\x02" + meta.substr(head.size(), meta.size() - head.size() - tail.size());
    byte_buffer page;
    QVERIFY(part.rows.pages.front().encode(page));
    keyed_task next{
        {.epoch = {1}, .meta = as_bytes(meta), .pieces = {{0, 1}}, .read = [&](const auto&, const auto& visit) {
           return visit(0, page.view());
         }}};
    next.next = 200;
    next.barrier({.epoch = {2}, .environment = 1, .full = true});
    (void)next.work->step();
    byte_buffer again;
    QVERIFY(next.host.parts.back().rows.pages.front().encode(again));
    QCOMPARE(as_text(again.view()), as_text(page.view()));
  }

  void restoresBitByBitWhatItRestoresAtOnce() {
    keyed_task t;
    t.send(0, 2000, 1000000);
    t.barrier({.epoch = {1}, .environment = 0, .full = true});
    while (t.host.parts.empty()) (void)t.work->step();
    const auto& part = t.host.parts.back();
    engine::task::restored from{.epoch = {1}, .meta = part.meta.view()};
    std::vector<byte_buffer> pages;
    for (const auto& page : part.rows.pages) {
      from.pieces.push_back({page.number, 1});
      QVERIFY(page.encode(pages.emplace_back()));
    }
    QVERIFY(pages.size() >= 4);
    from.read = [&](const engine::page_piece& piece, const auto& visit) {
      return visit(static_cast<std::uint32_t>(piece.where), pages[piece.where].view());
    };
    keyed_task next{from, keyed_task::way::bit_by_bit};
    QCOMPARE(next.bits, pages.size());
    QVERIFY(next.work->restored_bytes() > 0);
    next.next = t.next;
    next.barrier({.epoch = {2}, .environment = 1, .full = true});
    (void)next.work->step();
    const auto& again = next.host.parts.back().rows.pages;
    QCOMPARE(again.size(), pages.size());
    for (std::size_t i = 0; i < pages.size(); ++i) {
      byte_buffer encoded;
      QVERIFY(again[i].encode(encoded));
      QVERIFY(as_text(encoded.view()) == as_text(pages[i].view()));
    }
  }

  void aRouterPassesOnNothingTwice() {
    keyed_task t;
    auto* const router = std::ranges::find(t.tasks, "route/0", [](const auto& r) { return r->name(); })->get();
    QVERIFY(router->restore({}));
    const auto feed = t.channels.wires.at("numbers/0.out -> route/0.in");
    t.send(0, 10, 100);
    feed->frames.push_back(std::move(t.in->frames.front()));
    t.in->frames.clear();
    QCOMPARE(router->step(), engine::step_result::idle);
    // A sender that was rebuilt cuts its batches elsewhere.
    t.next = 4;
    t.send(4, 10, 100);
    feed->frames.push_back(std::move(t.in->frames.back()));
    t.in->frames.pop_back();
    QCOMPARE(router->step(), engine::step_result::idle);
    std::vector<std::int64_t> passed;
    for (const auto& f : t.in->frames) {
      if (f.kind != frame_kind::data) continue;
      for (const auto& r : rows<sample::reading>(*f.body)) passed.push_back(r.number);
    }
    QCOMPARE(passed.size(), std::size_t{14});
    for (std::size_t i = 0; i < passed.size(); ++i) QCOMPARE(passed[i], static_cast<std::int64_t>(i));
  }

  void aGapEndsTheTask() {
    keyed_task t;
    t.next = 3;
    t.send(3, 5, 10);
    QCOMPARE(t.work->step(), engine::step_result::failed);
    QCOMPARE(t.work->failure().action, failure_action::restart);
  }
};

QTEST_APPLESS_MAIN(task_test)
#include "task_test.moc"
