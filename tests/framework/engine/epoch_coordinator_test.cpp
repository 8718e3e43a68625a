#include "millrace/engine/epoch_coordinator.hpp"

#include <QtTest>

using namespace millrace;
using namespace std::chrono_literals;
using engine::epoch_coordinator;

namespace {

constexpr epoch_coordinator::timing timing{.interval = 50ms, .timeout = 400ms};
constexpr std::int64_t ms = 1'000'000;

engine::task_snapshot part(std::uint32_t task, std::uint64_t epoch) {
  return {{task}, {.epoch = {epoch}}, {}, {}, {}, {}};
}

epoch_coordinator started(std::size_t tasks) {
  epoch_coordinator c{tasks, timing};
  for (std::uint32_t t = 0; t < tasks; ++t) c.on_task_started({t}, {1});
  return c;
}

}  // namespace

class epoch_coordinator_test : public QObject {
  Q_OBJECT
private slots:
  void startsOneEveryInterval() {
    auto c = started(1);
    QVERIFY(!c.is_due(49 * ms));
    QVERIFY(c.is_due(50 * ms));
    c.start({.epoch = {1}}, 50 * ms);
    QVERIFY2(!c.is_due(500 * ms), "one at a time");
    c.on_complete(60 * ms);
    QVERIFY(!c.is_due(99 * ms));
    QVERIFY(c.is_due(100 * ms));
  }

  void whatStoodInTheWayOfARecoveryIsNoFailure() {
    auto c = started(1);
    for (std::uint64_t e = 1; e < 10; ++e) {
      c.start({.epoch = {e}}, 50 * ms);
      c.on_abort(60 * ms, false);
    }
    QCOMPARE(c.failures_in_a_row(), 0U);
    c.request();
    QVERIFY2(c.is_due(60 * ms), "the next need not wait");
    c.start({.epoch = {10}}, 60 * ms);
    c.on_abort(60 * ms);
    QCOMPARE(c.failures_in_a_row(), 1U);
    c.request();
    QVERIFY(!c.is_due(60 * ms));
  }

  void whatWasAskedForComesAgainWhenItIsGivenUp() {
    epoch_coordinator c{1, {.interval = 0ms, .timeout = 400ms}};
    c.on_task_started({0}, {1});
    c.request();
    c.start({.epoch = {1}}, 0);
    c.on_abort(10 * ms, false);
    QVERIFY2(c.is_due(10 * ms), "nothing else would begin one");
    c.start({.epoch = {2}}, 10 * ms);
    c.on_complete(20 * ms);
    QVERIFY2(!c.is_due(60'000 * ms), "once is enough");
    c.start({.epoch = {3}}, 30 * ms);
    c.on_abort(40 * ms, false);
    QVERIFY2(!c.is_due(60'000 * ms), "nobody waits for that one");
    c.request();
    c.start({.epoch = {4}}, 50 * ms);
    c.on_abort(60 * ms);
    QVERIFY2(!c.is_due(1'000 * ms), "a full disk must not be hammered");
    QVERIFY(c.is_due(5'060 * ms));
  }

  void startsOnRequestAtOnce() {
    auto c = started(1);
    c.request();
    QVERIFY(c.is_due(1 * ms));
    QVERIFY(!c.next_is_last());
    c.request(true);
    QVERIFY(c.next_is_last() && c.was_stopped());
  }

  void handsOutAllPartsInOrderOfTask() {
    auto c = started(3);
    c.start({.epoch = {7}}, 0);
    QVERIFY(!c.on_part(part(2, 7)));
    QVERIFY2(!c.on_part(part(1, 6)), "a part of another epoch");
    QVERIFY(!c.on_part(part(0, 7)));
    QVERIFY2(!c.on_part(part(0, 7)), "a part given twice");
    const auto all = c.on_part(part(1, 7));
    QVERIFY(all.has_value());
    QCOMPARE(all->size(), std::size_t{3});
    for (std::uint32_t t = 0; t < 3; ++t) QCOMPARE((*all)[t].task.value, t);
  }

  void waitsAfterAFailureAndKeepsWhatWasAsked() {
    auto c = started(1);
    c.request(true);
    c.start({.epoch = {1}, .last = true}, 0);
    c.on_abort(10 * ms);
    QCOMPARE(c.failures_in_a_row(), 1U);
    QVERIFY2(!c.is_due(20 * ms), "a full disk must not be hammered");
    QVERIFY(c.is_due(110 * ms));
    QVERIFY(c.next_is_last());
    c.start({.epoch = {2}, .last = true}, 110 * ms);
    c.on_complete(120 * ms);
    QVERIFY(c.is_finished());
    QCOMPARE(c.failures_in_a_row(), 0U);
    QVERIFY(!c.is_due(10'000 * ms));
  }

  void saysForHowLongSnapshotsFail() {
    auto c = started(1);
    c.start({.epoch = {1}}, 100 * ms);
    QCOMPARE(c.failing_for(150 * ms).count(), std::int64_t{0});
    c.on_abort(200 * ms, false);
    QVERIFY2(c.failing_for(300 * ms).count() == 0, "it stood in the way of a recovery");
    c.start({.epoch = {2}}, 300 * ms);
    c.on_abort(400 * ms);
    c.start({.epoch = {3}}, 500 * ms);
    c.on_abort(600 * ms);
    QCOMPARE(c.failing_for(1000 * ms).count(), 700 * ms);
    c.start({.epoch = {4}}, 1000 * ms);
    c.on_complete(1100 * ms);
    QCOMPARE(c.failing_for(1200 * ms).count(), std::int64_t{0});
  }

  void namesTheEpochThatTakesTooLong() {
    auto c = started(1);
    QVERIFY(!c.overdue(1000 * ms).has_value());
    c.start({.epoch = {3}}, 100 * ms);
    QVERIFY(!c.overdue(499 * ms).has_value());
    QCOMPARE(c.overdue(500 * ms).value().value, std::uint64_t{3});
  }

  void endsWithALastEpochWhenEveryTaskHasEnded() {
    auto c = started(2);
    c.on_task_ended({0}, {1});
    QVERIFY(!c.next_is_last());
    c.on_task_ended({1}, {1});
    QVERIFY(c.is_due(1 * ms) && c.next_is_last() && !c.was_stopped());
  }

  void countsAnEndOnlyForTheIncarnationThatSaidIt() {
    auto c = started(2);
    c.on_task_ended({0}, {1});
    c.on_task_ended({1}, {1});
    c.on_task_started({0}, {2});
    QVERIFY2(!c.next_is_last(), "the new incarnation has not ended");
    c.on_task_ended({0}, {1});
    QVERIFY2(!c.next_is_last(), "a message from the dead");
    c.on_task_ended({0}, {2});
    QVERIFY(c.next_is_last());
  }

  void takesAnEndThatComesBeforeTheNewsOfTheStart() {
    epoch_coordinator c{1, timing};
    c.on_task_ended({0}, {4});
    QVERIFY(!c.next_is_last());
    c.on_task_started({0}, {4});
    QVERIFY(c.next_is_last());
  }
};

QTEST_APPLESS_MAIN(epoch_coordinator_test)
#include "epoch_coordinator_test.moc"
