#include "core/figures.hpp"

#include <QTest>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/diagnosis.hpp"
#include "core/run_history.hpp"

namespace millrace::workbench {

class FiguresTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void partitionsAreAddedUpAndTheWorstCounts() {
    const auto run = readFigures(statuses(), {}).at("t");
    const auto& sum = run.actors.at("sum");
    QCOMPARE(sum.partitions, 2);
    QCOMPARE(sum.inPerS, 300.0);
    QCOMPARE(sum.busy, 0.95);
    QCOMPARE(sum.health, Health::Warning);
    QCOMPARE(run.actors.at("source").health, Health::Critical);
    QCOMPARE(run.actors.at("source").kind, ActorKind::Producer);
    QCOMPARE(run.actors.at("source").backlog, std::optional{5000.0});
    QCOMPARE(sum.behindMs, std::optional{2000.0});
    QCOMPARE(run.health(), Health::Critical);
  }

  void timesOfOtherDaysGiveNoLag() {
    const auto run = readFigures(statuses(), {}).at("t");
    QVERIFY(!run.actors.at("source").lagMs.has_value());
  }

  void trailsGoOnAndStayBounded() {
    std::map<std::string, RunFigures> figures;
    for (int i = 0; i < 200; ++i) figures = readFigures(statuses(), figures);
    QCOMPARE(figures.at("t").actors.at("sum").rates.size(), Trail::sizeMax);
    RunHistory history;
    for (int i = 0; i < 5000; ++i) history.add(sampleOf(figures.at("t"), i));
    QCOMPARE(history.size(), RunHistory::samplesMax);
    const auto fine = history.last(120);
    QCOMPARE(fine.front().at, 4879.0);
    QCOMPARE(fine.back().at, 4999.0);
    QCOMPARE(fine.front().inPerS, 400.0);
    // Further back in coarser steps.
    const auto coarse = history.last(28'800);
    QCOMPARE(coarse.front().at, 0.0);
    QCOMPARE(coarse.size(), std::size_t{334});
    QCOMPARE(coarse.front().inPerS, 400.0);
    QCOMPARE(toCsv(fine).count('\n'), static_cast<qsizetype>(fine.size()) + 1);
  }

  void aTimeOfThePastComesInTheFinestResolutionThatHasIt() {
    RunHistory history;
    QCOMPARE(history.between(0, 1e10).size(), std::size_t{0});
    constexpr double begin = 1'700'000'000;
    // Ten a second for an hour.
    for (int i = 0; i < 36'000; ++i) {
      RunSample sample;
      sample.at = begin + i / 10.0;
      sample.inPerS = i / 10;
      history.add(sample);
    }
    QCOMPARE(history.oldest(), begin);
    QCOMPARE(history.newest(), begin + 3599.9);
    const auto recent = history.between(begin + 3500, begin + 3510);
    QVERIFY(recent.size() >= 99 && recent.size() <= 102);
    const auto seconds = history.between(begin + 3000, begin + 3060);
    QVERIFY(seconds.size() >= 59 && seconds.size() <= 62);
    QCOMPARE(seconds.front().inPerS, 3000.0);
    const auto quarters = history.between(begin + 600, begin + 1200);
    QVERIFY(quarters.size() >= 39 && quarters.size() <= 42);
    // What was before it is not made up, and what is wrong is empty.
    QCOMPARE(history.between(begin - 500, begin - 100).size(), std::size_t{0});
    QCOMPARE(history.between(begin + 20, begin + 10).size(), std::size_t{0});
  }

  void whatHappensToARunIsMarkedAndBounded() {
    RunHistory history;
    auto run = readFigures(statuses(), {}).at("t");
    for (int i = 0; i < 3000; ++i) {
      run.snapshots = static_cast<std::uint64_t>(i) + 1;
      run.restarts = i > 2990 ? 1 : 0;
      history.add(run, i);
    }
    QCOMPARE(history.marks().size(), RunHistory::marksMax);
    QCOMPARE(history.heat().size(), RunHistory::heatColumnsMax);
    const auto isRestart = [](const RunMark& m) { return m.kind == RunMark::Kind::Restart; };
    QCOMPARE(std::ranges::count_if(history.marks(), isRestart), 1);
    history.markFault(QStringLiteral("kill sum"), 3000, false);
    QCOMPARE(history.marks().back().until, 0.0);
    history.markFault(QStringLiteral("kill sum"), 3004, true);
    QCOMPARE(history.marks().back().until, 3004.0);
    const auto bytes = history.bytes();
    for (int i = 3005; i < 40'000; ++i) history.add(run, i);
    const auto full = history.bytes();
    for (int i = 40'000; i < 80'000; ++i) history.add(run, i);
    QCOMPARE(history.bytes(), full);
    QVERIFY(full < 4 * bytes);
  }

  void whatIsNoStatusIsPassedOver() {
    QVERIFY(readFigures(nlohmann::json{5, "x"}, {}).empty());
    QVERIFY(readFigures(nlohmann::json{{"topology", 7}}, {}).empty());
    QVERIFY(!readDiagnosis(nlohmann::json::array()).hasCulprit());
    // Beside one that is: figures of another version hide no others.
    auto all = statuses();
    const nlohmann::json odd{{"topology", "odd"},
                             {"state", 3},
                             {"recoveries", {5, {{"is_over", true}, {"spent_ms", {1, 2}}, {"cause", nullptr}}}},
                             {"tasks", {7, {{"actor", 7}}, {{"actor", "a"}, {"health", {{"before", 4}}}}}}};
    all.insert(all.begin(), odd);
    const auto runs = readFigures(all, {});
    QCOMPARE(runs.size(), std::size_t{2});
    QCOMPARE(runs.at("odd").actors.size(), std::size_t{1});
    QCOMPARE(runs.at("t").actors.size(), std::size_t{2});
  }

  void textsAreShortAndHaveUnits() {
    QCOMPARE(countText(950), QStringLiteral("950"));
    QCOMPARE(countText(999.6), QStringLiteral("1k"));
    QCOMPARE(countText(21'240), QStringLiteral("21.2k"));
    QCOMPARE(rateText(3'400'000), QStringLiteral("3.4M/s"));
    QCOMPARE(millisecondsText(0.2), QStringLiteral("<1 ms"));
    QCOMPARE(millisecondsText(90'000), QStringLiteral("1.5 min"));
    QCOMPARE(bytesText(12 * 1024), QStringLiteral("12 KiB"));
  }

  void theCulpritIsAnActorAlsoWhenTheEngineNamesAChannel() {
    const auto d = readDiagnosis({{"cause", "slow_channel"},
                                  {"where", "a/0.out -> sum/3.in"},
                                  {"sentence", "s"},
                                  {"path", {"src/0", "a/0", "a/1", "sum/3"}},
                                  {"keys", {{{"key", "x"}, {"share", 0.4}}}}});
    QCOMPARE(d.actor, std::string{"sum"});
    QCOMPARE(d.where, QStringLiteral("a → sum"));
    QCOMPARE(d.path, (std::vector<std::string>{"src", "a", "sum"}));
    QCOMPARE(d.keys, QStringList{QStringLiteral("\"x\" (40 %)")});
  }

  void otherCausesComeAfterTheFirstAsTheEngineRanksThem() {
    const auto d = readDiagnosis({{"cause", "processor"},
                                  {"where", "sum/3"},
                                  {"share", 0.9},
                                  {"also",
                                   {{{"cause", "hot_key"}, {"where", "count/1"}, {"share", 7.5}},
                                    "nonsense",
                                    {{"cause", "of a later version"}, {"where", 3}, {"share", "much"}}}}});
    QCOMPARE(d.title(), QStringLiteral("CPU"));
    QCOMPARE(d.share, 0.9);
    QCOMPARE(d.also.size(), std::size_t{2});
    QCOMPARE(d.also[0].title(), QStringLiteral("key skew"));
    QCOMPARE(d.also[0].actor, std::string{"count"});
    QCOMPARE(d.also[0].where, QStringLiteral("count"));
    QCOMPARE(d.also[0].share, 1.0);
    QCOMPARE(d.also[1].title(), QStringLiteral("of a later version"));
    QVERIFY(!d.also[1].hasCulprit());
    QCOMPARE(readDiagnosis({{"also", 5}}).also.size(), std::size_t{0});
    QCOMPARE(readDiagnosis(7).also.size(), std::size_t{0});
  }

private:
  static nlohmann::json statuses() {
    const auto task = [](const char* actor, const char* kind, double in, double out, double busy, double blocked,
                         std::int64_t watermark) {
      return nlohmann::json{{"actor", actor},           {"kind", kind},
                            {"state", "running"},       {"in_per_s", in},
                            {"out_per_s", out},         {"busy_share", busy},
                            {"blocked_share", blocked}, {"watermark_ns", watermark},
                            {"watermark_lag_ms", 4e9},  {"backlog", actor == std::string{"source"} ? 5000 : 0}};
    };
    return nlohmann::json::array({{{"topology", "t"},
                                   {"state", "running"},
                                   {"tasks",
                                    {task("source", "producer", 0, 400, 0.1, 0.85, 5'000'000'000),
                                     task("sum", "processor", 100, 90, 0.2, 0, 4'000'000'000),
                                     task("sum", "processor", 200, 190, 0.95, 0, 3'000'000'000)}}}});
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::FiguresTest)
#include "figures_test.moc"
