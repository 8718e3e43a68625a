// What an experiment measures from its samples.
#include "chaos/measurements.hpp"

#include <QtTest>

using namespace millrace::chaos;
using std::chrono::milliseconds;

namespace {

/// A sample each tenth of a second.
std::vector<sample> samples(const std::vector<double>& per_s, const std::string& phase = "fault") {
  std::vector<sample> out;
  for (const auto v : per_s) {
    out.push_back({milliseconds{100} * static_cast<int>(out.size()), phase, v, 0, static_cast<double>(out.size())});
  }
  return out;
}

/// The same, and a second and a half more of the last one; fast all the time.
std::vector<sample> followed(std::vector<double> per_s) {
  per_s.insert(per_s.end(), 15, per_s.back());
  auto out = samples(per_s);
  for (auto& s : out) s.p99_ms = 1;
  return out;
}

constexpr baseline usual{100, 20, 2};

}  // namespace

class measurements_test : public QObject {
  Q_OBJECT
private slots:
  void theBaselineIsThatOfItsPhase() {
    auto all = samples({100, 200}, "baseline");
    all[1].lag_ms = 40;
    all.push_back({milliseconds{500}, "fault", 900, 900, 900});
    const auto b = baseline_of(all);
    QCOMPARE(b.per_s, 150.0);
    QCOMPARE(b.p99_ms, 1.0);
    QCOMPARE(b.lag_ms, 40.0);
    QCOMPARE(baseline_of({}).per_s, 0.0);
  }
  void threeSamplesInARowAreARecovery() {
    const auto all = followed({100, 0, 0, 96, 50, 96, 95, 100, 100});
    QCOMPARE(recovery_of(all, milliseconds{150}, usual).after->count(), 550);
    const auto chance = recovery_of(samples({0, 96, 96, 94}), milliseconds{0}, usual);
    QVERIFY2(!chance.after, "one sample above the line may be chance");
    QCOMPARE(chance.missing, "throughput");
  }
  void whatCameBeforeTheEndOfTheFaultsDoesNotCount() {
    QVERIFY(!recovery_of(samples({100, 100, 100, 0, 100}), milliseconds{250}, usual).after);
  }
  /// Full throughput with a backlog that stays is no recovery.
  void lagThatDoesNotComeBackIsNoRecovery() {
    auto all = followed({0, 100, 100, 100, 100, 100, 100});
    for (auto& s : all) s.lag_ms = 900;
    const auto stuck = recovery_of(all, milliseconds{0}, usual);
    QVERIFY(!stuck.after);
    QCOMPARE(stuck.missing, "lag");
    for (std::size_t i = 5; i < all.size(); ++i) all[i].lag_ms = 99;
    QCOMPARE(recovery_of(all, milliseconds{0}, usual).after->count(), 700);
    auto slow = usual;
    slow.lag_ms = 450;
    for (auto& s : all) s.lag_ms = 900;
    QVERIFY2(recovery_of(all, milliseconds{0}, slow).after, "twice what it was before is as before");
  }
  void whereSinksGetSomethingNowAndThenOnlyThereIsNoLatencyToWaitFor() {
    auto all = followed({0, 100, 100, 100});
    for (auto& s : all) s.p99_ms = 0;
    const baseline silent{100, 20, 0};
    QCOMPARE(recovery_of(all, milliseconds{0}, silent).after->count(), 300);
    // What does come is looked at as ever.
    for (auto& s : all) s.p99_ms = 500;
    QVERIFY(!recovery_of(all, milliseconds{0}, silent).after);
  }
  /// A status tells of the last second, so p99 is looked at a second later.
  void latencyIsThatOfWhatWentThroughSince() {
    auto all = followed({0, 100, 100, 100});
    for (std::size_t i = 0; i < 8; ++i) all[i].p99_ms = 500;
    QCOMPARE(recovery_of(all, milliseconds{0}, usual).after->count(), 300);
    for (auto& s : all) s.p99_ms = 500;
    const auto slow = recovery_of(all, milliseconds{0}, usual);
    QVERIFY(!slow.after);
    QCOMPARE(slow.missing, "p99 latency");
    QVERIFY2(!recovery_of(samples({100, 100, 100, 100}), milliseconds{0}, usual).after, "not known yet");
  }
  void aMomentInWhichNothingWentThroughSaysNothingOfLatency() {
    auto all = followed({0, 100, 100, 100});
    for (std::size_t i = 4; i < all.size(); ++i) all[i].p99_ms = 0;
    QVERIFY(!recovery_of(all, milliseconds{0}, usual).after);
    all.back().p99_ms = 500;
    QVERIFY(!recovery_of(all, milliseconds{0}, usual).after);
    all.back().p99_ms = 1;
    QVERIFY(recovery_of(all, milliseconds{0}, usual).after);
  }
  void theWorstLagIsOfWhatWasMeasuredSince() {
    auto all = samples({1, 1, 1});
    all[0].lag_ms = 70;
    all[2].lag_ms = 30;
    QCOMPARE(lag_from(all, milliseconds{100}), 30.0);
    QCOMPARE(lag_from(all, milliseconds{900}), 0.0);
  }
  void theMedianIsOfWhatWasMeasured() {
    auto all = samples({1, 1, 1, 1, 1});
    all.back().p99_ms = 1'000;
    QCOMPARE(p99_from(all, milliseconds{100}), 3.0);
    QCOMPARE(p99_from(all, milliseconds{900}), 0.0);
  }
};

QTEST_GUILESS_MAIN(measurements_test)
#include "measurements_test.moc"
