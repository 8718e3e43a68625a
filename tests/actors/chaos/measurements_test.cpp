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

}  // namespace

class measurements_test : public QObject {
  Q_OBJECT
private slots:
  void theBaselineIsThatOfItsPhase() {
    auto all = samples({100, 200}, "baseline");
    all.push_back({milliseconds{500}, "fault", 900, 0, 900});
    const auto b = baseline_of(all);
    QCOMPARE(b.per_s, 150.0);
    QCOMPARE(b.p99_ms, 1.0);
    QCOMPARE(baseline_of({}).per_s, 0.0);
  }
  void threeSamplesInARowAreARecovery() {
    const auto all = samples({100, 0, 0, 96, 50, 96, 95, 100, 100});
    QCOMPARE(recovery_of(all, milliseconds{150}, 100)->count(), 550);
    QVERIFY2(!recovery_of(samples({0, 96, 96, 94}), milliseconds{0}, 100), "one sample above the line may be chance");
  }
  void whatCameBeforeTheEndOfTheFaultsDoesNotCount() {
    QVERIFY(!recovery_of(samples({100, 100, 100, 0, 100}), milliseconds{250}, 100));
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
