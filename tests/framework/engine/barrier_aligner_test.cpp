#include "millrace/engine/barrier_aligner.hpp"

#include <QtTest>

using namespace millrace;
using engine::barrier_aligner;
using verdict = barrier_aligner::verdict;

class barrier_aligner_test : public QObject {
  Q_OBJECT
private slots:
  void alignsOnlyAfterEveryInputDelivered() {
    barrier_aligner a{3};
    QCOMPARE(a.on_barrier(1, {5}), verdict::hold);
    QVERIFY(a.is_held(1) && !a.is_held(0) && !a.is_held(2));
    QCOMPARE(a.on_barrier(0, {5}), verdict::hold);
    QVERIFY(a.is_aligning());
    QCOMPARE(a.on_barrier(2, {5}), verdict::aligned);
    QVERIFY(!a.is_aligning() && !a.is_held(0) && !a.is_held(1) && !a.is_held(2));
  }

  void needsNoPatienceWithOneInput() {
    barrier_aligner a{1};
    QCOMPARE(a.on_barrier(0, {1}), verdict::aligned);
    QCOMPARE(a.on_barrier(0, {2}), verdict::aligned);
  }

  void countsAnInputOnce() {
    barrier_aligner a{2};
    QCOMPARE(a.on_barrier(0, {1}), verdict::hold);
    QCOMPARE(a.on_barrier(0, {1}), verdict::hold);
    QCOMPARE(a.on_barrier(1, {1}), verdict::aligned);
  }

  void givesUpAnEpochWhenALaterOneArrives() {
    barrier_aligner a{2};
    QCOMPARE(a.on_barrier(0, {1}), verdict::hold);
    QCOMPARE(a.on_barrier(1, {2}), verdict::hold);
    QVERIFY2(!a.is_held(0), "the input that waited for epoch 1 must be read again to find the barrier of epoch 2");
    QCOMPARE(a.on_barrier(1, {1}), verdict::stale);
    QCOMPARE(a.on_barrier(0, {2}), verdict::aligned);
  }

  void ignoresBarriersOfEpochsThatAreOver() {
    barrier_aligner a{2};
    (void)a.on_barrier(0, {4});
    QCOMPARE(a.on_barrier(1, {4}), verdict::aligned);
    QCOMPARE(a.on_barrier(0, {4}), verdict::stale);
    QCOMPARE(a.on_barrier(0, {3}), verdict::stale);
    QVERIFY(!a.is_held(0) && !a.is_aligning());
  }
};

QTEST_APPLESS_MAIN(barrier_aligner_test)
#include "barrier_aligner_test.moc"
