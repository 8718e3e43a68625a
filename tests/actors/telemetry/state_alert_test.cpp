#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <atomic>
#include <memory>
#include <semaphore>

#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "node/alerts/alert_watch.hpp"
#include "node/state_answer.hpp"
#include "receiver.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using namespace millrace::node;
using nlohmann::json;
using trial::log_lines;

namespace {

json sales_rule() {
  return {{"name", "too much"}, {"measure", "state"}, {"actor", "totals"}, {"state", "sum"},    {"key", "EUR"},
          {"above", 100},       {"clears_at", 80},    {"for", "3s"},       {"clears_for", "2s"}};
}

/// A watch of one rule over a topology whose state a test makes up, looked at once a second.
class watched {
public:
  explicit watched(
      const json& rule, state_look::executor aside = [](const std::function<void()>& work) { work(); })
      : aside_{std::move(aside)} {
    QFile file{folder_.filePath("rules.json")};
    if (!file.open(QIODevice::WriteOnly)) qFatal("no file");
    file.write(QByteArray::fromStdString(
        json{{"millrace_alerts", 1}, {"group_wait", "0ms"}, {"rules", json::array({rule})}}.dump()));
    file.close();
    // Here and now, so that a look is over when `look` returns.
    auto opened = alert_watch::open(file.fileName().toStdString(), log.logger(), aside_);
    if (!opened) qFatal("%s", opened.error().message.c_str());
    watch_ = *std::move(opened);
  }
  void look(const state_readings::asker& ask) {
    now_ += 1s;
    watch_->look(
        now_,
        [] {
          return std::vector{measured_topology{"shop", true, true, false, "running", {}}};
        },
        ask);
  }
  /// So many seconds of one value.
  void see(double value, int seconds) {
    for (int i = 0; i < seconds; ++i) {
      look([&](const std::string&, const json&) -> result<json> {
        return json{{"rows", {{{"key", "EUR"}, {"states", {{"sum", value}}}}}}, {"next", nullptr}};
      });
    }
  }
  [[nodiscard]] bool fires() const { return !watch_->active("shop")["alerts"].empty(); }
  [[nodiscard]] json first() const { return watch_->active("shop")["alerts"][0]; }

  [[nodiscard]] alert_watch& itself() { return *watch_; }

  log_lines log;

private:
  const state_look::executor aside_;
  QTemporaryDir folder_;
  std::unique_ptr<alert_watch> watch_;
  std::chrono::steady_clock::time_point now_{1h};
};

/// Two partitions with three rows each, given out two at a time.
result<json> rows_of_two_partitions(const json& args) {
  const auto partition = args.value("partition", 0);
  const auto cursor = args.value("cursor", 0);
  json out{{"rows", json::array()}, {"next", nullptr}};
  for (int i = cursor; i < std::min(cursor + 2, 3); ++i) {
    out["rows"].push_back(
        {{"key", i}, {"states", {{"total", {{"sum", partition * 10 + i}, {"name", "x"}, {"none", nullptr}}}}}});
  }
  if (cursor == 0) {
    out["next"] = {{"partition", partition}, {"cursor", 2}};
  } else if (partition == 0) {
    out["next"] = {{"partition", 1}, {"cursor", 0}};
  }
  return out;
}

}  // namespace

