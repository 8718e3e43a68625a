// Before Qt, whose keyword `emit` is the name of a member here.
#include "actor_rig.hpp"
#include "library/sources/zipf.hpp"

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
  actor_rig rig{
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
    actor_rig rig{{.id = "millrace.generator",
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
    actor_rig rig{{.id = "millrace.generator", .params = {{"rate", 1000.0}}, .parallelism = 2}};
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

  void refusesAStartThatIsNoTime() {
    const actor_rig rig{{.id = "millrace.generator", .params = {{"start", "soon"}}}};
    QVERIFY(rig.problem().find("'start' is 'soon'") != std::string::npos);
  }
};

QTEST_APPLESS_MAIN(generator_test)
#include "generator_test.moc"
