// Before Qt, whose keyword `emit` is the name of a member here.
#include "library/sources/zipf.hpp"
#include "text_rig.hpp"

#include <QRegularExpression>
#include <QtTest>
#include <algorithm>
#include <array>
#include <cmath>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

lines events_of(std::map<std::string, param_value> params, std::uint32_t partition = 0, std::uint32_t parallelism = 1,
                std::int64_t from = 0) {
  text_rig rig{
      {.id = "millrace.generator", .params = std::move(params), .partition = partition, .parallelism = parallelism}};
  if (!rig.problem().empty()) qFatal("%s", rig.problem().c_str());
  byte_buffer position;
  msgpack::writer w{position};
  w.integer(from);
  msgpack::reader in{position.view()};
  if (!rig.as<producer>().load_position(in)) qFatal("no position");
  rig.as<>().open(rig.ctx());
  if (rig.poll() != poll_result::next::end) qFatal("the input does not end");
  return rig.output();
}

}  // namespace

class generator_test : public QObject {
  Q_OBJECT
private slots:
  void makesTheSameEventsForEver() {
    // Golden: recorded runs and crash tests compare against events made by earlier builds.
    const auto made = events_of({{"count", std::int64_t{3}}, {"keys", std::int64_t{10}}, {"key_type", "text"}});
    QCOMPARE(made, (lines{"key-6,9717.66,0,1767225600000000000", "key-7,1071.42,1,1767225600001000000",
                          "key-2,5187.32,2,1767225600002000000"}));
  }

  void makesTheSameSetAtAnyParallelism() {
    const std::map<std::string, param_value> params{
        {"count", std::int64_t{1000}}, {"skew", 1.1}, {"disorder", std::int64_t{50}}, {"payload", std::int64_t{8}}};
    auto all = events_of(params);
    lines joined;
    for (std::uint32_t p = 0; p < 3; ++p) {
      for (auto& line : events_of(params, p, 3)) joined.push_back(std::move(line));
    }
    std::ranges::sort(all);
    std::ranges::sort(joined);
    QCOMPARE(joined, all);
  }

  void goesOnFromAPosition() {
    const std::map<std::string, param_value> params{{"count", std::int64_t{100}}, {"skew", 0.8}};
    const auto all = events_of(params);
    const auto rest = events_of(params, 0, 1, 40);
    QCOMPARE(rest, lines(all.begin() + 40, all.end()));
  }

  void otherSeedsGiveOtherEvents() {
    QVERIFY(events_of({{"count", std::int64_t{5}}}) !=
            events_of({{"count", std::int64_t{5}}, {"seed", std::int64_t{2}}}));
  }

