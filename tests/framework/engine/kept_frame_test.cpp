// What frames that are kept take in memory: held against what the allocator gave.
#include "millrace/engine/kept_frame.hpp"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include <QtTest>

#include "millrace/dynamic_batch.hpp"
#include "millrace/engine/retained_frames.hpp"
#include "sample_actors.hpp"

namespace {

std::atomic<std::int64_t> in_use{0};

// Of each block, what the allocator itself needs.
constexpr std::int64_t block_head = 8;

}  // namespace

void* operator new(std::size_t bytes) {
  void* const p = std::malloc(bytes == 0 ? 1 : bytes);
  if (p == nullptr) throw std::bad_alloc{};
  in_use += static_cast<std::int64_t>(malloc_usable_size(p)) + block_head;
  return p;
}
void operator delete(void* p) noexcept {
  if (p == nullptr) return;
  in_use -= static_cast<std::int64_t>(malloc_usable_size(p)) + block_head;
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  operator delete(p);
}

using namespace millrace;
using engine::retained_frames;

namespace {

constexpr std::uint32_t room = 256;
constexpr std::uint64_t limit = std::uint64_t{8} << 20;

struct flat {
  std::int64_t a{};
  std::int64_t b{};
  event_time at{};
};
MILLRACE_RECORD(flat, 1, a, b, at)

batch_ptr flats(std::uint32_t count) {
  typed_builder<flat> b{room};
  for (std::uint32_t i = 0; i < count; ++i) {
    b.push({1, 2, {3}});
    b.push_key_hash(i);
  }
  return b.finish();
}

batch_ptr readings(std::uint32_t count) {
  typed_builder<sample::reading> b{room};
  for (std::uint32_t i = 0; i < count; ++i) b.push({.key = "a key that has a block of its own", .number = i});
  return b.finish();
}

batch_ptr dynamics(std::uint32_t count) {
  static const auto type = dynamic_record_type(record_type_of<sample::reading>()->shared_schema());
  const auto b = type->make_builder(room);
  for (std::uint32_t i = 0; i < count; ++i) {
    b->begin_row();
    (void)b->set(0, value::of(std::string_view{"a key that has a block of its own"}));
  }
  return b->finish();
}

using maker = batch_ptr (*)(std::uint32_t);

}  // namespace

class kept_frame_test : public QObject {
  Q_OBJECT

  static void kinds() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<std::uint32_t>("count");
    const char* const names[] = {"flat", "with strings", "dynamic"};
    for (int kind = 0; kind < 3; ++kind) {
      for (const std::uint32_t count : {1U, 2U, 17U, 100U, 200U, 256U}) {
        QTest::addRow("%s, %u records", names[kind], count) << kind << count;
      }
    }
  }
  static maker maker_of(int kind) {
    constexpr maker makers[] = {flats, readings, dynamics};
    return makers[kind];
  }

private slots:
  void theLimitHoldsInBytesOfTheAllocator_data() { kinds(); }
  void theLimitHoldsInBytesOfTheAllocator() {
    QFETCH(int, kind);
    QFETCH(std::uint32_t, count);
    const auto make = maker_of(kind);
    // What the thread keeps warm is not what is kept here.
    for (int i = 0; i < 300; ++i) (void)make(count);
    const auto before = in_use.load();
    retained_frames r{{.bytes_max = limit, .batch_events = room}};
    r.mark({1});
    std::int64_t most = 0;
    std::uint64_t kept = 0;
    while (r.covers({1})) {
      engine::frame f{.count = count};
      f.body = make(count);
      r.keep(std::move(f));
      ++kept;
      most = std::max(most, in_use.load() - before);
    }
    // One block being filled may be larger by what its vector has in reserve, and one frame is being made.
    constexpr std::int64_t slack = 128 << 10;
    QVERIFY2(most <= static_cast<std::int64_t>(limit) + slack,
             qPrintable(QString{"%1 bytes in use for %2 kept frames"}.arg(most).arg(kept)));
    QVERIFY2(most >= static_cast<std::int64_t>(limit) / 4,
             qPrintable(QString{"only %1 bytes of the room are used"}.arg(most)));
  }

  void aBatchThatFillsLittleIsKeptInOneOfItsSize() {
    engine::frame f{.count = 1};
    f.body = flats(1);
    const auto whole = engine::memory_of(*f.body, room);
    const auto kept = engine::keep(f, room);
    QVERIFY(kept.what.body != f.body);
    QVERIFY(kept.bytes * 4 < whole);
    QCOMPARE(rows<flat>(*kept.what.body)[0].b, std::int64_t{2});
    f.body = flats(room);
    QVERIFY2(engine::keep(f, room).what.body == f.body, "a full one is not copied");
  }

  void lateMarksGoAlong() {
    engine::frame f{.count = 2};
    typed_builder<flat> b{room};
    b.push({});
    b.begin_late({7});
    b.push({});
    b.end_late();
    f.body = b.finish();
    const auto kept = engine::keep(f, room);
    QVERIFY(kept.what.body != f.body);
    QCOMPARE(kept.what.body->late_marks().size(), std::size_t{1});
    QCOMPARE(kept.what.body->late_marks().front().row, 1U);
    QCOMPARE(kept.what.body->late_marks().front().watermark.ns, std::int64_t{7});
  }
};

QTEST_APPLESS_MAIN(kept_frame_test)
#include "kept_frame_test.moc"
