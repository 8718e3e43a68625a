// Frames in memory and on the disk: the same order in every case, whatever is on its way between the two.
#include "millrace/engine/frame_queue.hpp"

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <QtTest>

#include "millrace/engine/frame_block.hpp"
#include "millrace/testing/simulation.hpp"
#include "sample_actors.hpp"
#include "still_clock.hpp"

using namespace millrace;
using engine::frame;
using engine::frame_queue;
using engine::frame_spill;
using urgency = frame_queue::urgency;

namespace {

/// A disk that may be full or damaged.
struct troubled_disk final : engine::page_spill {
  struct trouble {
    std::atomic<bool> is_full{false};
    std::atomic<bool> is_damaged{false};
    std::atomic<int> pages{0};
    std::atomic<int> missing{0};
    std::atomic<bool> is_held{false};
  };
  explicit troubled_disk(std::shared_ptr<trouble> t) : in{*engine::memory_state_backend()->open("frames")}, has{t} {}

  result<void> put(std::span<const entry> pages) override {
    has->is_held.wait(true);
    if (has->is_full)
      return retryable_error(errc::disk_full, "no room in '/data' for " + std::to_string(has->missing) + " bytes");
    has->pages += static_cast<int>(pages.size());
    return in->put(pages);
  }
  result<void> get(engine::spill_place place, byte_buffer& out) override {
    if (has->is_damaged) return fatal_error(errc::corrupt, "what is there is not what was written");
    return in->get(place, out);
  }
  result<void> erase(std::span<const engine::spill_place> places) override {
    has->pages -= static_cast<int>(places.size());
    return in->erase(places);
  }
  std::uint64_t bytes() const override { return in->bytes(); }

  std::unique_ptr<engine::page_spill> in;
  std::shared_ptr<trouble> has;
};

frame numbered(std::int64_t n, std::uint32_t records = 20) {
  frame f{.first = {static_cast<std::uint64_t>(n)}, .count = records, .watermark = {n}, .ingest_ns = n};
  typed_builder<sample::reading> b{records};
  for (std::uint32_t i = 0; i < records; ++i) b.push(sample::reading_of(n % 3, n + i, 5));
  f.body = b.finish();
  return f;
}

struct table {
  std::shared_ptr<troubled_disk::trouble> disk = std::make_shared<troubled_disk::trouble>();
  sample::still_clock time;
  std::vector<std::string> said;
  std::mutex saying;
  engine::retained_budget all{std::uint64_t{1} << 30};
  std::shared_ptr<frame_spill> spill;

