#include "millrace/engine/retained_frames.hpp"

#include <QTest>

#include <string>

using millrace::epoch_id;
using millrace::engine::frame;
using millrace::engine::frame_kind;
using millrace::engine::retained_frames;

namespace {

constexpr epoch_id first{1};
constexpr epoch_id second{2};
constexpr std::uint64_t plenty = 1U << 20U;

frame numbered(std::uint64_t n) {
  frame f;
  f.kind = frame_kind::data;
  f.first = {n};
  return f;
}

/// Takes them out and puts them back, as a lane does that sends them again.
std::string since(retained_frames& r, epoch_id epoch) {
  std::string out;
  for (auto q = r.take_since(epoch); !q.empty();) {
    auto f = q.front() ? q.pop() : frame{};
    out += std::to_string(f.first.value);
    r.keep(std::move(f));
  }
  return out;
}

}  // namespace

class retained_frames_test : public QObject {
  Q_OBJECT
private slots:
  void whatWasSentBehindABarrierIsThere() {
    retained_frames r{{.bytes_max = plenty}};
    r.mark(first);
    r.keep(numbered(1));
    r.mark(second);
    r.keep(numbered(2));
    r.keep(numbered(3));
    QVERIFY(r.covers(first) && r.covers(second));
    QCOMPARE(since(r, second), std::string{"23"});
    QCOMPARE(since(r, first), std::string{"123"});
    QVERIFY(!r.covers(second));  // it came to nothing, or nobody would go back before it
  }

  void aCompleteSnapshotMakesTheOlderNeedless() {
    retained_frames r{{.bytes_max = plenty}};
    r.mark(first);
    r.keep(numbered(1));
    const auto one = r.memory_bytes();
    r.mark(second);
    r.keep(numbered(2));
    r.forget_before(second);
    QVERIFY(!r.covers(first));
    QCOMPARE(since(r, second), std::string{"2"});
    QCOMPARE(r.memory_bytes(), one);
  }

  void anEpochNobodyMarkedChangesNothing() {
    retained_frames r{{.bytes_max = plenty}};
    r.mark(first);
    r.keep(numbered(1));
    r.forget_before(second);
    QCOMPARE(since(r, first), std::string{"1"});
  }

  void beyondItsLimitItLetsGoUntilTheNextBarrier() {
    retained_frames r{{.bytes_max = 1000}};
    r.mark(first);
    for (std::uint64_t i = 0; i < 100; ++i) r.keep(numbered(i));
    QVERIFY(!r.covers(first));
    QCOMPARE(r.memory_bytes(), std::uint64_t{0});
    r.mark(second);
    r.keep(numbered(7));
    QVERIFY(r.covers(second));
    QCOMPARE(since(r, second), std::string{"7"});
  }

  void whoFindsTheCommonRoomUsedUpLetsGo() {
    millrace::engine::retained_budget all{1000};
    retained_frames greedy{{.bytes_max = plenty, .all = &all}};
    retained_frames modest{{.bytes_max = plenty, .all = &all}};
    greedy.mark(first);
    modest.mark(first);
    modest.keep(numbered(1));
    for (std::uint64_t i = 0; i < 100; ++i) greedy.keep(numbered(i));
    QVERIFY(!greedy.covers(first));
    QVERIFY(modest.covers(first));
    QCOMPARE(all.used(), modest.memory_bytes());
    modest.forget_before(first);
    QCOMPARE(since(modest, first), std::string{"1"});
  }

  void whatIsLetGoWithItsLaneIsRoomForOthers() {
    millrace::engine::retained_budget all{plenty};
    {
      retained_frames r{{.bytes_max = plenty, .all = &all}};
      r.mark(first);
      r.keep(numbered(1));
      QVERIFY(all.used() != 0);
    }
    QCOMPARE(all.used(), std::uint64_t{0});
  }
};

QTEST_GUILESS_MAIN(retained_frames_test)
#include "retained_frames_test.moc"
