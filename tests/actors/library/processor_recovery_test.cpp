// Ready-made processors that keep state: the same output whatever crashes and in whatever order things happen.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"
#include "millrace/record.hpp"
#include "millrace/testing/explore.hpp"
#include "millrace/testing/topology_harness.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;

struct sold {
  std::string shop;
  std::int64_t item{};
  double price{};
  event_time at{};
};
MILLRACE_RECORD(sold, 1, shop, item, price, at)

namespace {

using params = std::map<std::string, param_value>;

/// Two partitions of input; a shop's sales come from one of them, so that their order is the same in every run.
topology_harness harness_of(const std::string& id, const params& p, bool is_mixed = false, std::int64_t salt = 1) {
  topology t;
  t.name = "recovery";
  t.add("sales", "millrace.generator", {}, 2);
  t.add("by_shop", "millrace.by_key", {{"salt", salt}});
  t.add("tested", "millrace." + id, p, 2);
  t.add("sink", "millrace.null_sink");
  t.connect("sales", "by_shop").connect("by_shop", "tested").connect("tested", "sink");
  std::vector<std::vector<sold>> partitions(2);
  for (int i = 0; i < 400; ++i) {
    const int shop = i * 7 % 5;
    const auto at = std::int64_t{i} * 1'000'000 + (i % 100 > 60 ? 80'000'000 : 0);
    const auto partition = static_cast<std::size_t>(is_mixed ? i : shop) % 2;
    partitions[partition].push_back({"shop-" + std::to_string(shop), i % 11, (i * 37 % 100) / 4.0, {at}});
  }
  topology_harness h{t};
  h.feed("sales", partitions, {.disorder = std::chrono::milliseconds{100}});
  h.compare("sink", {.how = equality::multiset});
  return h;
}

}  // namespace

class processor_recovery_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { link_library(); }

  void sameOutputWhateverCrashes_data() {
    QTest::addColumn<QByteArray>("id");
    const auto row = [](const char* id) { QTest::newRow(id) << QByteArray{id}; };
    for (const auto& [id, p] : all()) row(id.c_str());
  }
  void sameOutputWhateverCrashes() {
    QFETCH(QByteArray, id);
    const auto h = harness_of(id.toStdString(), all().at(id.toStdString()));
    const auto run = h.run();
    QVERIFY2(run.finished, run.message.c_str());
    QVERIFY(run.at("sink").size() >= 20);
    const auto looked = explore(h, {.seeds = 25});
    QVERIFY2(looked.ok(), looked.report.c_str());
    QVERIFY(looked.hits_of(fault_kind::crash) > 0);
  }

  /// Sketches merge exactly, so what comes of parts in several places is what one place makes.
  void saltedKeysGiveTheSame_data() {
    QTest::addColumn<QByteArray>("id");
    QTest::newRow("distinct") << QByteArray{"distinct"};
    QTest::newRow("quantiles") << QByteArray{"quantiles"};
  }
  void saltedKeysGiveTheSame() {
    QFETCH(QByteArray, id);
    const auto& p = all().at(id.toStdString());
    const auto plain = harness_of(id.toStdString(), p).run();
    const auto salted = harness_of(id.toStdString(), p, false, 2);
    const auto run = salted.run();
    QVERIFY2(plain.finished && run.finished, (plain.message + run.message).c_str());
    const auto what = salted.difference(plain, run);
    QVERIFY2(what.empty(), what.c_str());
    const auto looked = explore(salted, {.seeds = 10});
    QVERIFY2(looked.ok(), looked.report.c_str());
  }

  /// The negative control: what depends on the order of two partitions is found.
  void theExplorationFindsWhatDependsOnOrder() {
    const auto h = harness_of("running_top_k", all().at("running_top_k"), true);
    QVERIFY(!explore(h, {.seeds = 25, .quiet = true}).ok());
  }

private:
  static const std::map<std::string, params>& all() {
    static const params base{{"key", "shop"}};
    const auto with = [](params p) {
      p.insert(base.begin(), base.end());
      return p;
    };
    static const std::map<std::string, params> made{
        {"deduplicate", with({{"key", "shop,item"}, {"ttl", "50ms"}})},
        {"throttle", with({{"limit", std::int64_t{2}}, {"interval", "20ms"}})},
        {"top_k", with({{"item", "item"}, {"value", "price"}, {"k", std::int64_t{3}}, {"size", "50ms"}})},
        {"running_top_k", with({{"item", "item"}, {"value", "price"}, {"k", std::int64_t{3}}})},
        {"distinct", with({{"value", "item"}, {"size", "40ms"}, {"slide", "20ms"}})},
        {"quantiles", with({{"value", "price"}, {"size", "50ms"}})},
        {"moving_statistics", with({{"value", "price"}, {"span", "30ms"}, {"functions", "count,mean,stddev"}})},
        {"rate", with({{"value", "price"}, {"kind", "counter"}})},
        {"change", with({{"field", "item"}, {"for", "4ms"}})},
        {"fill_gaps", with({{"values", "price"}, {"step", "3ms"}, {"with", "linear"}})},
    };
    return made;
  }
};

QTEST_APPLESS_MAIN(processor_recovery_test)
#include "processor_recovery_test.moc"