  explicit table(frame_spill::limits most = {}) {
    spill = std::make_shared<frame_spill>(std::make_unique<troubled_disk>(disk), most, time, [this](const auto& what) {
      const std::lock_guard lock{saying};
      said.push_back(what);
    });
  }
  [[nodiscard]] engine::retention may(std::uint64_t bytes_max = 64 << 10) {
    return {.bytes_max = bytes_max,
            .all = &all,
            .disk = spill,
            .batch_events = 20,
            .type = record_type_of<sample::reading>(),
            .stamp = {.channel = {7}}};
  }
  std::string text() {
    const std::lock_guard lock{saying};
    return said.empty() ? std::string{} : said.back();
  }
};

/// Waits until nothing is on its way to the disk.
bool settled(frame_queue& q) {
  return QTest::qWaitFor(
      [&] {
        q.tend();
        return !q.is_writing();
      },
      20'000);
}

/// Waits until there is less in memory than `table::may` lets be there, with nothing taken out; `passes`: what happens
/// between two looks.
bool finds_room(
    frame_queue& q, const std::function<void()>& passes = [] {}) {
  return QTest::qWaitFor(
      [&] {
        passes();
        q.tend();
        return q.memory_bytes() < 64 << 10;
      },
      20'000);
}

std::int64_t taken(frame_queue& q) {
  const auto front = q.front();
  if (!front) return -1;
  const auto f = q.pop();
  const auto n = static_cast<std::int64_t>(f.first.value);
  const auto records = rows<sample::reading>(*f.body);
  const bool is_whole = f.channel.value == 7 && f.watermark.ns == n && f.ingest_ns == n && records.size() == 20 &&
                        records[19] == sample::reading_of(n % 3, n + 19, 5);
  return is_whole ? n : -2;
}

}  // namespace

class frame_queue_test : public QObject {
  Q_OBJECT

  static void fill(frame_queue& q, std::int64_t from, std::int64_t to) {
    for (auto n = from; n < to; ++n) {
      auto f = numbered(n);
      f.channel = {7};
      q.push_anyway(engine::keep(std::move(f), 20));
    }
  }

private slots:
  void whatMemoryHasNoRoomForComesBackInOrder() {
    table t;
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 500);
    QVERIFY(settled(q));
    QVERIFY2(t.disk->pages > 10, qPrintable(QString::number(t.disk->pages)));
    QVERIFY2(q.memory_bytes() < 64 << 10, qPrintable(QString::number(q.memory_bytes())));
    const auto in_memory = q.memory_bytes();
    QCOMPARE(t.all.used(), in_memory);
    QVERIFY(t.spill->status().bytes > 0);
    for (std::int64_t n = 0; n < 500; ++n) QCOMPARE(taken(q), n);
    QVERIFY(q.empty());
    QCOMPARE(t.all.used(), std::uint64_t{0});
    QVERIFY2(QTest::qWaitFor([&] { return t.disk->pages == 0; }, 20'000), "what nobody needs is still on the disk");
    QCOMPARE(t.spill->status().bytes, std::uint64_t{0});
  }

  /// The same operations on two queues that share blocks, and on an oracle.
  void randomWaysKeepTheOrder() {
    random_source random{testing::seed_from_environment(20261122)};
    for (int round = 0; round < 12; ++round) {
      table t;
      auto kept = std::make_unique<frame_queue>(t.may(16 << 10), urgency::spare);
      auto waiting = std::make_unique<frame_queue>(t.may(16 << 10), urgency::needed);
      std::deque<std::int64_t> kept_oracle;
      std::deque<std::int64_t> waiting_oracle;
      std::int64_t next = 0;
      for (int i = 0; i < 400; ++i) {
        switch (random.below(8)) {
          case 0: {  // a snapshot is complete
            const auto n = random.below(kept_oracle.size() + 1);
            kept->drop_front(n);
            kept_oracle.erase(kept_oracle.begin(), kept_oracle.begin() + static_cast<std::ptrdiff_t>(n));
            break;
          }
          case 1: {  // the receiver is made anew
            const auto from = random.below(kept_oracle.size() + 1);
            auto again = std::make_unique<frame_queue>(kept->split(from, urgency::needed));
            again->append(std::move(*waiting));
            waiting = std::move(again);
            const auto at = kept_oracle.begin() + static_cast<std::ptrdiff_t>(from);
            waiting_oracle.insert(waiting_oracle.begin(), at, kept_oracle.end());
            kept_oracle.erase(at, kept_oracle.end());
            break;
          }
          case 2:
          case 3: {  // credit
            for (auto n = random.below(20); n != 0 && !waiting->empty(); --n) {
              QVERIFY(waiting->front());
              const auto place = waiting->place_of_front();
              const auto f = waiting->pop();
              QCOMPARE(static_cast<std::int64_t>(f.first.value), waiting_oracle.front());
              if (place.block != nullptr) {
                kept->push_place(place);
              } else {
                kept->push_anyway(engine::keep(f, 20));
              }
              kept_oracle.push_back(waiting_oracle.front());
              waiting_oracle.pop_front();
            }
            break;
          }
          case 4:
            QVERIFY(settled(*waiting) && settled(*kept));
            break;
          default: {
            const auto n = static_cast<std::int64_t>(random.below(10));
            fill(*waiting, next, next + n);
            for (std::int64_t k = 0; k < n; ++k) waiting_oracle.push_back(next++);
          }
        }
        QCOMPARE(kept->size(), std::uint64_t{kept_oracle.size()});
        QCOMPARE(waiting->size(), std::uint64_t{waiting_oracle.size()});
        const auto in_memory = kept->memory_bytes() + waiting->memory_bytes();
        QCOMPARE(t.all.used(), in_memory);
      }
      for (; !kept_oracle.empty(); kept_oracle.pop_front()) QCOMPARE(taken(*kept), kept_oracle.front());
      for (; !waiting_oracle.empty(); waiting_oracle.pop_front()) QCOMPARE(taken(*waiting), waiting_oracle.front());
      kept = nullptr;
      waiting = nullptr;
      QCOMPARE(t.all.used(), std::uint64_t{0});
    }
  }

  void whatIsDroppedIsFreedABlockAtATime() {
    table t;
    auto may = t.may(4 << 20);
    may.disk = nullptr;
    frame_queue q{may, urgency::spare};
    std::int64_t n = 0;
    for (; q.push(engine::keep(numbered(n), 20)); ++n) {
    }
    const auto full = t.all.used();
    q.clear();
    QVERIFY(q.empty());
    constexpr std::uint64_t block = 300 << 10;
    auto before = t.all.used();
    QVERIFY2(before + block > full, "all of it is freed at once");
    int steps = 0;
    for (; q.free_some(); ++steps) {
      QVERIFY(before - t.all.used() < block);
      before = t.all.used();
    }
    QVERIFY(steps > 10);
    QCOMPARE(before, std::uint64_t{0});
    for (std::int64_t i = 0; i < n; ++i) QVERIFY2(q.push(engine::keep(numbered(i), 20)), "there is room again");
    q.clear();
    QVERIFY2(q.push(engine::keep(numbered(0), 20)), "what was dropped is in nobody's way");
  }

  void aFullDiskLeavesThemInMemory() {
    table t;
    t.disk->is_full = true;
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 200);
    QVERIFY(settled(q));
    QVERIFY(QString::fromStdString(t.spill->status().refused).contains("no room in '/data'"));
    QVERIFY(QString::fromStdString(t.text()).contains("no room in '/data'"));
    QVERIFY(q.memory_bytes() > 64 << 10);
    t.disk->is_full = false;
    t.time.ns += 2'000'000'000;  // it is asked again after a while
    fill(q, 200, 300);
    QVERIFY(settled(q));
    QVERIFY(t.spill->status().refused.empty());
    QVERIFY(t.disk->pages > 0);
    for (std::int64_t n = 0; n < 300; ++n) QCOMPARE(taken(q), n);
  }

  void theLimitOfTheDiskIsALimit() {
    table t{{.bytes_max = 20 << 10}};
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 300);
    QVERIFY(settled(q));
    QVERIFY(t.spill->status().bytes <= 20 << 10);
    QVERIFY(QString::fromStdString(t.spill->status().refused).contains("used up"));
    for (std::int64_t n = 0; n < 300; ++n) QCOMPARE(taken(q), n);
  }

  void whatIsSentTooFastGoesThereOnlyWhereSomebodyWaits() {
    table t{{.rate_max = 100 << 10}};
    frame_queue spare{t.may(1 << 20), urgency::spare};
    fill(spare, 0, 1500);
    QVERIFY(settled(spare));
    QVERIFY(QString::fromStdString(t.text()).contains("are sent a second"));
    const int before = t.disk->pages;
    fill(spare, 1500, 1600);
    QVERIFY(settled(spare));
    QCOMPARE(t.disk->pages.load(), before);
    frame_queue needed{t.may(), urgency::needed};
    fill(needed, 0, 300);
    QVERIFY(settled(needed));
    QVERIFY(t.disk->pages > before);
  }

  /// What is not admitted must not be counted as waiting, and what is must be taken.
  void theBlockThatIsTheFirstTooFastIsTakenWhereSomebodyWaits() {
    constexpr std::uint64_t bytes = 64 << 10;
    table t{{.rate_max = 100 << 10, .waiting_max = 3 * bytes}};
    for (int episode = 0; episode < 10; ++episode) {
      for (int block = 0; block < 3; ++block) {
        std::vector<engine::kept_frame> frames;
        frames.push_back(engine::keep(numbered(block), 20));
        QVERIFY2(t.spill->take(frames, {bytes, true}) != nullptr, qPrintable(QString::number(episode)));
        QVERIFY(frames.empty());
        QVERIFY(QTest::qWaitFor([&] { return t.spill->status().waiting == 0; }, 20'000));
      }
      QVERIFY(!t.spill->status().refused.empty());
      t.time.ns += 30'000'000'000;
    }
    const std::lock_guard lock{t.saying};
    QCOMPARE(t.said.size(), std::size_t{10});
  }

  void aRefusalEndsWithTheHasteThoughNobodyOffersAnything() {
    table t{{.rate_max = 100 << 10}};
    frame_queue q{t.may(1 << 20), urgency::spare};
    fill(q, 0, 1500);
    QVERIFY(settled(q));
    QVERIFY(!t.spill->status().refused.empty());
    t.time.ns += 11'000'000'000;
    QCOMPARE(t.spill->status().refused, std::string{});
  }

  void whatTheDiskCouldNotWriteIsOfferedAgainThoughNothingComes() {
    table t;
    t.disk->is_full = true;
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 500);
    for (int retry = 0; retry < 3; ++retry) {
      QVERIFY(settled(q));
      QVERIFY2(q.may_find_room(), "whoever waits for room has to look again");
      QVERIFY(q.memory_bytes() > 64 << 10);
      t.time.ns += 2'000'000'000;
      q.tend();
    }
    t.disk->is_full = false;
    QVERIFY2(finds_room(q, [&] { t.time.ns += 100'000'000; }), qPrintable(QString::number(q.memory_bytes())));
    for (std::int64_t n = 0; n < 500; ++n) QCOMPARE(taken(q), n);
    QCOMPARE(t.all.used(), std::uint64_t{0});
  }

  void whatIsOfferedAgainIsNotSentAgain() {
    table t{{.rate_max = 1 << 20}};
    t.disk->is_full = true;
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 300);
    QVERIFY(settled(q));
    for (int i = 0; i < 10'000; ++i) q.tend();
    QVERIFY(QString::fromStdString(t.spill->status().refused).contains("no room in '/data'"));
    const std::lock_guard lock{t.saying};
    QCOMPARE(t.said.size(), std::size_t{1});
  }

  void aFullDiskIsSaidOnce() {
    table t;
    t.disk->is_full = true;
    frame_queue q{t.may(), urgency::needed};
    for (int i = 0; i < 5; ++i) {
      t.disk->missing = 100 + i;
      fill(q, 100 * i, 100 * (i + 1));
      QVERIFY(settled(q));
      t.time.ns += 2'000'000'000;
    }
    QVERIFY(QString::fromStdString(t.spill->status().refused).contains("104"));
    const std::lock_guard lock{t.saying};
    QCOMPARE(t.said.size(), std::size_t{1});
  }

  /// None of them ever has a block of the usual size.
  void manyLanesThatShareLittleMemoryGetToTheDisk() {
    table t;
    engine::retained_budget little{1 << 20};
    auto may = t.may(8 << 20);
    may.all = &little;
    std::deque<frame_queue> lanes;
    for (int i = 0; i < 64; ++i) lanes.emplace_back(may, urgency::spare);
    const auto refused_at_last = [&](frame_queue& lane, std::int64_t n) {
      return !QTest::qWaitFor([&] { return lane.push(engine::keep(numbered(n), 20)); }, 5000);
    };
    for (std::int64_t n = 0; n < 120; ++n) {
      for (auto& lane : lanes) QVERIFY2(!refused_at_last(lane, n), qPrintable(QString::number(n)));
    }
    QVERIFY(t.spill->status().bytes > 1 << 20);
    QVERIFY(little.used() <= little.bytes_max());
  }

  void whatTheDiskHadNoTimeForIsOfferedAgain() {
    table t{{.waiting_max = 12 << 10}};
    t.disk->is_held = true;
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 500);
    QVERIFY(q.memory_bytes() > 64 << 10);
    QVERIFY(q.may_find_room());
    t.disk->is_held = false;
    t.disk->is_held.notify_all();
    QVERIFY2(finds_room(q), qPrintable(QString::number(q.memory_bytes())));
    for (std::int64_t n = 0; n < 500; ++n) QCOMPARE(taken(q), n);
    QCOMPARE(t.all.used(), std::uint64_t{0});
  }

  void damageIsSaid() {
    table t;
    frame_queue q{t.may(), urgency::needed};
    fill(q, 0, 300);
    QVERIFY(settled(q));
    t.disk->is_damaged = true;
    for (;;) {
      const auto front = q.front();
      if (front) {
        (void)q.pop();
        continue;
      }
      QCOMPARE(front.error().code, errc::corrupt);
      break;
    }
    QVERIFY(!q.empty());
  }

  void barriersWatermarksAndLateMarksComeBackAsTheyWere() {
    std::vector<engine::kept_frame> frames;
    frames.push_back({{.kind = engine::frame_kind::barrier, .epoch = {5}, .first = {40}}, 0});
    frames.push_back({{.kind = engine::frame_kind::watermark, .first = {40}, .watermark = {-3}}, 0});
    auto late = numbered(40);
    batch_builder::mark_late(late.body, {{3, {17}}, {4, {18}}});
    frames.push_back({late, 0});
    byte_buffer bytes;
    engine::encode_frames(frames, bytes);
    const auto back = engine::decode_frames(bytes.view(), *record_type_of<sample::reading>(), {.target = {9}});
    QVERIFY(back);
    QCOMPARE(back->size(), std::size_t{3});
    QVERIFY((*back)[0].what.kind == engine::frame_kind::barrier && (*back)[0].what.epoch.value == 5);
    QCOMPARE((*back)[1].what.watermark.ns, std::int64_t{-3});
    QCOMPARE((*back)[2].what.body->late_marks()[1].watermark.ns, std::int64_t{18});
    QCOMPARE((*back)[2].what.target.value, 9U);
    for (std::size_t n = 0; n < bytes.size(); n += 7) {
      const auto cut = engine::decode_frames(bytes.view().first(n), *record_type_of<sample::reading>(), {});
      QVERIFY2(!cut, "a block that was cut off was read");
    }
  }
};

QTEST_GUILESS_MAIN(frame_queue_test)
#include "frame_queue_test.moc"
