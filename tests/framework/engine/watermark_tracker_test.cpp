#include "millrace/engine/watermark_tracker.hpp"

#include <QtTest>
#include <algorithm>
#include <vector>

#include "millrace/context.hpp"

using namespace millrace;
using engine::watermark_tracker;

class watermark_tracker_test : public QObject {
  Q_OBJECT
private slots:
  void isTheMinimumOfAllChannels() {
    watermark_tracker w{2};
    QVERIFY(!w.advance(0, {10}));
    QCOMPARE(w.current(), event_time::min());
    QVERIFY(w.advance(1, {7}));
    QCOMPARE(w.current().ns, 7);
    QVERIFY(w.advance(1, {20}));
    QCOMPARE(w.current().ns, 10);
  }

  void neverGoesBack() {
    watermark_tracker w{1};
    QVERIFY(w.advance(0, {10}));
    QVERIFY(!w.advance(0, {9}));
    QVERIFY(!w.advance(0, {10}));
    QCOMPARE(w.current().ns, 10);
    QCOMPARE(w.of(0).ns, 10);
  }

  void endsWhenEveryChannelHasEnded() {
    watermark_tracker w{2};
    QVERIFY(!w.advance(0, event_time::max()));
    QVERIFY(w.advance(1, {3}));
    QVERIFY(w.advance(1, event_time::max()));
    QCOMPARE(w.current(), event_time::max());
  }

  void idleChannelsHoldNobody() {
    watermark_tracker w{3};
    (void)w.advance(0, {10});
    (void)w.advance(1, {4});
    QVERIFY(w.set_idle(2));
    QCOMPARE(w.current().ns, 4);
    QVERIFY(w.set_idle(1));
    QCOMPARE(w.current().ns, 10);
    QVERIFY(!w.all_idle());
    // Back behind the others: it holds them, and nothing goes back.
    QVERIFY(!w.advance(1, {6}));
    QCOMPARE(w.current().ns, 10);
    QVERIFY(!w.advance(0, {30}));
    QVERIFY(w.advance(1, {12}));
    QCOMPARE(w.current().ns, 12);
  }

  void timeStandsStillWhenAllAreIdle() {
    watermark_tracker w{2};
    (void)w.advance(0, {10});
    (void)w.advance(1, {20});
    (void)w.set_idle(0);
    QCOMPARE(w.current().ns, 20);
    QVERIFY(!w.set_idle(1));
    QVERIFY(w.all_idle());
    QCOMPARE(w.current().ns, 20);
  }

  void idleChannelsHoldTimeWhereTheyAreOfOneKind() {
    watermark_tracker w{2, watermark_tracker::rule::slowest_of_all};
    (void)w.advance(0, {10});
    (void)w.advance(1, {20});
    QVERIFY(!w.set_idle(0));
    QCOMPARE(w.current().ns, 10);
    QVERIFY(!w.all_idle());
    QVERIFY(!w.set_idle(1));
    QVERIFY(w.all_idle());
    QVERIFY(!w.advance(1, {40}));
    QVERIFY(w.advance(0, {30}));
    QCOMPARE(w.current().ns, 30);
  }

  void endedChannelsBesideIdleOnesAreNoEnd() {
    watermark_tracker w{2};
    (void)w.advance(0, {10});
    (void)w.advance(1, {10});
    (void)w.set_idle(0);
    QVERIFY(!w.advance(1, event_time::max()));
    QVERIFY(w.all_idle());
    QCOMPARE(w.current().ns, 10);
    QVERIFY(w.advance(0, event_time::max()));
    QCOMPARE(w.current(), event_time::max());
  }

  void agreesWithACountedMinimum() {
    random_source random{17};
    watermark_tracker w{5};
    std::vector<std::int64_t> model(5, event_time::min().ns);
    for (int i = 0; i < 20'000; ++i) {
      const auto channel = random.below(5);
      const auto t = static_cast<std::int64_t>(random.below(100)) + i / 10;
      const auto before = w.current();
      const bool moved = w.advance(channel, {t});
      model[channel] = std::max(model[channel], t);
      QCOMPARE(w.current().ns, *std::ranges::min_element(model));
      QCOMPARE(moved, w.current() > before);
    }
  }
};

QTEST_APPLESS_MAIN(watermark_tracker_test)
#include "watermark_tracker_test.moc"
