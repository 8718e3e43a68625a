#include "millrace/engine/task_journal.hpp"

#include <QTest>

#include <string>

using millrace::epoch_id;
using millrace::engine::task_journal;

namespace {

constexpr epoch_id first{1};
constexpr epoch_id second{2};

/// All that is taken again, as digits.
std::string past_of(task_journal& j) {
  std::string out;
  while (const auto input = j.next_replayed()) {
    out += std::to_string(*input);
    j.advance();
  }
  return out;
}

void take(task_journal& j, const std::string& inputs) {
  for (const char c : inputs) j.took(static_cast<std::uint32_t>(c - '0'));
}

}  // namespace

class task_journal_test : public QObject {
  Q_OBJECT
private slots:
  void inputsComeAgainInTheOrderTheyWereTaken() {
    task_journal j;
    j.mark(first);
    take(j, "0001102");
    QCOMPARE(j.obstacle(first), std::string{});
    QVERIFY(!j.next_replayed());
    j.rewind(first);
    QCOMPARE(past_of(j), std::string{"0001102"});
  }

  void whatLiesBeforeTheSnapshotDoesNotComeAgain() {
    task_journal j;
    j.mark(first);
    take(j, "01");
    j.mark(second);
    take(j, "110");
    j.forget_before(second);
    QVERIFY(!j.obstacle(first).empty());
    j.rewind(second);
    QCOMPARE(past_of(j), std::string{"110"});
  }

  void aBarrierThatCameToNothingIsNoEnd() {
    task_journal j;
    j.mark(first);
    take(j, "00");
    j.mark(second);  // given up
    take(j, "01");
    j.rewind(first);
    QCOMPARE(past_of(j), std::string{"0001"});
    QVERIFY(!j.obstacle(second).empty());
  }

  void aSecondFailureTakesThePastAndWhatCameAfterIt() {
    task_journal j;
    j.mark(first);
    take(j, "01");
    j.rewind(first);
    QCOMPARE(past_of(j), std::string{"01"});
    take(j, "12");
    j.rewind(first);
    QCOMPARE(past_of(j), std::string{"0112"});
  }

  void aFailureWhileItCatchesUpBeginsAgain() {
    task_journal j;
    j.mark(first);
    take(j, "0120");
    j.rewind(first);
    j.advance();
    j.rewind(first);
    QCOMPARE(past_of(j), std::string{"0120"});
  }

  void whatItWouldNotDoAgainTheSameWayIsAnObstacleUntilTheNextSnapshot() {
    task_journal j;
    j.mark(first);
    take(j, "0");
    j.spoil("it has read the clock");
    j.spoil("something else");
    QCOMPARE(j.obstacle(first), std::string{"it has read the clock"});
    j.mark(second);
    take(j, "1");
    QCOMPARE(j.obstacle(first), std::string{"it has read the clock"});
    QCOMPARE(j.obstacle(second), std::string{});
  }

  void itIsBounded() {
    task_journal j;
    j.mark(first);
    for (std::size_t i = 0; i <= task_journal::entries_max; ++i) j.took(i % 2);
    QVERIFY(!j.obstacle(first).empty());
    // One input alone costs one entry, however much comes.
    task_journal single;
    single.mark(first);
    for (std::size_t i = 0; i <= task_journal::entries_max; ++i) single.took(0);
    QCOMPARE(single.obstacle(first), std::string{});
  }
};

QTEST_GUILESS_MAIN(task_journal_test)
#include "task_journal_test.moc"