/// Rules about values that actors keep up to date from a stream.
class state_alert_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { link_library(); }

  void saysWhatIsWrongWithARule_data() {
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QByteArray>("words");
    const auto row = [](const char* name, const char* key, const json& value, const char* words) {
      auto rule = sales_rule();
      if (value.is_null()) {
        rule.erase(key);
      } else {
        rule[key] = value;
      }
      QTest::newRow(name) << QByteArray::fromStdString(rule.dump()) << QByteArray{words};
    };
    row("no actor", "actor", nullptr, "/rules/0: 'actor' is missing");
    row("no state", "state", nullptr, "/rules/0: 'state' is missing");
    row("of with a key", "of", "max", "/rules/0/of: goes without 'key'");
    row("state with another measure", "measure", "backlog", "/rules/0/state: goes with the measure 'state'");
    row("a key that is no text", "key", 7, "/rules/0/key: is no text");
  }
  void saysWhatIsWrongWithARule() {
    QFETCH(QByteArray, rule);
    QFETCH(QByteArray, words);
    const json file{{"millrace_alerts", 1}, {"rules", json::array({json::parse(rule.toStdString())})}};
    const auto r = parse_alerts(file.dump(), "a.json");
    QVERIFY(!r);
    QVERIFY2(QByteArray::fromStdString(r.error().message).contains(words), r.error().message.c_str());
  }
  void anUnknownWayToTakeKeysTogetherIsNamed() {
    auto rule = sales_rule();
    rule.erase("key");
    rule["of"] = "mean";
    const auto r = parse_alerts(json{{"millrace_alerts", 1}, {"rules", json::array({rule})}}.dump(), "a.json");
    QVERIFY(!r && r.error().message.find("/rules/0/of: is none of max, min, sum and count") != std::string::npos);
  }

  void keysOfAllPartitionsAreTakenTogether() {
    const auto ask = [](const std::string& topology, const json& args) -> result<json> {
      if (topology != "shop" || args["what"] != "scan" || args["actor"] != "totals" || args["state"] != "total") {
        return user_error(errc::invalid_argument, args.dump());
      }
      return rows_of_two_partitions(args);
    };
    using over = state_measure::over;
    for (const auto& [of, value] :
         {std::pair{over::max, 12.0}, {over::min, 0.0}, {over::sum, 36.0}, {over::count, 6.0}}) {
      const auto read = read_measure({"", "totals", "total", "sum", "", of}, "shop", ask);
      QVERIFY2(read, read ? "" : read.error().message.c_str());
      QCOMPARE(read->value(), value);
    }
    // Null is no value; a text is none that there is a limit for; a field that is not there is a mistake.
    QVERIFY(!*read_measure({"", "totals", "total", "none", "", over::max}, "shop", ask));
    QCOMPARE(read_measure({"", "totals", "total", "name", "", over::max}, "shop", ask).error().code,
             errc::invalid_argument);
    QCOMPARE(read_measure({"", "totals", "total", "som", "", over::max}, "shop", ask).error().code, errc::not_found);
    QVERIFY(!read_measure({"", "totals", "total", "", "", over::max}, "shop", ask));
  }

  void tooManyKeysAreNoValue() {
    std::size_t asked = 0;
    const auto endless = [&](const std::string&, const json&) -> result<json> {
      ++asked;
      json out{{"rows", json::array()}, {"next", {{"partition", 0}, {"cursor", 500 * asked}}}};
      for (int i = 0; i < 500; ++i) out["rows"].push_back({{"key", i}, {"states", {{"sum", 1}}}});
      return out;
    };
    const auto read = read_measure({"", "totals", "sum", "", "", state_measure::over::sum}, "shop", endless);
    QVERIFY(!read && read.error().code == errc::limit_exceeded);
    QVERIFY(asked <= 9);
  }

  void firesAfterItsTimeAndIsOverAfterItsTime() {
    watched w{sales_rule()};
    w.see(150, 3);
    QVERIFY(!w.fires());
    w.see(99, 1);  // not above for three seconds on end
    w.see(150, 3);
    QVERIFY(!w.fires());
    w.see(170, 1);
    QVERIFY(w.fires());
    QVERIFY(w.first()["measure"] == "totals.sum of EUR" && w.first()["actor"] == "totals");
    QVERIFY(w.first()["value"] == 170.0 && w.first()["limit"] == 100.0);
    QVERIFY(w.log.has("alert 'too much' (warning) fired at shop/totals: totals.sum of EUR is 170, limit 100"));
    w.see(90, 10);  // below the limit, not yet clear
    QVERIFY(w.fires());
    w.see(80, 2);
    QVERIFY(w.fires());
    w.see(80, 1);
    QVERIFY(!w.fires());
    QVERIFY(w.log.has("is over at shop/totals"));
  }

  void belowALimitAllIsTheOtherWayRound() {
    auto rule = sales_rule();
    rule.erase("above");
    rule["below"] = 100;
    rule["clears_at"] = 120;
    watched w{rule};
    w.see(100, 10);
    w.see(90, 3);
    QVERIFY(!w.fires());
    w.see(70, 1);
    QVERIFY(w.fires() && w.first()["fires"] == "below");
    QVERIFY(w.log.has("fired at shop/totals: totals.sum of EUR is 70, lower limit 100"));
    w.see(110, 10);  // above the limit, not yet clear
    QVERIFY(w.fires());
    w.see(120, 3);
    QVERIFY(!w.fires());
  }

  /// Where values may not be seen, that it fires may.
  void valuesAreHiddenWhereTheyAreToBe() {
    watched w{sales_rule()};
    w.see(150, 4);
    const auto hidden = w.itself().active("shop", state_values::hidden)["alerts"][0];
    QVERIFY(hidden["value"].is_null() && hidden["worst"].is_null() && hidden["rule"] == "too much");
    QVERIFY(hidden.dump().find("150") == std::string::npos);
    QVERIFY(w.first().dump().find("150") != std::string::npos);
  }

  /// A task that does not answer holds nobody up but who asks it, and whoever ends waits for that one question alone.
  void whoWatchesDoesNotWaitForTasks() {
    std::counting_semaphore<> asked{0};
    std::counting_semaphore<> answer{0};
    std::atomic<int> answered{0};
    const auto slow = [&](const std::string&, const json&) -> result<json> {
      asked.release();
      (void)answer.try_acquire_for(30s);
      ++answered;
      return json{{"rows", {{{"key", "EUR"}, {"states", {{"sum", 500}}}}}}, {"next", nullptr}};
    };
    watched w{sales_rule(), {}};
    for (int i = 0; i < 100; ++i) w.look(slow);
    QCOMPARE(answered.load(), 0);
    QVERIFY(asked.try_acquire_for(30s));
    answer.release();
    const auto sees = [&] {
      answer.release();
      w.look(slow);
      return w.fires();
    };
    QTRY_VERIFY_WITH_TIMEOUT(sees(), 30'000);
    answer.release();
    w.itself().stop_asking();
    const auto before = answered.load();
    for (int i = 0; i < 10; ++i) w.look(slow);
    QCOMPARE(answered.load(), before);
  }

  /// A value that goes up and down across the limit each second is told once, and without that protection each time.
  void whatHoversAroundTheLimitIsToldOnce() {
    const auto told = [](const json& rule) {
      watched w{rule};
      int changes = 0;
      bool was = false;
      for (int i = 0; i < 200; ++i) {
        w.see(i % 2 == 0 ? 105 : 95, 1);
        changes += w.fires() != was ? 1 : 0;
        was = w.fires();
      }
      return changes;
    };
    auto rule = sales_rule();
    rule["for"] = "0s";
    QCOMPARE(told(rule), 1);
    rule["clears_at"] = 100;
    rule["clears_for"] = "0s";
    QVERIFY(told(rule) > 100);
  }

  void whatCannotBeReadIsSaidOnceAndTriedLater() {
    watched w{sales_rule()};
    int asked = 0;
    for (int i = 0; i < 25; ++i) {
      w.look([&](const std::string&, const json&) -> result<json> {
        ++asked;
        return retryable_error(errc::unavailable, "totals/0 is busy");
      });
    }
    QCOMPARE(asked, 3);
    QCOMPARE(w.log.count("totals/0 is busy"), std::ptrdiff_t{1});
    QVERIFY(!w.fires());
  }

  void theTotalOfARealStreamIsWatched() {
    QTemporaryDir folder;
    QFile file{folder.filePath("sales.csv")};
    QVERIFY(file.open(QIODevice::WriteOnly));
    for (int i = 0; i < 400; ++i) file.write(i % 2 == 0 ? "EUR,1\n" : "USD,2\n");
    file.close();
    topology t;
    t.name = "shop";
    t.base_folder = folder.path().toStdString();
    t.add("sales", "millrace.file_source",
          {{"path", std::string{"sales.csv"}},
           {"header", false},
           {"fields", std::string{"currency:string,amount:float64"}},
           {"rate", 500.0}});
    t.add("route", "millrace.by_key");
    t.add("totals", "millrace.aggregate",
          {{"key", std::string{"currency"}}, {"value", std::string{"amount"}}, {"functions", std::string{"sum"}}}, 2);
    t.add("gone", "millrace.null_sink");
    t.connect("sales", "route").connect("route", "totals").connect("totals", "gone");
    const auto checked = validate(t);
    QVERIFY2(checked.ok(), checked.problems.empty() ? "" : to_string(checked.problems.front()).c_str());
    runtime::run_options options;
    options.data_dir = folder.filePath("data").toStdString();
    const auto run = runtime::topology_run::start(checked.plan, std::move(options));
    QVERIFY2(run, run ? "" : run.error().message.c_str());
    auto rule = sales_rule();
    rule["state"] = "aggregate";
    rule["field"] = "sum";
    rule["for"] = "0s";
    watched w{rule};
    const auto look = [&] {
      w.look([&](const std::string&, const json& args) { return answer_state(**run, args); });
      return w.fires();
    };
    QTRY_VERIFY_WITH_TIMEOUT(look(), 60'000);
    QVERIFY(w.first()["value"].get<double>() > 100);
    (*run)->stop();
    QVERIFY((*run)->wait(30s).has_value());
  }
};

QTEST_GUILESS_MAIN(state_alert_test)
#include "state_alert_test.moc"
