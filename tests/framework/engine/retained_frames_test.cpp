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

std::string since(const retained_frames& r, epoch_id epoch) {
  std::string out;
  r.for_each_since(epoch, [&](const auto& e) { out += std::to_string(e.what.first.value); });
  return out;
}

}  // namespace

class retained_frames_test : public QObject {
  Q_OBJECT
private slots:
  void whatWasSentBehindABarrierIsThere() {
    retained_frames r{plenty};
    r.mark(first);
    r.keep(numbered(1), 1);
    r.mark(second);
    r.keep(numbered(2), 1);
    r.keep(numbered(3), 1);
    QVERIFY(r.covers(first) && r.covers(second));
    QCOMPARE(since(r, first), std::string{"123"});
    QCOMPARE(since(r, second), std::string{"23"});
  }

  void aCompleteSnapshotMakesTheOlderNeedless() {
    retained_frames r{plenty};
    r.mark(first);
    r.keep(numbered(1), 1);
    const auto one = r.bytes();
    r.mark(second);
    r.keep(numbered(2), 1);
    r.forget_before(second);
    QVERIFY(!r.covers(first));
    QCOMPARE(since(r, second), std::string{"2"});
    QCOMPARE(r.bytes(), one);
  }

  void anEpochNobodyMarkedChangesNothing() {
    retained_frames r{plenty};
    r.mark(first);
    r.keep(numbered(1), 1);
    r.forget_before(second);
    QCOMPARE(since(r, first), std::string{"1"});
  }

  void beyondItsLimitItLetsGoUntilTheNextBarrier() {
    retained_frames r{1000};
    r.mark(first);
    for (std::uint64_t i = 0; i < 100; ++i) r.keep(numbered(i), 1);
    QVERIFY(!r.covers(first));
    QCOMPARE(r.bytes(), std::uint64_t{0});
    r.mark(second);
    r.keep(numbered(7), 1);
    QVERIFY(r.covers(second));
    QCOMPARE(since(r, second), std::string{"7"});
  }
};

QTEST_GUILESS_MAIN(retained_frames_test)
#include "retained_frames_test.moc"
