// Routers that look at values, weights and loads.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "text_harness.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;
using params = text_harness::params;

namespace {

text_harness router(const std::string& id, params values, std::uint32_t partitions = 3,
                    const char* fields = "key:string?,n:float64?") {
  return text_harness{
      {.id = "millrace." + id, .values = std::move(values), .inputs = {{"in", fields}}, .partitions = partitions}};
}

/// Where each record went, in the order they came: what a partition got comes in order.
std::map<std::string, std::string> placed(text_harness& r) {
  std::map<std::string, std::string> out;
  for (const auto& line : r.take_routed()) out[line.substr(3)] += line.substr(0, 1);
  return out;
}

lines many(int from, int count) {
  lines rows;
  for (int i = from; i < from + count; ++i) rows.push_back("k" + std::to_string(i) + "," + std::to_string(i));
  return rows;
}

}  // namespace

class value_routers_test : public QObject {
  Q_OBJECT
private slots:
  void weightedDealsEvenly() {
    auto r = router("weighted", {{"weights", "2, 1,0"}});
    QCOMPARE(r.problem(), std::string{});
    r.push(many(0, 4));
    r.recover();
    r.push(many(4, 5));
    QCOMPARE(placed(r), (std::map<std::string, std::string>{{"k0,0", "0"},
                                                            {"k1,1", "1"},
                                                            {"k2,2", "0"},
                                                            {"k3,3", "0"},
                                                            {"k4,4", "1"},
                                                            {"k5,5", "0"},
                                                            {"k6,6", "0"},
                                                            {"k7,7", "1"},
                                                            {"k8,8", "0"}}));
  }

  void weightedChecksItsWeights() {
    QVERIFY(says(router("weighted", {{"weights", "1,x"}}).problem(), "parameter 'weights' has 'x'"));
    QVERIFY(says(router("weighted", {{"weights", "1,-1"}}).problem(), "'-1'"));
    QVERIFY(says(router("weighted", {{"weights", "0,0,0"}}).problem(), "no partition has a weight above 0"));
    auto r = router("weighted", {{"weights", "1,1"}});
    r.push({"a,1"});
    QVERIFY(says(r.reasons().at(0), "has 2 weights, and 3 partitions lie behind"));
  }

  void rangeSplitsByValue() {
    auto r = router("range", {{"field", "n"}, {"splits", "0,10.5"}});
    QCOMPARE(r.problem(), std::string{});
    r.push({"a,-1", "b,0", "c,10.4", "d,10.5", "e,1000", "f,", "g,nan"});
    QCOMPARE(placed(r), (std::map<std::string, std::string>{{"a,-1", "0"},
                                                            {"b,0", "1"},
                                                            {"c,10.4", "1"},
                                                            {"d,10.5", "2"},
                                                            {"e,1000", "2"},
                                                            {"f,", "0"},
                                                            {"g,nan", "0"}}));
    auto t = router("range", {{"field", "key"}, {"splits", "h"}}, 2);
    t.push({"apple,1", "house,2", "zoo,3", ",4"});
    QCOMPARE(placed(t),
             (std::map<std::string, std::string>{{"apple,1", "0"}, {"house,2", "1"}, {"zoo,3", "1"}, {",4", "0"}}));
  }

  void rangeChecksItsParameters() {
    QVERIFY(says(router("range", {{"field", "x"}, {"splits", "1"}}).problem(), "parameter 'field'"));
    QVERIFY(says(router("range", {{"field", "n"}, {"splits", "one"}}).problem(), "parameter 'splits' has 'one'"));
    QVERIFY(says(router("range", {{"field", "n"}, {"splits", "2,1"}}).problem(), "'1' is not more"));
    QVERIFY(says(router("range", {{"field", "n"}, {"splits", "1,nan"}}).problem(), "'nan' is not more"));
    QVERIFY(says(router("range", {{"field", "n"}, {"splits", ","}}).problem(), "is empty"));
    auto r = router("range", {{"field", "n"}, {"splits", "1"}});
    r.push({"a,1"});
    QVERIFY(says(r.reasons().at(0), "make 2 ranges, and 3 partitions lie behind"));
  }

  void stickyKeepsPlacesAndBalances() {
    auto r = router("sticky", {{"field", "key"}, {"balance", "values"}});
    r.push({"a,1", "b,1", "c,1", "d,1", "a,2", "b,2"});
    r.recover();
    r.push({"d,2", "c,2", "e,1", ",1"});
    QCOMPARE(placed(r), (std::map<std::string, std::string>{{"a,1", "0"},
                                                            {"a,2", "0"},
                                                            {"b,1", "1"},
                                                            {"b,2", "1"},
                                                            {"c,1", "2"},
                                                            {"c,2", "2"},
                                                            {"d,1", "0"},
                                                            {"d,2", "0"},
                                                            {"e,1", "1"},
                                                            {",1", "2"}}));
  }

  void stickyBalancesByEventsAndHasALimit() {
    auto e = router("sticky", {{"field", "key"}});
    e.push({"a,1", "a,2", "a,3", "b,1", "b,2", "c,1", "d,1", "e,1"});
    const auto by_events = placed(e);
    QCOMPARE(by_events.at("d,1"), std::string{"2"});
    QCOMPARE(by_events.at("e,1"), std::string{"1"});
    auto full = router("sticky", {{"field", "key"}, {"values_max", std::int64_t{10}}});
    full.push(many(0, 200));
    const auto once = full.take_routed();
    full.recover();
    full.push(many(0, 200));
    QCOMPARE(full.take_routed(), once);
    QVERIFY(says(router("sticky", {{"field", "x"}}).problem(), "parameter 'field'"));
  }

  void priorityReservesPartitions() {
    auto r = router("priority", {{"field", "key"}, {"values", "gold, silver"}, {"reserved", std::int64_t{1}}});
    QCOMPARE(r.problem(), std::string{});
    r.push({"x,1", "gold,1", "y,1", "silver,1"});
    r.recover();
    r.push({"z,1", ",1", "gold,2"});
    QCOMPARE(placed(r), (std::map<std::string, std::string>{{"gold,1", "0"},
                                                            {"gold,2", "0"},
                                                            {"silver,1", "0"},
                                                            {"x,1", "1"},
                                                            {"y,1", "2"},
                                                            {"z,1", "1"},
                                                            {",1", "2"}}));
  }

  void priorityChecksItsParameters() {
    QVERIFY(says(router("priority", {{"field", "n"}, {"values", "high"}}).problem(), "parameter 'values' has 'high'"));
    QVERIFY(says(router("priority", {{"field", "n"}, {"values", ","}}).problem(), "'values' is empty"));
    auto r = router("priority", {{"field", "key"}, {"values", "a"}, {"reserved", std::int64_t{3}}});
    r.push({"a,1"});
    QVERIFY(says(r.reasons().at(0), "'reserved' is 3, and 3 partitions lie behind"));
  }

  /// In the task nothing gives credit back here, so what was sent stays on its way.
  void leastLoadedSeesWhatIsOnItsWay() {
    auto r = router("least_loaded", {});
    for (int i = 0; i < 30; ++i) r.push(many(7 * i, 7));
    std::map<char, int> got;
    for (const auto& line : r.take_routed()) ++got[line[0]];
    QCOMPARE(got.size(), std::size_t{3});
    for (const auto& [partition, n] : got) QVERIFY2(n >= 60 && n <= 80, std::to_string(n).c_str());
  }
};

QTEST_APPLESS_MAIN(value_routers_test)
#include "value_routers_test.moc"
