// What computes over windows and the past of a key: rankings, sketches, moving statistics, rates, changes, series.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/processors/hyper_log_log.hpp"
#include "library/processors/quantile_sketch.hpp"
#include "millrace/context.hpp"
#include "text_harness.hpp"

#include <QtTest>
#include <algorithm>
#include <cmath>

using namespace millrace;
using namespace millrace::testing;
using millrace::library::hyper_log_log;
using millrace::library::quantile_sketch;
using lines = std::vector<std::string>;
using params = text_harness::params;

namespace {

constexpr const char* readings = "key:string,value:float64?,at:event_time";
constexpr const char* second = "1s";
constexpr std::int64_t second_ns = 1'000'000'000;

text_harness make(const std::string& id, params values, const char* fields = readings) {
  values.try_emplace("key", "key");
  return {"millrace." + id, std::move(values), fields};
}

std::string problem_of(const std::string& id, params values, const char* fields = readings) {
  return make(id, std::move(values), fields).problem();
}

/// `n` different values.
hyper_log_log sketch_of(std::uint64_t from, std::uint64_t n, unsigned precision) {
  hyper_log_log s;
  for (auto i = from; i < from + n; ++i) s.add(random_source{i}(), precision);
  return s;
}

template <class T>
std::string encoded(const T& v) {
  byte_buffer out;
  msgpack::writer w{out};
  codec<T>::encode(w, v);
  return std::string{as_text(out.view())};
}

}  // namespace

class statistics_test : public QObject {
  Q_OBJECT
private slots:
  void topKRanksTheItemsOfAWindow() {
    auto t = make("top_k", {{"item", "page"}, {"k", std::int64_t{2}}, {"size", second}},
                  "key:string,page:string,at:event_time");
    QCOMPARE(t.problem(), std::string{});
    t.push({"a,x,0", "a,y,1", "a,y,2", "a,z,3", "a,z,4", "b,x,5", "a,x,2000000000"});
    t.recover();
    t.watermark(second_ns);
    auto rows = t.take();
    std::ranges::sort(rows);
    QCOMPARE(rows, (lines{"a,0,1000000000,1,y,2,complete", "a,0,1000000000,2,z,2,complete",
                          "b,0,1000000000,1,x,1,complete"}));
    t.end();
    QCOMPARE(t.take(), (lines{"a,2000000000,3000000000,1,x,1,complete"}));
  }

  void topKSumsUp() {
    auto t = make("top_k", {{"item", "n, page"}, {"value", "v"}, {"size", second}},
                  "key:string,page:string?,n:int32,v:float64?,at:event_time");
    t.push({"a,x,1,2.5,0", "a,x,1,2.5,0", "a,,2,7,0", "a,x,3,,0", "a,x,1,nan,0"});
    t.end();
    QCOMPARE(t.take(), (lines{"a,0,1000000000,1,2,,7,complete", "a,0,1000000000,2,1,x,5,complete"}));
  }

  void runningTopKTellsChangesOnly() {
    auto t = make("running_top_k", {{"item", "page"}, {"k", std::int64_t{2}}}, "key:string,page:string,at:event_time");
    QCOMPARE(t.problem(), std::string{});
    t.push({"a,x,1", "a,y,2", "a,x,3", "a,z,4"});
    QCOMPARE(t.take(), (lines{"a,1,x,1,1", "a,1,x,1,2", "a,2,y,1,2"}));
    t.recover();
    t.push({"a,z,5", "a,z,6", "a,z,7"});
    QCOMPARE(t.take(), (lines{"a,1,x,2,5", "a,2,z,2,5", "a,1,z,3,6", "a,2,x,2,6"}));
  }

