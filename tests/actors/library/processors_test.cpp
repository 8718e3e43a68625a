// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/processors/aggregate.hpp"
#include "library/processors/decimal_sum.hpp"
#include "millrace/key.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

constexpr const char* readings = "sensor:string,value:float64?,at:event_time";

text_rig::setting aggregate(std::map<std::string, param_value> params) {
  params.try_emplace("key", "sensor");
  params.try_emplace("value", "value");
  return {.id = "millrace.aggregate", .params = std::move(params), .input_fields = readings};
}

text_rig::setting filter(const char* field, const char* comparison, const char* operand) {
  return {.id = "millrace.filter",
          .params = {{"field", field}, {"comparison", comparison}, {"value", operand}},
          .input_fields = "s:string?,i:int32?,f:float64?,t:event_time?,d:decimal?,b:bool?"};
}

}  // namespace

class processors_test : public QObject {
  Q_OBJECT
private slots:
  void filterParts_data() {
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<QByteArray>("comparison");
    QTest::addColumn<QByteArray>("operand");
    QTest::addColumn<QByteArray>("kept");  // numbers of the records that go to "out"
    QTest::newRow("text") << QByteArray{"s"} << QByteArray{"=="} << QByteArray{"abc"} << QByteArray{"0"};
    QTest::newRow("text order") << QByteArray{"s"} << QByteArray{">"} << QByteArray{"abc"} << QByteArray{"1"};
    QTest::newRow("contains") << QByteArray{"s"} << QByteArray{"contains"} << QByteArray{"b"} << QByteArray{"01"};
    QTest::newRow("integer") << QByteArray{"i"} << QByteArray{">="} << QByteArray{"-3"} << QByteArray{"01"};
    QTest::newRow("float") << QByteArray{"f"} << QByteArray{"<"} << QByteArray{"2.5"} << QByteArray{"0"};
    QTest::newRow("float, not") << QByteArray{"f"} << QByteArray{"!="} << QByteArray{"1.5"} << QByteArray{"12"};
    QTest::newRow("time") << QByteArray{"t"} << QByteArray{"<="} << QByteArray{"1970-01-01T00:00:01Z"}
                          << QByteArray{"0"};
    QTest::newRow("decimal") << QByteArray{"d"} << QByteArray{"=="} << QByteArray{"1.5"} << QByteArray{"0"};
    QTest::newRow("bool") << QByteArray{"b"} << QByteArray{"=="} << QByteArray{"true"} << QByteArray{"0"};
  }
  void filterParts() {
    QFETCH(QByteArray, field);
    QFETCH(QByteArray, comparison);
    QFETCH(QByteArray, operand);
    QFETCH(QByteArray, kept);
    const lines all{"abc,-3,1.5,1000000000,1.50,true", "bcd,7,nan,2000000000,2.50,false", ",,,,,"};
    text_rig rig{filter(field, comparison, operand)};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed(all);
    lines out;
    lines rest;
    for (std::size_t i = 0; i < all.size(); ++i)
      (kept.contains(static_cast<char>('0' + i)) ? out : rest).push_back(all[i]);
    QCOMPARE(rig.output("out"), out);
    QCOMPARE(rig.output("rest"), rest);
  }

  void filterRefusesWhatCannotBeCompared() {
    QVERIFY(text_rig{filter("x", "==", "1")}.problem().find("have no field 'x' (they have s:string?") !=
            std::string::npos);
    QVERIFY(text_rig{filter("i", "==", "one")}.problem().find("expected a whole number") != std::string::npos);
    QVERIFY(text_rig{filter("i", "contains", "1")}.problem().find("contains works on text") != std::string::npos);
    QVERIFY(text_rig{filter("i", "~", "1")}.problem().find("one of '=='") != std::string::npos);
  }

