#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>

#include "node/alerts/alert_watch.hpp"
#include "receiver.hpp"
#include "trial_run.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using namespace millrace::node;
using nlohmann::json;
using trial::log_lines;
using trial::receiver;
using trial::watched_run;

namespace {

constexpr int limit_ms = 60'000;

engine::alert_group group_of(engine::alert_severity severity) {
  return {
      "orders",
      {{.rule = "stalled", .topology = "orders", .actor = "", .measure = "oldest_unfinished_s", .severity = severity}},
      0};
}

}  // namespace

/// Rules in a file, what they look at, and where notices go.
class alert_test : public QObject {
  Q_OBJECT

  static std::string refusal(const json& file) {
    const auto r = parse_alerts(file.dump(), "a.json");
    return r ? std::string{} : r.error().message;
  }
  static json with_rule(const json& rule) { return {{"millrace_alerts", 1}, {"rules", json::array({rule})}}; }

private slots:
  void readsRules() {
    const auto s = parse_alerts(
        json{{"millrace_alerts", 1},
             {"group_wait", "3s"},
             {"rules", json::array({{{"name", "stalled"},
                                     {"measure", "oldest_unfinished_s"},
                                     {"above", 30},
                                     {"clears_at", 10},
                                     {"for", "5s"},
                                     {"clears_for", "20s"},
                                     {"severity", "critical"},
                                     {"topology", "orders"}},
                                    {{"name", "dead"}, {"measure", "dead_letters_per_s"}, {"above", 0}}})},
             {"maintenance", json::array({{{"daily", "22:00-02:30"}, {"days", "sat,sun"}},
                                          {{"from", "2026-11-22T02:00:00Z"}, {"until", "2026-11-22T03:00:00Z"}}})},
             {"notify",
              json::array({{{"to", "log"}},
                           {{"to", "webhook"}, {"url", "https://alerts.example/x"}, {"severity", "critical"}}})}}
            .dump(),
        "a.json");
    QVERIFY2(s, s ? "" : s.error().message.c_str());
    QCOMPARE(s->rules.size(), std::size_t{2});
    QVERIFY(s->rules[0].holds_for == 5s && s->rules[0].clears_for == 20s);
    QCOMPARE(s->rules[0].clears_at, 10.0);
    QVERIFY(s->rules[0].severity == engine::alert_severity::critical);
    const auto below = parse_alerts(
        with_rule({{"name", "x"}, {"measure", "events_in_per_s"}, {"below", 5}, {"clears_at", 8}}).dump(), "a.json");
    QVERIFY2(below, below ? "" : below.error().message.c_str());
    QVERIFY(below->rules[0].side == engine::alert_rule::beyond::below);
    QVERIFY(below->rules[0].limit == 5 && below->rules[0].clears_at == 8);
    QCOMPARE(s->rules[1].clears_at, 0.0);
    QVERIFY(s->group_wait == 3s);
    QCOMPARE(s->maintenance[0].days, std::uint8_t{0x41});
    QCOMPARE(s->maintenance[0].until_minute, 150);
    QVERIFY((s->maintenance[1].until.ns - s->maintenance[1].from.ns) == std::chrono::nanoseconds{1h}.count());
    QCOMPARE(s->channels.size(), std::size_t{2});
    // Without a word about it, notices are logged.
    QCOMPARE(parse_alerts("{\"millrace_alerts\": 1}", "a.json")->channels.size(), std::size_t{1});
  }

  void whatFiresIsListed() {
    QTemporaryDir folder;
    const auto rules = folder.filePath("rules.json");
    QFile file{rules};
    QVERIFY(file.open(QIODevice::WriteOnly));
    const json rule{{"name", "broken"}, {"measure", "failed"}, {"above", 0}};
    file.write(QByteArray::fromStdString(
        json{{"millrace_alerts", 1},
             {"rules", json::array({rule})},
             {"maintenance", json::array({{{"daily", "00:00-00:00"}, {"topology", "orders"}}})}}
            .dump()));
    file.close();
    log_lines log;
    const auto watch = alert_watch::open(rules.toStdString(), log.logger());
    QVERIFY2(watch, watch ? "" : watch.error().message.c_str());
    QVERIFY((*watch)->active({})["alerts"].empty());
    (*watch)->look(std::chrono::steady_clock::now(),
                   [] {
                     return std::vector{measured_topology{"orders", true, false, true, "failed", {}},
                                        measured_topology{"totals", true, false, true, "failed", {}},
                                        measured_topology{"calm", true, true, false, "running", {}}};
                   },
                   {});
    const auto all = (*watch)->active({});
    QCOMPARE(all["alerts"].size(), std::size_t{2});
    QCOMPARE(all["rules"].get<int>(), 1);
    QCOMPARE((*watch)->firing().warning, std::size_t{2});
    QCOMPARE((*watch)->firing().info + (*watch)->firing().critical, std::size_t{0});
    const auto of_one = (*watch)->active("orders")["alerts"];
    QCOMPARE(of_one.size(), std::size_t{1});
    QCOMPARE(of_one[0]["rule"].get<std::string>(), std::string{"broken"});
    QVERIFY(of_one[0]["in_maintenance"].get<bool>() && of_one[0]["value"] == 1.0);
    QVERIFY(!(*watch)->active("totals")["alerts"][0]["in_maintenance"].get<bool>());
    QVERIFY((*watch)->active("calm")["alerts"].empty());
  }

