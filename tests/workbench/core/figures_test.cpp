#include "core/figures.hpp"

#include <QTest>
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
    QCOMPARE(history.at(0).at, 3800.0);
    QCOMPARE(history.at(history.size() - 1).at, 4999.0);
    QCOMPARE(history.at(0).inPerS, 400.0);
  }

  void whatIsNoStatusIsPassedOver() {
    QVERIFY(readFigures(nlohmann::json{5, "x"}, {}).empty());
    QVERIFY(readFigures(nlohmann::json{{"topology", 7}}, {}).empty());
    QVERIFY(!readDiagnosis(nlohmann::json::array()).hasCulprit());
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
    QCOMPARE(d.path, (std::vector<std::string>{"src", "a", "sum"}));
    QCOMPARE(d.keys, QStringList{QStringLiteral("\"x\" (40 %)")});
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
