// What committed output is compared by, and what is made of it.
#include "millrace/chaos/verdict.hpp"

#include <QtTest>

using namespace millrace::chaos;
using std::chrono::milliseconds;

namespace {

std::vector<output_record> records(const std::vector<std::string>& texts) {
  std::vector<output_record> out;
  for (const auto& t : texts) out.push_back({0, t.substr(0, 1), t});
  return out;
}

output_difference difference(const std::vector<std::string>& expected, const std::vector<std::string>& found,
                             output_order order = output_order::by_key) {
  return compare_outputs(records(expected), records(found), order);
}

findings fine() {
  findings f;
  f.faults = 1;
  f.has_oracle = true;
  f.output.expected = f.output.found = 10;
  f.baseline_per_s = 1000;
  f.recovery = milliseconds{200};
  f.p99_before_ms = 2;
  f.p99_after_ms = 3;
  return f;
}

}  // namespace

class verdict_test : public QObject {
  Q_OBJECT
private slots:
  void theSameIsEqualWhateverTheKeysOrder() {
    QVERIFY(difference({"a1", "b1", "a2"}, {"b1", "a1", "a2"}).is_equal());
    QVERIFY(difference({}, {}).is_equal());
  }
  void whatIsNotThereIsLost() {
    const auto d = difference({"a1", "a2", "b1"}, {"a1", "b1"});
    QCOMPARE(d.lost, std::uint64_t{1});
    QCOMPARE(d.examples, (std::vector<std::string>{"lost: a2"}));
    QVERIFY(!d.is_equal());
  }
  void whatIsThereTwiceIsDuplicated() {
    const auto d = difference({"a1", "a1", "a2"}, {"a1", "a1", "a1", "a2"});
    QCOMPARE(d.duplicated, std::uint64_t{1});
    QCOMPARE(d.lost + d.changed + d.unexpected, std::uint64_t{0});
  }
  void anotherRecordOfTheKeyIsAChange() {
    const auto d = difference({"a1", "b1"}, {"a9", "b1"});
    QCOMPARE(d.changed, std::uint64_t{1});
    QCOMPARE(d.lost + d.unexpected, std::uint64_t{0});
  }
  void anotherRecordOfAnotherKeyIsALossAndASurplus() {
    const auto d = difference({"a1"}, {"b1"});
    QCOMPARE(d.lost, std::uint64_t{1});
    QCOMPARE(d.unexpected, std::uint64_t{1});
  }
  void countsWhatWouldHaveToMove() {
    QCOMPARE(difference({"a1", "a2", "a3", "a4"}, {"a4", "a1", "a2", "a3"}).reordered, std::uint64_t{1});
    QCOMPARE(difference({"a1", "a2", "a3"}, {"a3", "a2", "a1"}).reordered, std::uint64_t{2});
    QCOMPARE(difference({"a1", "a1", "a2"}, {"a1", "a1", "a2"}).reordered, std::uint64_t{0});
    QCOMPARE(difference({"a1", "a2"}, {"a2", "a1"}, output_order::none).reordered, std::uint64_t{0});
  }
  void aLossIsNoReordering() {
    const auto d = difference({"a1", "a2", "a3", "a4"}, {"a1", "a3", "a4"});
    QCOMPARE(d.reordered, std::uint64_t{0});
    QCOMPARE(d.lost, std::uint64_t{1});
  }
  void passes() { QCOMPARE(judge(fine()).what, verdict_kind::pass); }
  void aFaultThatHitNothingIsNoPass() {
    auto f = fine();
    f.faults_without_hits = 1;
    QCOMPARE(judge(f).what, verdict_kind::invalid);
  }
  void noSteadyStateBeforeShowsNothing() {
    auto f = fine();
    f.was_steady_before = false;
    QCOMPARE(judge(f).what, verdict_kind::invalid);
  }
  void noOutputToCompareWithShowsNothing() {
    auto f = fine();
    f.output.expected = 0;
    QCOMPARE(judge(f).what, verdict_kind::invalid);
  }
  void wrongOutputFailsForItsReason() {
    for (const auto count : {&output_difference::lost, &output_difference::duplicated, &output_difference::changed,
                             &output_difference::unexpected, &output_difference::reordered}) {
      auto f = fine();
      f.output.*count = 3;
      const auto v = judge(f);
      QCOMPARE(v.what, verdict_kind::fail);
      QVERIFY(v.reasons.front().starts_with("3 records"));
    }
  }
  void aMethodThatWasNotPlayedShowsNothing() {
    auto f = fine();
    f.unplayed = 1;
    QCOMPARE(judge(f).what, verdict_kind::invalid);
  }
  /// The fault may have been what nobody saw strike.
  void whatWentWrongIsNotHiddenByAFaultThatMissed() {
    auto f = fine();
    f.faults_without_hits = 1;
    f.output.lost = 3;
    auto v = judge(f);
    QCOMPARE(v.what, verdict_kind::fail);
    QCOMPARE(v.reasons.size(), std::size_t{2});
    f = fine();
    f.faults_without_hits = 1;
    f.failure = "the run ended with exit code 139";
    QCOMPARE(judge(f).what, verdict_kind::fail);
    f.was_steady_before = false;
    QCOMPARE(judge(f).what, verdict_kind::invalid);
  }
  void moreDeadLettersOrLateEventsFail() {
    auto f = fine();
    f.dead_letters = f.dead_letters_expected = 5;
    QCOMPARE(judge(f).what, verdict_kind::pass);
    f.dead_letters = 6;
    QCOMPARE(judge(f).what, verdict_kind::fail);
    f = fine();
    f.late = 1;
    QCOMPARE(judge(f).what, verdict_kind::fail);
  }
  void aSlowOrMissingRecoveryDegrades() {
    auto f = fine();
    f.recovery = f.recovery_limit + milliseconds{1};
    QCOMPARE(judge(f).what, verdict_kind::degraded);
    f.recovery.reset();
    f.not_back = "lag";
    QCOMPARE(judge(f).what, verdict_kind::degraded);
    QCOMPARE(judge(f).reasons.front(), "lag did not come back to what it was within 30000 ms");
  }
  void anInputThatEndsBeforeTheRecoveryIsSeenIsNoPass() {
    auto f = fine();
    f.recovery.reset();
    f.not_back = "p99 latency";
    f.ended_early = true;
    QCOMPARE(judge(f).what, verdict_kind::degraded);
    QVERIFY(judge(f).reasons.front().starts_with("the input ended before p99 latency was seen"));
  }
  void latencyThatStaysHighDegrades() {
    auto f = fine();
    f.p99_after_ms = 50;
    QCOMPARE(judge(f).what, verdict_kind::degraded);
  }
  void anAbortIsNothingElse() {
    auto f = fine();
    f.abort_reason = "too many restarts";
    f.output.lost = 4;
    QCOMPARE(judge(f).what, verdict_kind::aborted);
  }
  void poisonBecomesADeadLetterEach() {
    auto f = fine();
    f.poison = 3;
    f.dead_letters = 3;
    QCOMPARE(judge(f).what, verdict_kind::pass);
    f.dead_letters = 2;
    QCOMPARE(judge(f).what, verdict_kind::fail);
    QCOMPARE(judge(f).reasons.front(), "1 dead letters missing");
    f.dead_letters = 4;
    QCOMPARE(judge(f).what, verdict_kind::fail);
  }
  void oddRecordsMayBeDeadLetteredOrLate() {
    auto f = fine();
    f.odd_records = 2;
    QCOMPARE(judge(f).what, verdict_kind::pass);
    f.late = 2;
    QCOMPARE(judge(f).what, verdict_kind::pass);
    f.late = 3;
    QCOMPARE(judge(f).what, verdict_kind::fail);
    f.late = 0;
    f.dead_letters = 2;
    QCOMPARE(judge(f).what, verdict_kind::pass);
  }
  void aFaultThatNobodySawShowsNothing() {
    auto f = fine();
    f.faults_unseen = 1;
    QCOMPARE(judge(f).what, verdict_kind::invalid);
  }
};

QTEST_GUILESS_MAIN(verdict_test)
#include "verdict_test.moc"
