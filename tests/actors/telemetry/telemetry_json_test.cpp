#include <QtTest>

#include "node/telemetry_json.hpp"
#include "trial_run.hpp"

using namespace millrace;
using nlohmann::json;
using node::read_choice;
using node::telemetry_choice;
using node::telemetry_json;
using trial::watched_run;

namespace {

constexpr int limit_ms = 60'000;

}  // namespace

/// What subscribers to `telemetry` get at each level of detail.
class telemetry_json_test : public QObject {
  Q_OBJECT

  static errc refused(const json& args) {
    const auto r = read_choice(args);
    return r ? errc::failed : r.error().code;
  }
  static json level(const node::status_view& v, const json& args) { return *telemetry_json(v, *read_choice(args)); }

private slots:
  void levelsTellWhatWasAskedFor() {
    watched_run run{{.rate = 20'000}};
    QTRY_VERIFY_WITH_TIMEOUT(run.task(run.look(), "store/0").in_per_s > 0, limit_ms);
    const auto v = run.look();
    const auto overview = level(v, {{"detail", "overview"}});
    QVERIFY(!overview.contains("tasks") || overview["tasks"].is_number());
    QCOMPARE(overview["tasks"].get<int>(), 7);
    QVERIFY(overview["in_per_s"] > 0.0 && overview["out_per_s"] > 0.0);
    QVERIFY(!overview.contains("actors"));

    const auto actors = level(v, {{"detail", "actors"}});
    QCOMPARE(actors["actors"].size(), std::size_t{4});
    QCOMPARE(actors["actors"][2]["actor"].get<std::string>(), std::string{"work"});
    QCOMPARE(actors["actors"][2]["tasks"].get<int>(), 4);

    const auto one = level(v, {{"detail", "actor"}, {"actor", "work"}});
    QCOMPARE(one["tasks"].size(), std::size_t{4});
    QCOMPARE(one["channels"].size(), std::size_t{8});  // from the router, and to the sink
    QCOMPARE(one["channels_left_out"].get<int>(), 0);
    for (const auto& c : one["channels"]) {
      QVERIFY(c["from"].get<std::string>().starts_with("work/") || c["to"].get<std::string>().starts_with("work/"));
      QVERIFY(c["credit_window"] > 0);
    }
    QVERIFY(level(v, json::object())["tasks"].is_array());
    QVERIFY(overview.dump().size() < level(v, json::object()).dump().size() / 3);
  }

  void theSlowestOfAThousandAreTold() {
    // Of 10,000 events 180 are slow, and 20 very slow; of the other task's few all are quick.
    constexpr std::size_t quick = 40, slow = 100, very_slow = 200;
    runtime::run_status before;
    before.tasks.resize(2);
    for (auto& t : before.tasks) {
      t.actor = "store";
      t.kind = "sink";
    }
    auto now = before;
    now.tasks[0].latency[quick] = 9'800;
    now.tasks[0].latency[slow] = 180;
    now.tasks[0].latency[very_slow] = 20;
    now.tasks[1].latency[quick] = 3;
    node::status_history history;
    const auto began = std::chrono::steady_clock::now();
    history.add(before, began);
    history.add(now, began + std::chrono::seconds{1});
    const auto us = [](std::size_t bucket) {
      return static_cast<double>(engine::latency_histogram::upper_bound_ns(bucket)) / 1000;
    };
    const auto status = level(history.view(), json::object())["tasks"];
    QCOMPARE(status[0]["latency_p50_us"].get<double>(), us(quick));
    QCOMPARE(status[0]["latency_p99_us"].get<double>(), us(slow));
    QCOMPARE(status[0]["latency_p99_9_us"].get<double>(), us(very_slow));
    QCOMPARE(status[1]["latency_p99_9_us"].get<double>(), us(quick));
    const auto row = level(history.view(), {{"detail", "actors"}})["actors"][0];
    QCOMPARE(row["latency_p99_9_us"].get<double>(), us(very_slow));
    QCOMPARE(level(history.view(), {{"detail", "overview"}})["latency_p99_9_us"].get<double>(), us(very_slow));
  }

  void refusesWhatItDoesNotKnow() {
    QCOMPARE(refused({{"detail", "everything"}}), errc::invalid_argument);
    QCOMPARE(refused({{"detail", 3}}), errc::invalid_argument);
    QCOMPARE(refused({{"details", "overview"}}), errc::invalid_argument);
    QCOMPARE(refused({{"detail", "actor"}}), errc::invalid_argument);
    QCOMPARE(refused({{"actor", "work"}}), errc::invalid_argument);
    watched_run run{{.rate = 1'000}};
    const auto none = telemetry_json(run.look(), *read_choice({{"detail", "actor"}, {"actor", "wrok"}}));
    QVERIFY(!none);
    QCOMPARE(none.error().code, errc::not_found);
  }
};

QTEST_GUILESS_MAIN(telemetry_json_test)
#include "telemetry_json_test.moc"