  /// Against a ranking made anew after each event.
  void runningTopKIsExactWhenSumsFall() {
    auto t = make("running_top_k", {{"item", "page"}, {"value", "v"}, {"k", std::int64_t{3}}},
                  "key:string,page:int64,v:float64,at:event_time");
    random_source random{7};
    std::map<std::int64_t, double> totals;
    lines last;
    for (int i = 0; i < 2000; ++i) {
      const auto page = static_cast<std::int64_t>(random.below(9));
      const auto v = static_cast<double>(random.below(21)) - 10;
      totals[page] += v;
      t.push({"a," + std::to_string(page) + "," + std::to_string(v) + "," + std::to_string(i)});
      if (const auto out = t.take(); !out.empty()) last = out;
      std::vector<std::pair<std::int64_t, double>> all(totals.begin(), totals.end());
      std::ranges::stable_sort(all, [](const auto& a, const auto& b) { return a.second > b.second; });
      all.resize(std::min<std::size_t>(all.size(), 3));
      QCOMPARE(last.size(), all.size());
      for (std::size_t r = 0; r < all.size(); ++r) {
        const auto expected = "a," + std::to_string(r + 1) + "," + std::to_string(all[r].first) + ",";
        QVERIFY2(last[r].starts_with(expected), (last[r] + " is not " + expected).c_str());
      }
    }
  }

  void rankingsHaveALimit() {
    for (const auto* id : {"top_k", "running_top_k"}) {
      params p{{"item", "page"}, {"items_max", std::int64_t{2}}};
      if (std::string{id} == "top_k") p["size"] = second;
      auto t = make(id, p, "key:string,page:string,at:event_time");
      t.push({"a,x,0", "a,y,0", "a,z,0", "a,x,0", "b,z,0"});
      const auto why = t.reasons();
      QCOMPARE(why.size(), std::size_t{1});
      QVERIFY2(says(why[0], "more than 'items_max' = 2 different items"), why[0].c_str());
    }
    QVERIFY(says(problem_of("top_k", {{"item", "key"}, {"size", second}}), "two output fields would be called 'key'"));
    QVERIFY(says(problem_of("top_k", {{"item", "x"}, {"size", second}}), "parameter 'item'"));
    QVERIFY(says(problem_of("running_top_k", {{"item", "at"}}), "would be called 'at'"));
    QVERIFY(says(problem_of("running_top_k", {{"item", "value"}, {"value", "key"}}), "parameter 'value'"));
  }

  /// Within five standard errors over sizes from a handful to a million, at three precisions.
  void distinctErrsAsStated() {
    for (const unsigned precision : {8U, 12U, 16U}) {
      const double error = 1.04 / std::sqrt(std::pow(2, precision));
      for (const std::uint64_t n : {1ULL, 10ULL, 300ULL, 5'000ULL, 60'000ULL, 1'000'000ULL}) {
        const double estimate = sketch_of(n * 31, n, precision).estimate();
        const double off = std::abs(estimate / static_cast<double>(n) - 1);
        QVERIFY2(off <= 5 * error, (std::to_string(n) + " became " + std::to_string(estimate)).c_str());
      }
    }
    QCOMPARE(hyper_log_log{}.estimate(), 0.0);
  }