  void saysWhereAFileIsWrong_data() {
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<QByteArray>("words");
    const auto row = [](const char* name, const json& file, const char* words) {
      QTest::newRow(name) << QByteArray::fromStdString(file.dump()) << QByteArray{words};
    };
    const json good{{"name", "x"}, {"measure", "backlog"}, {"above", 1}};
    const auto changed = [&](const char* key, const json& value) {
      auto rule = good;
      rule[key] = value;
      return with_rule(rule);
    };
    row("no version", json::object(), "/millrace_alerts");
    row("another version", {{"millrace_alerts", 2}}, "/millrace_alerts");
    row("a list", json::array(), "is no object");
    row("unknown key", {{"millrace_alerts", 1}, {"rule", 1}}, "/rule: is not known here");
    row("rules no list", {{"millrace_alerts", 1}, {"rules", 1}}, "/rules: is no list");
    row("unknown measure", changed("measure", "mood"), "/rules/0/measure: is none of failed, not_running");
    row("no limit", with_rule({{"name", "x"}, {"measure", "backlog"}}), "/rules/0: 'above' or 'below' is missing");
    row("limit a text", changed("above", "much"), "/rules/0/above: is no number");
    row("clears above", changed("clears_at", 2), "/rules/0/clears_at: is larger");
    row("two limits", changed("below", 0), "/rules/0/below: goes without 'above'");
    row("clears below", with_rule({{"name", "x"}, {"measure", "backlog"}, {"below", 5}, {"clears_at", 4}}),
        "/rules/0/clears_at: is less than 'below'");
    row("a flag below", with_rule({{"name", "x"}, {"measure", "failed"}, {"below", 1}}),
        "/rules/0/below: goes without 'failed'");
    row("bad duration", changed("for", "soon"), "/rules/0/for");
    row("bad severity", changed("severity", "bad"), "/rules/0/severity: is none of info");
    row("a typo", changed("treshold", 1), "/rules/0/treshold: is not known here");
    row("twice", {{"millrace_alerts", 1}, {"rules", json::array({good, good})}}, "two have the name 'x'");
    row("bad span", {{"millrace_alerts", 1}, {"maintenance", json::array({{{"daily", "25:00-26:00"}}})}}, "/daily");
    row("bad day",
        {{"millrace_alerts", 1}, {"maintenance", json::array({{{"daily", "01:00-02:00"}, {"days", "today"}}})}},
        "/days");
    row("ends before it begins",
        {{"millrace_alerts", 1}, {"maintenance", json::array({{{"from", "2026-01-02"}, {"until", "2026-01-01"}}})}},
        "/until");
    row("no address", {{"millrace_alerts", 1}, {"notify", json::array({{{"to", "webhook"}, {"url", "ftp://x"}}})}},
        "/url");
    row("nowhere", {{"millrace_alerts", 1}, {"notify", json::array({{{"to", "pigeon"}}})}}, "/to: is none of log");
    QTest::newRow("no JSON") << QByteArray{"{"} << QByteArray{"this is no JSON"};
  }
  void saysWhereAFileIsWrong() {
    QFETCH(QByteArray, file);
    QFETCH(QByteArray, words);
    const auto r = parse_alerts(file.toStdString(), "a.json");
    QVERIFY(!r);
    QVERIFY2(r.error().message.starts_with("a.json: "), r.error().message.c_str());
    QVERIFY2(QByteArray::fromStdString(r.error().message).contains(words), r.error().message.c_str());
  }

