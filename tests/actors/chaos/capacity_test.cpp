// What loads are judged by, and which ones are tried.
#include "bench/capacity.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::bench;
using chaos::sample;
using std::chrono::milliseconds;

namespace {

sample at(int ms, double per_s, double lag_ms = 5, double p99_ms = 3) {
  return {milliseconds{ms}, "load", per_s, lag_ms, p99_ms};
}

constexpr load_bounds bounds{50, 500};

/// A machine that sustains so much.
auto machine(double sustained, std::vector<double>& tried) {
  return [sustained, &tried](double rate) -> result<load_step> {
    tried.push_back(rate);
    load_step s;
    s.rate = rate;
    s.per_s = std::min(rate, sustained);
    if (rate > sustained) s.why = "it had to wait";
    return s;
  };
}

}  // namespace

class capacity_test : public QObject {
  Q_OBJECT
private slots:
  void aLoadIsSustainedWithinItsBounds() {
    const auto fine = judge_load({at(0, 980), at(100, 1000, 499, 50)}, 1000, bounds);
    QVERIFY2(fine.why.empty(), fine.why.c_str());
    QCOMPARE(fine.per_s, 990.0);
    QCOMPARE(fine.p99_ms, 50.0);
    QCOMPARE(fine.lag_ms, 499.0);
    QVERIFY(judge_load({at(0, 960)}, 1000, bounds).why.find("had to wait") != std::string::npos);
    QCOMPARE(judge_load({at(0, 1000, 5, 51)}, 1000, bounds).why, "p99 was 51 ms");
    QCOMPARE(judge_load({at(0, 1000), at(100, 1000, 900)}, 1000, bounds).why, "lag was 900 ms");
    QCOMPARE(judge_load({}, 1000, bounds).why, "nothing was measured");
  }
  void theHighestIsFoundToATenth() {
    for (const double sustained : {700.0, 10'000.0, 55'000.0, 1'234'567.0}) {
      std::vector<double> tried;
      const auto r = find_capacity(10'000, 1e8, machine(sustained, tried));
      QVERIFY(r && r->highest);
      QVERIFY(r->highest->rate <= sustained);
      QVERIFY2(r->highest->rate >= sustained / 1.11, qPrintable(QString::number(r->highest->rate)));
      QVERIFY(tried.size() < 20);
      QCOMPARE(r->steps.size(), tried.size());
    }
  }
  void noMoreThanWantedIsTried() {
    std::vector<double> tried;
    const auto r = find_capacity(1000, 5000, machine(1e9, tried));
    QCOMPARE(tried, (std::vector<double>{1000, 2000, 4000, 5000}));
    QCOMPARE(r->highest->rate, 5000.0);
    QVERIFY(capacity_text(*r, bounds).find("more than 5000 events/s was not tried") != std::string::npos);
  }
  void aTopologyThatSustainsNothingHasNoCapacity() {
    std::vector<double> tried;
    const auto r = find_capacity(1000, 1e6, machine(0, tried));
    QVERIFY(r && !r->highest);
    QVERIFY(tried.size() < 12);
    QVERIFY(capacity_text(*r, bounds).starts_with("no load was sustained"));
  }
  void whatCannotBeMeasuredEndsTheSearch() {
    const auto r = find_capacity(1, 10, [](double) -> result<load_step> { return user_error(errc::cancelled, "x"); });
    QVERIFY(!r);
    QCOMPARE(r.error().code, errc::cancelled);
  }
  /// A source gives more than its rate until it is level again.
  void aSpikeIsDrainedWhenTheLoadIsTheBasesAgain() {
    const std::vector<sample> all{at(0, 5000, 800), at(100, 9000, 700),  at(200, 9000, 100),
                                  at(300, 1020),    at(400, 9000),       at(500, 1050),
                                  at(600, 980),     at(700, 1000, 5, 3), at(800, 1000, 5, 3)};
    QCOMPARE(drained_after(all, milliseconds{100}, 1000, bounds)->count(), 600);
    auto slow = all;
    slow[6].p99_ms = 51;
    QVERIFY(!drained_after(slow, milliseconds{100}, 1000, bounds));
    slow = all;
    for (auto& s : slow) s.lag_ms = 501;
    QVERIFY(!drained_after(slow, milliseconds{100}, 1000, bounds));
  }
  void theStatementNamesItsBounds() {
    capacity_result r;
    r.steps = {{1000, 1000, 5, 20, 30, ""}, {2000, 1500, 90, 20, 30, "the source gave 1500 events/s: it had to wait"}};
    r.highest = r.steps.front();
    r.spike = spike_result{500, 5, milliseconds{2000}, 1900, 300, 40, 60, milliseconds{1500}};
    const auto text = capacity_text(r, bounds);
    for (const auto* const part :
         {"1000 events/s sustained", "p99 5.0 ms, at most 50", "lag 20 ms, at most 500",
          "at 2000 events/s the source gave 1500", "5.0 times 500 events/s for 2.0 s", "drained 1.5 s after its end"}) {
      QVERIFY2(text.find(part) != std::string::npos, (text + part).c_str());
    }
    r.spike->drained.reset();
    QVERIFY(capacity_text(r, bounds).find("NOT drained") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(capacity_test)
#include "capacity_test.moc"