  void aggregateShowsEveryChange() {
    text_rig rig{aggregate({{"functions", "count,sum,min,max,mean"}})};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"a,1,10", "b,5,11", "a,-3,9", "a,,12", "a,nan,13"});
    QCOMPARE(rig.output(), (lines{"a,1,1,1,1,1,10", "b,1,5,5,5,5,11", "a,2,-2,-3,1,-1,10"}));
  }

  void aggregateGivesOneRowAKeyAtTheEnd() {
    text_rig rig{aggregate({{"emit", "end"}, {"functions", "count"}, {"value", ""}})};
    rig.feed({"b,1,10", "a,1,11", "b,1,12", "c,,13"});
    QCOMPARE(rig.output(), lines{});
    rig.as<>().on_end_of_input(rig.ctx());
    QCOMPARE(rig.output(), (lines{"a,1,11", "b,2,12", "c,1,13"}));
  }

  void aggregateGivesChangedKeysAtWatermarks() {
    text_rig rig{aggregate({{"emit", "watermark"}, {"functions", "sum"}})};
    rig.feed({"b,1,10", "a,2,11", "b,3,12"});
    rig.as<>().on_watermark(rig.ctx());
    QCOMPARE(rig.output(), (lines{"a,2,11", "b,4,12"}));
    rig.as<>().on_watermark(rig.ctx());
    rig.feed({"a,5,13"});
    rig.as<>().on_restore(rig.ctx());  // finds what changed since in the rows
    rig.as<>().on_end_of_input(rig.ctx());
    QCOMPARE(rig.output(), (lines{"a,2,11", "b,4,12", "a,7,13"}));
  }

  /// Ten times 0.10 is 1.00, and not 0.9999999999999999.
  void aggregateSumsDecimalsExactly() {
    const auto of_decimals = [](const char* emit) {
      return text_rig::setting{
          .id = "millrace.aggregate",
          .params = {{"key", "s"}, {"value", "d"}, {"functions", "sum,min,max,mean"}, {"emit", emit}},
          .input_fields = "s:string,d:decimal?"};
    };
    text_rig rig{of_decimals("end")};
    QCOMPARE(rig.problem(), std::string{});
    for (int i = 0; i < 10; ++i) rig.feed({"a,0.10"});
    rig.feed({"b,9007199254740993", "b,0.01", "b,-2.5", "a,"});
    rig.as<>().on_end_of_input(rig.ctx());
    QCOMPARE(rig.output(),
             (lines{"a,1.00,0.10,0.10,0.1,0", "b,9007199254740990.51,-2.5,9007199254740993,3002399751580330.5,0"}));
    text_rig full{of_decimals("change")};
    full.feed({"a,9223372036854775807"});
    QVERIFY_EXCEPTION_THROWN(full.feed({"a,1"}), std::runtime_error);
    QVERIFY_EXCEPTION_THROWN(full.feed({"a,0.1"}), std::runtime_error);
    full.feed({"a,-1"});
    QCOMPARE(full.output().back(), std::string{"a,9223372036854775806,-1,9223372036854775807,4611686018427387904,0"});
  }

  /// As partial results of a salted key, and a row of a snapshot in which sums were doubles.
  void aggregateMergesDecimalsExactly() {
    library::aggregate_row whole;
    library::aggregate_row parts[3];
    for (int i = 0; i < 30; ++i) {
      const decimal d{i % 7 - 3, static_cast<std::uint8_t>(1 + i % 3)};
      for (auto* row : {&whole, &parts[i % 3]}) {
        row->add_exact(d);
        row->sum += library::to_double(d);
        ++row->count;
      }
    }
    library::aggregate_row merged;
    for (const auto& p : parts) merged.merge(p);
    QVERIFY(library::compare(merged.exact_sum, whole.exact_sum) == 0);
    QVERIFY(library::compare(merged.exact_min, whole.exact_min) == 0 &&
            library::compare(merged.exact_max, whole.exact_max) == 0);
    library::aggregate_row old{.count = 2, .sum = 0.1 + 0.2, .min = 0.1, .max = 0.2};
    old.add_exact({5, 2});
    QCOMPARE(old.exact_sum, (decimal{35, 2}));
    QCOMPARE(old.exact_min, (decimal{5, 2}));
  }

  void decimalsCompareByValue() {
    using library::compare;
    QVERIFY(compare({150, 2}, {15, 1}) == 0);
    QVERIFY(compare({1, 0}, {9223372036854775807, 19}) > 0);
    QVERIFY(compare({-1, 0}, {-9223372036854775807, 25}) < 0);
    QVERIFY(compare({0, 0}, {-1, 200}) > 0 && compare({-1, 200}, {0, 0}) < 0 && compare({5, 200}, {1, 0}) < 0);
    QVERIFY(!library::sum_of({1, 0}, {1, 30}));
    QCOMPARE(library::sum_of({0, 0}, {1, 30}).value(), (decimal{1, 30}));
  }

  void aggregateKeysMayHaveSeveralFields() {
    text_rig rig{{.id = "millrace.aggregate",
                  .params = {{"key", "n, s,d"}, {"emit", "end"}},
                  .input_fields = "s:string?,n:int16,d:decimal,f:float64"}};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"x,-5,1.50,1", "x,-5,1.5,1", ",7,0.10,1"});
    rig.as<>().on_end_of_input(rig.ctx());
    QCOMPARE(rig.output(), (lines{"7,,0.1,1,0", "-5,x,1.5,2,0"}));
  }

  void aggregateChecksItsParameters() {
    QVERIFY(text_rig{aggregate({{"key", ","}})}.problem().find("'key' names no field") != std::string::npos);
    QVERIFY(text_rig{aggregate({{"key", "x"}})}.problem().find("have no field 'x'") != std::string::npos);
    QVERIFY(text_rig{aggregate({{"value", "sensor"}})}.problem().find("is a string, no number") != std::string::npos);
    QVERIFY(text_rig{aggregate({{"functions", "sun"}})}.problem().find("has 'sun'") != std::string::npos);
    QVERIFY(text_rig{aggregate({{"functions", "sum"}, {"value", ""}})}.problem().find("set 'value'") !=
            std::string::npos);
    QVERIFY(text_rig{aggregate({{"functions", "sum,sum"}})}.problem().find("two output columns") != std::string::npos);
    QVERIFY(text_rig{aggregate({{"key", "at"}})}.problem().find("is called 'at'") != std::string::npos);
  }

  void thresholdAlertsOnceACrossing() {
    text_rig rig{{.id = "millrace.threshold",
                  .params = {{"key", "sensor"}, {"field", "value"}, {"above", std::int64_t{80}}, {"below", 10.0}},
                  .input_fields = readings}};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"a,80,1", "a,81,2", "b,90,3", "a,95,4", "a,50,5", "a,9.5,6", "a,,7", "a,99,8"});
    QCOMPARE(rig.output(), (lines{"a,81,80,\"a is 81, above 80\",2", "b,90,80,\"b is 90, above 80\",3",
                                  "a,9.5,10,\"a is 9.5, below 10\",6", "a,99,80,\"a is 99, above 80\",8"}));
  }

  void thresholdWaitsForItsCooldown() {
    text_rig rig{{.id = "millrace.threshold",
                  .params = {{"key", "sensor"}, {"field", "value"}, {"above", 1.0}, {"cooldown", std::int64_t{10}}},
                  .input_fields = readings}};
    rig.feed({"a,2,0", "a,0,1000000", "a,3,2000000", "a,4,10000000", "a,5,30000000"});
    QCOMPARE(rig.output(), (lines{"a,2,1,\"a is 2, above 1\",0", "a,4,1,\"a is 4, above 1\",10000000"}));
  }

  void thresholdChecksItsParameters() {
    const auto problem = [](std::map<std::string, param_value> params, const char* fields) {
      params.try_emplace("key", "sensor");
      params.try_emplace("field", "value");
      params.try_emplace("above", 1.0);
      return text_rig{{.id = "millrace.threshold", .params = std::move(params), .input_fields = fields}}.problem();
    };
    QVERIFY(problem({{"below", 2.0}}, readings).find("'below' is more than 'above'") != std::string::npos);
    QVERIFY(problem({}, "sensor:string,value:float64").find("have no event time") != std::string::npos);
    QVERIFY(problem({{"key", "value"}}, readings).find("is called 'value'") != std::string::npos);
    QVERIFY(problem({{"field", "sensor"}}, readings).find("no number") != std::string::npos);
  }
};

QTEST_APPLESS_MAIN(processors_test)
#include "processors_test.moc"