  void readingsAreRatesOverTheTimeBetweenLooks() {
    measured_topology t{"orders", true, true, false, "running", {}};
    task_view v;
    v.now.actor = "store";
    v.now.kind = "sink";
    t.view.tasks = {v};
    alert_readings readings;
    const alert_readings::time_point start{std::chrono::hours{1}};
    // Of the first look nothing is known of what came in: no rule about too little may fire.
    for (const auto& r : readings.look({t}, start)) QVERIFY(r.measure != "events_in_per_s");
    t.view.tasks[0].in_per_s = 60;
    t.view.tasks.push_back(t.view.tasks[0]);
    t.view.tasks[1].in_per_s = 40;
    t.view.tasks[0].now.dead_letters = 30;
    t.view.tasks[0].now.events_in = 120;
    t.view.run.restarts = 2;
    const auto seen = readings.look({t}, start + 2s);
    const auto value = [&](const std::string& measure, const std::string& actor) {
      const auto at =
          std::ranges::find_if(seen, [&](const auto& r) { return r.measure == measure && r.actor == actor; });
      return at == seen.end() ? -1 : at->value;
    };
    QCOMPARE(value("dead_letters_per_s", "store"), 15.0);
    QCOMPARE(value("error_share", "store"), 0.25);
    QCOMPARE(value("events_in_per_s", "store"), 100.0);
    QCOMPARE(value("events_out_per_s", "store"), 0.0);
    QCOMPARE(value("restarts_10m", ""), 2.0);
    QCOMPARE(value("failed", ""), 0.0);
    for (const auto& r : seen) QVERIFY2(is_alert_measure(r.measure), r.measure.c_str());
    // Begun anew by somebody, and fallen over once since.
    t.view.run.restarts = 1;
    t.view.tasks[0].now.events_in = 1;
    const auto anew = readings.look({t}, start + 4s);
    QVERIFY(std::ranges::any_of(anew, [](const auto& r) { return r.measure == "restarts_10m" && r.value == 1; }));
    QVERIFY(std::ranges::none_of(anew, [](const auto& r) { return r.measure == "events_in_per_s"; }));
    const auto later = readings.look({t}, start + 20min);
    QVERIFY(std::ranges::any_of(later, [](const auto& r) { return r.measure == "restarts_10m" && r.value == 0; }));
  }

  void filesGetALineForEachGroup() {
    const QTemporaryDir folder;
    const auto path = folder.filePath("alerts.jsonl");
    log_lines log;
    {
      alert_notifier n{{{alert_channel::kind::file, path.toStdString(), engine::alert_severity::warning}},
                       log.logger()};
      n.tell(group_of(engine::alert_severity::critical), {0});
      n.tell(group_of(engine::alert_severity::info), {0});
      n.tell(group_of(engine::alert_severity::warning), {0});
    }
    QFile file{path};
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto lines = file.readAll().trimmed().split('\n');
    QCOMPARE(lines.size(), 2);
    const auto first = json::parse(lines[0].toStdString());
    QVERIFY(first["topology"] == "orders" && first["at"] == "1970-01-01T00:00:00Z");
    QVERIFY(first["alerts"][0]["what"] == "fired" && first["alerts"][0]["severity"] == "critical");
    // A folder that is not there is said so.
    alert_notifier lost{{{alert_channel::kind::file, path.toStdString() + "/x", engine::alert_severity::info}},
                        log.logger()};
    lost.tell(group_of(engine::alert_severity::info), {0});
    QVERIFY(log.has("could not be written"));
  }

  void webAddressesAreTriedAgain() {
    receiver there{2};
    log_lines log;
    alert_notifier n{{{alert_channel::kind::webhook, there.url(), engine::alert_severity::info}}, log.logger()};
    n.tell(group_of(engine::alert_severity::warning), {0});
    QTRY_COMPARE_WITH_TIMEOUT(there.bodies().size(), std::size_t{1}, limit_ms);
    QCOMPARE(there.asked(), 3);
    QVERIFY(json::parse(there.bodies()[0])["alerts"][0]["rule"] == "stalled");
    QVERIFY(!log.has("not delivered"));
  }

  void aRunThatStallsIsToldAndThatItIsOver() {
    const QTemporaryDir folder;
    const auto rules = folder.filePath("alerts.json");
    QFile file{rules};
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(json{{"millrace_alerts", 1},
                                              {"group_wait", "0ms"},
                                              {"rules", json::array({{{"name", "stalled"},
                                                                      {"measure", "oldest_unfinished_s"},
                                                                      {"actor", "work"},
                                                                      {"above", 1},
                                                                      {"clears_at", 0.5}}})}}
                                             .dump()));
    file.close();
    log_lines log;
    const auto watch = alert_watch::open(rules.toStdString(), log.logger());
    QVERIFY2(watch, watch ? "" : watch.error().message.c_str());
    watched_run run{{.rate = 2'000, .work = "trial.hang", .partitions = 1}};
    const auto look = [&] {
      (*watch)->look(std::chrono::steady_clock::now(),
                     [&] {
                       return std::vector{measured_topology{"trial", true, true, false, "running", run.look()}};
                     },
                     {});
      return true;
    };
    QTRY_VERIFY_WITH_TIMEOUT(look() && run.task(run.look(), "store/0").now.events_in > 0, limit_ms);
    trial::is_hanging = true;
    QTRY_VERIFY_WITH_TIMEOUT(look() && log.has("alert 'stalled' (warning) fired at trial/work"), limit_ms);
    trial::is_hanging = false;
    trial::is_hanging.notify_all();
    QTRY_VERIFY_WITH_TIMEOUT(look() && log.has("alert 'stalled' (warning) is over at trial/work"), limit_ms);
  }
};

QTEST_GUILESS_MAIN(alert_test)
#include "alert_test.moc"