  void distinctMergesExactly() {
    for (const std::uint64_t n : {20ULL, 900ULL, 40'000ULL}) {
      auto parts = sketch_of(0, n, 10);
      parts.merge(sketch_of(n / 2, n, 10));  // half of them again
      parts.merge({});
      const auto whole = sketch_of(0, n + n / 2, 10);
      QCOMPARE(parts.estimate(), whole.estimate());
      auto finer = sketch_of(0, n, 14);
      finer.merge(sketch_of(n / 2, n, 10));
      QCOMPARE(finer.estimate(), whole.estimate());
      auto coarser = sketch_of(n / 2, n, 10);
      coarser.merge(sketch_of(0, n, 14));
      QCOMPARE(coarser.estimate(), whole.estimate());
    }
  }

  void distinctReadsBackWhatItWroteAndNothingElse() {
    for (const std::uint64_t n : {0ULL, 20ULL, 40'000ULL}) {
      const auto bytes = encoded(sketch_of(0, n, 10));
      hyper_log_log back;
      msgpack::reader r{as_bytes(bytes)};
      QVERIFY(codec<hyper_log_log>::decode(r, back) && r.at_end());
      QCOMPARE(encoded(back), bytes);
      auto broken = bytes;
      broken[1] = 17;  // the precision
      hyper_log_log none;
      msgpack::reader other{as_bytes(broken)};
      QVERIFY(!codec<hyper_log_log>::decode(other, none));
    }
  }

  void distinctCountsByWindow() {
    auto d =
        make("distinct", {{"value", "user, n"}, {"size", second}}, "key:string,user:string?,n:int32,at:event_time");
    QCOMPARE(d.problem(), std::string{});
    d.push({"a,x,1,0", "a,x,1,1", "a,x,2,2", "a,y,1,3", "a,,1,4", "b,x,1,5", "a,x,1,1000000000"});
    d.recover();
    d.end();
    auto rows = d.take();
    std::ranges::sort(rows);
    QCOMPARE(rows,
             (lines{"a,0,1000000000,3,complete", "a,1000000000,2000000000,1,complete", "b,0,1000000000,1,complete"}));
    QVERIFY(says(problem_of("distinct", {{"value", "x"}, {"size", second}}), "parameter 'value'"));
    QVERIFY(says(problem_of("distinct", {{"value", "value"}, {"size", "x"}}), "parameter 'size'"));
    QVERIFY(
        says(problem_of("distinct", {{"value", "value"}, {"size", second}}, "key:string,value:int8"), "no event time"));
  }

  /// Against the numbers in order, of several distributions with both signs.
  void quantilesErrAsStated() {
    random_source random{3};
    for (const double accuracy : {0.01, 0.05}) {
      for (int kind = 0; kind < 3; ++kind) {
        quantile_sketch whole;
        quantile_sketch left;
        quantile_sketch right;
        std::vector<double> all;
        for (int i = 0; i < 20'000; ++i) {
          const double u = random.uniform();
          const double v = kind == 0 ? u * 100 - 50 : kind == 1 ? std::exp(20 * u) : std::floor(u * 5) - 2;
          all.push_back(v);
          whole.add(v, accuracy);
          (i % 3 == 0 ? left : right).add(v, accuracy);
        }
        left.merge(right);
        std::ranges::sort(all);
        for (const double q : {0.0, 0.001, 0.25, 0.5, 0.9, 0.999, 1.0}) {
          const double exact = all[static_cast<std::size_t>(q * static_cast<double>(all.size() - 1))];
          const double estimate = whole.at(q, accuracy);
          QVERIFY2(std::abs(estimate - exact) <= accuracy * std::abs(exact) * (1 + 1e-9),
                   (std::to_string(exact) + " became " + std::to_string(estimate)).c_str());
          QCOMPARE(left.at(q, accuracy), estimate);
        }
      }
    }
  }

  void quantilesKeepTheirLimit() {
    quantile_sketch s;
    for (int e = -300; e < 300; ++e) {
      for (int i = 1; i < 40; ++i) s.add(i * std::pow(10.0, e), 0.005);
    }
    QVERIFY(s.above.size() <= quantile_sketch::buckets_max);
    QVERIFY(std::abs(s.at(1, 0.005) / 39e299 - 1) <= 0.005);
  }

  void quantilesComeByWindow() {
    auto q =
        make("quantiles", {{"value", "value"}, {"quantiles", "0, 0.5,0.999"}, {"size", second}, {"accuracy", 0.002}});
    QCOMPARE(q.problem(), std::string{});
    lines rows{"a,nan,0", "a,,0", "a,inf,0"};
    for (int i = 1; i <= 100; ++i) rows.push_back("a," + std::to_string(i) + ",5");
    q.push(rows);
    q.recover();
    q.end();
    const auto out = q.take();
    QCOMPARE(out.size(), std::size_t{1});
    QVERIFY2(out[0].starts_with("a,0,1000000000,1,50."), out[0].c_str());
    QVERIFY(says(problem_of("quantiles", {{"value", "value"}, {"size", second}, {"quantiles", "50"}}),
                 "numbers from 0 to 1"));
    QVERIFY(says(problem_of("quantiles", {{"value", "value"}, {"size", second}, {"quantiles", "p50"}}),
                 "which is no number"));
    QVERIFY(says(problem_of("quantiles", {{"value", "value"}, {"size", second}, {"quantiles", "0.5,0.50"}}), "'p50'"));
    QVERIFY(says(problem_of("quantiles", {{"value", "value"}, {"size", second}, {"quantiles", ","}}), "is empty"));
  }

  void movingStatisticsOfTheLastEvents() {
    auto m = make("moving_statistics",
                  {{"value", "value"}, {"events", std::int64_t{3}}, {"functions", "count,sum,mean,stddev,min,max"}});
    QCOMPARE(m.problem(), std::string{});
    m.push({"a,1,9", "a,2,8", "b,7,7", "a,,6", "a,3,5"});
    m.recover();
    m.push({"a,7,4"});
    QCOMPARE(m.take(), (lines{"a,1,9,1,1,1,,1,1", "a,2,8,2,3,1.5,0.7071067811865476,1,2", "b,7,7,1,7,7,,7,7",
                              "a,3,5,3,6,2,1,1,3", "a,7,4,3,12,4,2.6457513110645907,2,7"}));
  }

  void movingStatisticsOfASpan() {
    auto m = make("moving_statistics",
                  {{"value", "value"}, {"span", second}, {"functions", "count,max"}, {"events_max", std::int64_t{3}}});
    m.push({"a,1,0", "a,2,999999999", "a,3,1000000000", "a,9,500000000", "a,4,1400000000", "a,5,1400000000"});
    QCOMPARE(m.take(), (lines{"a,1,0,1,1", "a,2,999999999,2,2", "a,3,1000000000,2,3", "a,9,500000000,1,9"}));
    const auto why = m.reasons();
    QCOMPARE(why.size(), std::size_t{2});
    QVERIFY2(says(why[0], "more than 'events_max' = 3 numbers in 1s"), why[0].c_str());
  }

  void movingStatisticsChecksItsParameters() {
    QVERIFY(says(problem_of("moving_statistics", {{"value", "value"}}), "either 'events' or 'span'"));
    QVERIFY(says(problem_of("moving_statistics", {{"value", "key"}, {"span", second}}), "no number"));
    QVERIFY(says(problem_of("moving_statistics", {{"value", "value"}, {"span", second}, {"functions", "median"}}),
                 "has 'median'"));
    QVERIFY(says(
        problem_of("moving_statistics", {{"value", "mean"}, {"span", second}}, "key:string,mean:int8,at:event_time"),
        "two output columns would be called 'mean'"));
  }

  void rateOfAGauge() {
    auto r = make("rate", {{"value", "value"}});
    QCOMPARE(r.problem(), std::string{});
    r.push({"a,10,0", "a,15,2000000000", "b,1,0", "a,5,4000000000"});
    r.recover();
    r.push({"a,7,3000000000", "a,nan,5000000000", "a,6,4500000000"});
    QCOMPARE(r.take(), (lines{"a,15,2000000000,2.5", "a,5,4000000000,-5", "a,6,4500000000,2"}));
    QCOMPARE(r.take("rest"), (lines{"a,10,0", "b,1,0", "a,7,3000000000", "a,nan,5000000000"}));
  }

  void rateOfACounterSeesResets() {
    auto r = make("rate", {{"value", "value"}, {"kind", "counter"}, {"per", "1m"}, {"pause", "10s"}});
    r.push({"a,100,0", "a,110,1000000000", "a,4,3000000000", "a,5,14000000000", "a,6,15000000000"});
    QCOMPARE(r.take(), (lines{"a,110,1000000000,600", "a,4,3000000000,120", "a,6,15000000000,60"}));
    QVERIFY(says(problem_of("rate", {{"value", "value"}}, "key:string,value:int8"), "no event time"));
    QVERIFY(says(problem_of("rate", {{"value", "value"}, {"per", "0s"}}), "parameter 'per'"));
  }

  void changeTellsWhatIsOther() {
    auto c = make("change", {{"field", "value"}});
    QCOMPARE(c.problem(), std::string{});
    c.push({"a,1,1", "a,1,2", "b,1,2", "a,2,3", "a,7,2", "a,nan,4"});
    c.recover();
    c.push({"a,2,5", "a,,6", "a,3,7"});
    QCOMPARE(c.take(), (lines{"a,1,,1", "b,1,,2", "a,2,1,3", "a,,2,6", "a,3,,7"}));
  }

  void changeTellsWhatMovedFarEnough() {
    auto c = make("change", {{"field", "value"}, {"by", 1.0}});
    c.push({"a,1,1", "a,1.9,2", "a,2,3", "a,2.1,4", "a,1.2,5", "a,,6", "a,0,7"});
    QCOMPARE(c.take(), (lines{"a,1,,1", "a,2.1,1,4", "a,0,2.1,7"}));
  }

  void changeTellsWhatStaysTheSame() {
    auto c = make("change", {{"field", "state"}, {"for", second}}, "key:string,state:string,at:event_time");
    c.push({"a,on,0", "a,off,500000000", "a,off,700000000"});
    c.watermark(1'400'000'000);
    QCOMPARE(c.take(), lines{});
    c.recover();
    c.watermark(1'600'000'000);
    QCOMPARE(c.take(), (lines{"a,off,,1500000000"}));
    c.push({"a,on,1700000000", "a,off,1800000000"});
    c.watermark(4'000'000'000);
    c.push({"a,on,5000000000"});
    c.end();
    QCOMPARE(c.take(), (lines{"a,on,off,6000000000"}));
  }

  void changeChecksItsParameters() {
    QVERIFY(says(problem_of("change", {{"field", "x"}}), "parameter 'field'"));
    QVERIFY(says(problem_of("change", {{"field", "key"}, {"by", 1.0}}), "no number"));
    QVERIFY(says(problem_of("change", {{"field", "value"}, {"by", 1.0}, {"for", second}}), "not both"));
    QVERIFY(says(problem_of("change", {{"field", "at"}, {"key", "value"}}, "value:string,at:event_time"),
                 "would be called 'value'"));
  }

  void fillGapsFillsBetween_data() {
    QTest::addColumn<QByteArray>("with");
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<QByteArray>("second_one");
    QTest::newRow("last") << QByteArray{"last"} << QByteArray{"4"} << QByteArray{"4"};
    QTest::newRow("zero") << QByteArray{"zero"} << QByteArray{"0"} << QByteArray{"0"};
    QTest::newRow("linear") << QByteArray{"linear"} << QByteArray{"6"} << QByteArray{"8"};
  }
  void fillGapsFillsBetween() {
    QFETCH(QByteArray, with);
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second_one);
    auto f = make("fill_gaps", {{"values", "value"}, {"step", second}, {"with", with.toStdString()}});
    QCOMPARE(f.problem(), std::string{});
    f.push({"a,4,700000000", "a,1,300000000", "a,,100", "a,10,3000000000"});
    f.watermark(2'500'000'000);
    QCOMPARE(f.take(), (lines{"a,4,false,0"}));
    f.recover();
    f.push({"a,5,900000000"});
    QCOMPARE(f.take("late"), (lines{"a,5,900000000"}));
    f.watermark(3'999'999'999);
    QCOMPARE(f.take(), (lines{"a," + first.toStdString() + ",true,1000000000",
                              "a," + second_one.toStdString() + ",true,2000000000", "a,10,false,3000000000"}));
  }

  void fillGapsLeavesLongOnes() {
    auto f = make("fill_gaps", {{"values", "value, n"}, {"step", second}, {"gap_max", std::int64_t{1}}},
                  "key:string,value:float64,n:int32,at:event_time");
    f.push({"a,1,2,0", "a,3,4,2000000000", "a,5,6,5000000000"});
    f.watermark(10'000'000'000);
    QCOMPARE(f.take(),
             (lines{"a,1,2,false,0", "a,1,2,true,1000000000", "a,3,4,false,2000000000", "a,5,6,false,5000000000"}));
    QCOMPARE(f.rig().key_count(), std::size_t{0});
  }

  void fillGapsChecksItsParameters() {
    QVERIFY(says(problem_of("fill_gaps", {{"values", "x"}, {"step", second}}), "parameter 'values'"));
    QVERIFY(says(problem_of("fill_gaps", {{"values", ","}, {"step", second}}), "'values' names no field"));
    QVERIFY(says(problem_of("fill_gaps", {{"values", "value"}, {"step", "0s"}}), "parameter 'step'"));
    QVERIFY(says(problem_of("fill_gaps", {{"values", "value,value"}, {"step", second}}), "'value'"));
  }
};

QTEST_APPLESS_MAIN(statistics_test)
#include "statistics_test.moc"