  void eventTimesStayWithinTheDisorder() {
    text_rig rig{{.id = "millrace.generator",
                  .params = {{"count", std::int64_t{2000}}, {"disorder", std::int64_t{20}}, {"start", "0"}}}};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::end);
    std::int64_t newest = INT64_MIN;
    bool is_disordered = false;
    for (const auto& line : rig.output()) {
      const auto at = std::stoll(line.substr(line.rfind(',') + 1));
      is_disordered = is_disordered || at < newest;
      newest = std::max<std::int64_t>(newest, at);
      QVERIFY(newest - at < rig.as<producer>().disorder().count());
    }
    QVERIFY(is_disordered);
  }

  void keepsToItsRate() {
    text_rig rig{{.id = "millrace.generator", .params = {{"rate", 1000.0}}, .parallelism = 2}};
    rig.as<>().open(rig.ctx());
    QCOMPARE(rig.poll(), poll_result::next::wait);
    rig.ctx().time.ns += 100'000'000;
    QCOMPARE(rig.poll(), poll_result::next::wait);
    QCOMPARE(rig.output().size(), std::size_t{51});  // half of the rate is the other partition's
    QCOMPARE(rig.as<producer>().backlog(), std::uint64_t{0});
  }

  void drawsRanksByTheirWeight() {
    for (const double exponent : {0.5, 1.0, 1.5}) {
      constexpr int ranks = 10;
      constexpr int draws = 200'000;
      const library::zipf draw{ranks, exponent};
      random_source random{7};
      std::array<int, ranks> counts{};
      for (int i = 0; i < draws; ++i) ++counts[draw(random) - 1];
      double weight = 0;
      for (int r = 1; r <= ranks; ++r) weight += std::pow(r, -exponent);
      for (int r = 1; r <= ranks; ++r) {
        const double expected = draws * std::pow(r, -exponent) / weight;
        QVERIFY(std::abs(counts[static_cast<std::size_t>(r - 1)] - expected) < 5 * std::sqrt(expected));
      }
    }
  }

  void drawsValuesByTheirDistribution_data() {
    QTest::addColumn<QString>("distribution");
    QTest::addColumn<double>("deviation");
    QTest::addColumn<double>("mean");       // of the values
    QTest::addColumn<double>("spread");     // their standard deviation
    QTest::addColumn<double>("at_median");  // share of values at most 100 ln 2
    const double ln2 = std::log(2.0);
    QTest::newRow("normal") << "normal" << 15.0 << 100.0 << 15.0
                            << 0.5 * std::erfc((100 - 100 * ln2) / 15 / std::sqrt(2.0));
    QTest::newRow("exponential") << "exponential" << 10.0 << 100.0 << 100.0 << 0.5;
    QTest::newRow("log-normal") << "log_normal" << 0.5 << 100.0 << 100 * std::sqrt(std::exp(0.25) - 1)
                                << 0.5 * std::erfc(-(std::log(ln2) + 0.125) / 0.5 / std::sqrt(2.0));
    // Shape 5: mean 100 from 80 on.
    QTest::newRow("pareto") << "pareto" << 10.0 << 100.0 << 80 * std::sqrt(5.0 / 16 / 3) << 0.0;
    QTest::newRow("sine") << "sine" << 0.0 << 100.0 << 50 / std::sqrt(2.0)
                          << 0.5 - std::asin((1 - ln2) * 2) / 3.14159265358979;
  }
  void drawsValuesByTheirDistribution() {
    QFETCH(QString, distribution);
    QFETCH(double, deviation);
    QFETCH(double, mean);
    QFETCH(double, spread);
    QFETCH(double, at_median);
    constexpr int n = 60'000;  // whole periods of the sine
    const std::map<std::string, param_value> params{{"count", std::int64_t{n}},
                                                    {"distribution", distribution.toStdString()},
                                                    {"deviation", deviation},
                                                    {"shape", 5.0}};
    double sum = 0;
    double squares = 0;
    int below = 0;
    for (const auto& line : events_of(params)) {
      const double v = std::stod(line.substr(line.find(',') + 1));
      sum += v;
      squares += (v - mean) * (v - mean);
      below += v <= 100 * std::log(2.0) ? 1 : 0;
    }
    // Five standard errors, of the variance by the normal's.
    QVERIFY2(std::abs(sum / n - mean) < 5 * spread / std::sqrt(n), std::to_string(sum / n).c_str());
    QVERIFY2(std::abs(std::sqrt(squares / n) / spread - 1) < 0.05, std::to_string(std::sqrt(squares / n)).c_str());
    QVERIFY2(std::abs(below / double{n} - at_median) < 5 * std::sqrt(0.25 / n),
             std::to_string(below / double{n}).c_str());
  }

  void makesTheSameShapesAtAnyParallelism() {
    for (const auto* distribution : {"normal", "exponential", "log_normal", "pareto", "sine"}) {
      const std::map<std::string, param_value> params{{"count", std::int64_t{500}},
                                                      {"distribution", distribution},
                                                      {"disorder", std::int64_t{50}},
                                                      {"burst", std::int64_t{7}},
                                                      {"texts", "a={letters:5} {int:-3-3};b={key}"}};
      auto all = events_of(params);
      lines joined;
      for (std::uint32_t p = 0; p < 3; ++p) {
        for (auto& line : events_of(params, p, 3)) joined.push_back(std::move(line));
      }
      std::ranges::sort(all);
      std::ranges::sort(joined);
      QCOMPARE(joined, all);
    }
  }

  void textsChangeNothingElse() {
    std::map<std::string, param_value> params{{"count", std::int64_t{50}}, {"payload", std::int64_t{4}}};
    const auto plain = events_of(params);
    params["texts"] = "note=order {number} of {key}, {choice:new,paid}: {value} {{{digits:2}-{hex:3}}}";
    const auto with = events_of(params);
    const QRegularExpression expected{"^\"order (\\d+) of (\\d+), (new|paid): ([0-9.]+) \\{\\d\\d-[0-9a-f]{3}\\}\"$"};
    for (std::size_t i = 0; i < plain.size(); ++i) {
      QVERIFY2(with[i].starts_with(plain[i] + ","), with[i].c_str());
      const auto note = QString::fromStdString(with[i].substr(plain[i].size() + 1));
      const auto found = expected.match(note);
      QVERIFY2(found.hasMatch(), qPrintable(note));
      QVERIFY(with[i].starts_with(found.captured(2).toStdString() + "," + found.captured(4).toStdString() + "," +
                                  found.captured(1).toStdString()));
    }
  }

  void pausesBetweenBursts() {
    const auto made = events_of({{"count", std::int64_t{5}},
                                 {"burst", std::int64_t{2}},
                                 {"pause", std::int64_t{500}},
                                 {"step", std::int64_t{1000}},
                                 {"start", "0"}});
    QStringList times;
    for (const auto& line : made) times << QString::fromStdString(line.substr(line.rfind(',') + 1));
    QCOMPARE(times, (QStringList{"0", "1000000", "502000000", "503000000", "1004000000"}));
    text_rig rig{{.id = "millrace.generator",
                  .params = {{"rate", 1000.0}, {"burst", std::int64_t{10}}, {"pause", std::int64_t{500}}}}};
    rig.as<>().open(rig.ctx());
    rig.ctx().time.ns += 1'000'000;
    (void)rig.poll();
    rig.ctx().time.ns += 100'000'000;
    QCOMPARE(rig.poll(), poll_result::next::wait);
    QCOMPARE(rig.output().size(), std::size_t{10});
    QCOMPARE(rig.last_poll().after.count(), 500'000'000);
    rig.ctx().time.ns += 500'000'000;
    QCOMPARE(rig.poll(), poll_result::next::wait);
    QCOMPARE(rig.output().size(), std::size_t{20});
  }

  void refusesShapesAndTexts_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("said");
    QTest::newRow("no name") << "texts"
                             << "hello"
                             << "'hello' is no name=text";
    QTest::newRow("place") << "texts"
                           << "a=b {colour}"
                           << "parameter 'texts', 'a', column 3: there is no {colour}";
    QTest::newRow("open") << "texts"
                          << "a=b {key"
                          << "column 3: the { is not closed";
    QTest::newRow("int") << "texts"
                         << "a={int:9-1}"
                         << "{int} needs two whole numbers";
    QTest::newRow("letters") << "texts"
                             << "a={letters}"
                             << "{letters} needs how many";
    QTest::newRow("choice") << "texts"
                            << "a={choice:}"
                            << "{choice} needs texts";
    QTest::newRow("twice") << "texts"
                           << "key=x"
                           << "key";
  }
  void refusesShapesAndTexts() {
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, said);
    const text_rig rig{{.id = "millrace.generator", .params = {{name.toStdString(), value.toStdString()}}}};
    QVERIFY2(QString::fromStdString(rig.problem()).contains(said), rig.problem().c_str());
  }
  void refusesAMeanThatCannotBe() {
    const text_rig rig{{.id = "millrace.generator", .params = {{"distribution", "pareto"}, {"mean", -1.0}}}};
    QVERIFY(rig.problem().find("'mean' has to be more than 0") != std::string::npos);
    const text_rig wide{{.id = "millrace.generator", .params = {{"distribution", "log_normal"}, {"deviation", 30.0}}}};
    QVERIFY(wide.problem().find("that of the logarithm") != std::string::npos);
  }

  void refusesAStartThatIsNoTime() {
    const text_rig rig{{.id = "millrace.generator", .params = {{"start", "soon"}}}};
    QVERIFY(rig.problem().find("'start' is 'soon'") != std::string::npos);
  }
};

QTEST_APPLESS_MAIN(generator_test)
#include "generator_test.moc"
