// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/library.hpp"
#include "millrace/testing/simulation.hpp"
#include "millrace/validation.hpp"

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

constexpr std::size_t steps_max = 5'000'000;

std::shared_ptr<const engine::plan> plan_of(const topology& t) {
  const auto checked = validate(t);
  for (const auto& p : checked.problems) {
    if (!checked.ok()) qInfo("%s", to_string(p).c_str());
  }
  return checked.plan;
}

/// The committed lines of the sink "file" in a folder, sorted, without headers and without the last column: a key's
/// newest event time depends on how events of several producers interleave, all else does not.
lines output_of(const std::string& folder) {
  lines all;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in{entry.path()};
    std::string line;
    (void)std::getline(in, line);
    while (std::getline(in, line)) all.push_back(line.substr(0, line.rfind(',')));
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace

class pipeline_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { link_library(); }
  void init() {
    dir_ = std::make_unique<QTemporaryDir>();
    crashed_ = 0;
  }

  void quickstartIsValid() {
    const auto t = load_topology(QUICKSTART);
    QVERIFY2(t.has_value(), t ? "" : t.error().message.c_str());
    QVERIFY(plan_of(*t) != nullptr);
  }

  void generatedEventsAreCommittedOnceWhateverCrashes() {
    const auto straight = run(spending("straight"), 1, 0);
    QCOMPARE(straight.size(), std::size_t{3000});
    const auto first = seed_from_environment(1);
    for (auto seed = first; seed < first + 12; ++seed) {
      const auto name = "crashed-" + std::to_string(seed);
      QCOMPARE(run(spending(name), seed, 4), straight);
    }
    QVERIFY(crashed_ > 12);
  }

  void windowsAndSessionsOfAFileComeOutAsTheFileSays() {
    {
      std::ofstream out{path("visits.csv")};
      out << "who,amount,at\n";
      // Seconds 0, 4 and 9 fall into the first ten; 10 and 12 into the next; 40 after a pause. Second 1 comes late.
      for (const auto* line : {"ann,5,0", "bob,1,4", "ann,7,9", "ann,2,10", "bob,3,12", "ann,100,1", "ann,1,40"}) {
        const std::string text{line};
        out << text << "000000000\n";
      }
    }
    const auto windows = run(visits("millrace.window", {{"size", "10s"}}), 1, 0);
    QCOMPARE(windows, (lines{"ann,1970-01-01T00:00:00Z,1970-01-01T00:00:10Z,2,12,6",
                             "ann,1970-01-01T00:00:10Z,1970-01-01T00:00:20Z,1,2,2",
                             "ann,1970-01-01T00:00:40Z,1970-01-01T00:00:50Z,1,1,1",
                             "bob,1970-01-01T00:00:00Z,1970-01-01T00:00:10Z,1,1,1",
                             "bob,1970-01-01T00:00:10Z,1970-01-01T00:00:20Z,1,3,3"}));
    QCOMPARE(run(visits("millrace.window", {{"size", "10s"}}), 3, 2), windows);
    const auto sessions = run(visits("millrace.session", {{"gap", "20s"}}), 1, 0);
    QCOMPARE(sessions, (lines{"ann,1970-01-01T00:00:00Z,1970-01-01T00:00:30Z,3,14,4.666666666666667",
                              "ann,1970-01-01T00:00:40Z,1970-01-01T00:01:00Z,1,1,1",
                              "bob,1970-01-01T00:00:04Z,1970-01-01T00:00:32Z,2,4,2"}));
    const auto pairs = run(visits("millrace.count_window", {{"events", std::int64_t{2}}}), 1, 0);
    QCOMPARE(pairs, (lines{"ann,1970-01-01T00:00:00Z,1970-01-01T00:00:09.000000001Z,2,12,6",
                           "ann,1970-01-01T00:00:01Z,1970-01-01T00:00:10.000000001Z,2,102,51",
                           "ann,1970-01-01T00:00:40Z,1970-01-01T00:00:40.000000001Z,1,1,1",
                           "bob,1970-01-01T00:00:04Z,1970-01-01T00:00:12.000000001Z,2,4,2"}));
    const auto days = run(visits("millrace.calendar_window", {{"unit", "day"}}), 1, 0);
    QCOMPARE(days, (lines{"ann,1970-01-01T00:00:00Z,1970-01-02T00:00:00Z,5,115,23",
                          "bob,1970-01-01T00:00:00Z,1970-01-02T00:00:00Z,2,4,2"}));
  }

  /// What leaves an actor on two outputs and comes together again in one input is what went in.
  void sideOutputsAndTheirUnionLoseAndRepeatNothing() {
    const auto through = [&](const std::string& folder, bool is_split) {
      auto t = empty(folder);
      t.add("trades", "millrace.generator", {{"count", std::int64_t{2000}}, {"keys", std::int64_t{10}}}, 2);
      t.add("file", "millrace.file_sink", {{"path", path(folder)}}, 1);
      if (!is_split) return t.connect("trades", "file");
      t.add("low", "millrace.filter", {{"field", "key"}, {"comparison", "<"}, {"value", "3"}}, 2);
      return t.connect("trades", "low").connect("low.out", "file").connect("low.rest", "file");
    };
    const auto straight = run(through("straight", false), 1, 0);
    QCOMPARE(straight.size(), std::size_t{2000});
    const auto first = seed_from_environment(1);
    for (auto seed = first; seed < first + 8; ++seed) {
      QCOMPARE(run(through("split-" + std::to_string(seed), true), seed, 3), straight);
    }
    QVERIFY(crashed_ > 8);
  }

  /// Results that come more than once are compared by the last of each key: the one that counts most.
  void saltedAggregationsGiveWhatPlainOnesDo_data() {
    QTest::addColumn<std::string>("type");
    QTest::addColumn<std::string>("name");
    QTest::addColumn<std::string>("setting");
    using text = std::string;
    QTest::newRow("totals at the end") << text{"millrace.aggregate"} << text{"emit"} << text{"end"};
    QTest::newRow("totals by watermark") << text{"millrace.aggregate"} << text{"emit"} << text{"watermark"};
    QTest::newRow("totals as they change") << text{"millrace.aggregate"} << text{"emit"} << text{"change"};
    QTest::newRow("windows") << text{"millrace.window"} << text{"size"} << text{"200ms"};
  }
  void saltedAggregationsGiveWhatPlainOnesDo() {
    QFETCH(std::string, type);
    QFETCH(std::string, name);
    QFETCH(std::string, setting);
    const auto totals = [&](const std::string& folder, std::int64_t salt) {
      auto t = spending(folder);
      t.actors[1].params["salt"] = salt;
      t.actors[2].type = type;
      t.actors[2].params["functions"] = "count,sum,min,max";
      t.actors[2].params[name] = setting;
      return t;
    };
    const auto last_of = [&](const lines& all) {
      // As text "key,count,…" or "key,start,end,count,…": the count is behind the place.
      std::map<std::string, std::pair<long, std::string>> last;
      for (const auto& line : all) {
        auto at = line.find(',');
        for (int i = type == "millrace.window" ? 2 : 0; i > 0; --i) at = line.find(',', at + 1);
        const auto count = std::stol(line.substr(at + 1));
        auto& kept = last[line.substr(0, at)];
        if (count > kept.first) kept = {count, line};
      }
      return last;
    };
    const auto plain = last_of(run(totals("plain", 1), 1, 0));
    QVERIFY(plain.size() >= 40);
    const auto first = seed_from_environment(1);
    for (auto seed = first; seed < first + 8; ++seed) {
      const auto salt = static_cast<std::int64_t>(2 + seed % 2);
      const auto salted = last_of(run(totals("salted-" + std::to_string(seed), salt), seed, 3));
      QVERIFY2(salted == plain, ("seed " + std::to_string(seed)).c_str());
    }
    QVERIFY(crashed_ > 8);
  }
  void sessionsAreNotSalted() {
    auto t = visits("millrace.session", {{"gap", "20s"}});
    t.actors[1].params["salt"] = std::int64_t{2};
    const auto checked = validate(t);
    QVERIFY(!checked.ok());
    QVERIFY(to_string(checked.problems.front()).find("state 'session' cannot be kept in parts") != std::string::npos);
  }

  void windowsSayWhatIsWrongWithTheirParameters() {
    const auto checked = validate(visits("millrace.window", {{"size", "10s"}, {"slide", "20s"}}));
    QVERIFY(!checked.ok());
    const auto bare = validate(visits("millrace.session", {{"gap", "soon"}}));
    QVERIFY(!bare.ok());
    QVERIFY(std::ranges::any_of(bare.problems,
                                [](const auto& p) { return to_string(p).find("'gap'") != std::string::npos; }));
  }

  void filesAreReadAndCommittedOnceWhateverCrashes() {
    for (int file = 0; file < 3; ++file) {
      std::ofstream out{path("in-" + std::to_string(file) + ".csv")};
      out << "account,amount,at\n";
      for (int i = 0; i < 500; ++i) out << "\"a " << i % 17 << "\"," << file * 1000 + i << ',' << i << "\n";
    }
    const auto straight = run(copying("straight"), 1, 0);
    QCOMPARE(straight.size(), std::size_t{1500});
    const auto first = seed_from_environment(1);
    for (auto seed = first; seed < first + 12; ++seed) {
      QCOMPARE(run(copying("crashed-" + std::to_string(seed)), seed, 4), straight);
    }
    QVERIFY(crashed_ > 12);
  }

private:
  [[nodiscard]] std::string path(const std::string& name) const { return dir_->filePath(name.c_str()).toStdString(); }

  [[nodiscard]] static topology empty(const std::string& name) {
    topology t;
    t.name = name;
    t.settings.snapshot_interval = std::chrono::milliseconds{10};
    return t;
  }
  /// Two producers meshed with three keyed partitions, so that barriers have to be aligned.
  [[nodiscard]] topology spending(const std::string& folder) const {
    topology t = empty(folder);
    t.add("trades", "millrace.generator", {{"count", std::int64_t{3000}}, {"keys", std::int64_t{40}}, {"skew", 0.9}},
          2);
    t.add("spread", "millrace.by_key", {}, 2);
    t.add("sum", "millrace.aggregate", {{"key", "key"}, {"value", "number"}, {"functions", "count"}}, 3);
    t.add("file", "millrace.file_sink", {{"path", path(folder)}}, 1);
    t.connect("trades", "spread").connect("spread", "sum").connect("sum", "file");
    return t;
  }
  [[nodiscard]] topology copying(const std::string& folder) const {
    topology t = empty(folder);
    t.add("lines", "millrace.file_source",
          {{"path", "in-0.csv;in-1.csv;in-2.csv"}, {"fields", "account:string,amount:int64,at:event_time"}}, 2);
    t.add("deal", "millrace.round_robin", {}, 2);
    t.add("file", "millrace.file_sink", {{"path", folder}}, 3);
    t.connect("lines", "deal").connect("deal", "file");
    t.base_folder = dir_->path().toStdString();
    return t;
  }

  [[nodiscard]] topology visits(const std::string& actor, std::map<std::string, param_value> given) {
    const auto folder = "windows-" + std::to_string(++folders_);
    topology t = empty(folder);
    t.add("lines", "millrace.file_source",
          {{"path", "visits.csv"}, {"fields", "who:string,amount:int64,at:event_time"}});
    t.add("spread", "millrace.by_key");
    given.insert({{"key", "who"}, {"value", "amount"}, {"functions", "count,sum,mean"}});
    t.add("windows", actor, std::move(given), 2);
    t.add("file", "millrace.file_sink", {{"path", folder}});
    t.base_folder = dir_->path().toStdString();
    return t.connect("lines", "spread").connect("spread", "windows").connect("windows", "file");
  }

  /// What the sink "file" has committed when all is over; the process dies `crashes` times on the way.
  [[nodiscard]] lines run(const topology& t, std::uint64_t seed, int crashes) {
    const auto plan = plan_of(t);
    if (plan == nullptr) qFatal("the topology is not valid");
    simulation s{plan, {.seed = seed, .batch_events = 16}};
    random_source random{seed};
    s.start();
    for (; crashes > 0; --crashes) {
      for (auto steps = 50 + random.below(300); steps > 0 && s.step(); --steps) {
      }
      if (s.now_is() != simulation::phase::running) break;
      ++crashed_;
      s.crash();
      s.restart();
    }
    if (!s.run_until_over(steps_max) || s.now_is() != simulation::phase::finished) qFatal("%s", s.message().c_str());
    return output_of(path(t.name));
  }

  std::unique_ptr<QTemporaryDir> dir_;
  int crashed_ = 0;
  int folders_ = 0;
};

QTEST_APPLESS_MAIN(pipeline_test)
#include "pipeline_test.moc"
