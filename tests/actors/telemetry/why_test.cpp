#include <QtTest>
#include <cstring>
#include <thread>

#include "millrace/engine/fault_point.hpp"
#include "node/status_json.hpp"
#include "node/why.hpp"
#include "slow_channels.hpp"
#include "trial_run.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using trial::watched_run;

namespace {

constexpr int limit_ms = 60'000;
constexpr double calm_rate = 2'000;

/// A disk that takes its time when a snapshot is to be durable.
engine::fault_action slow_disk(const char* point) {
  if (std::strcmp(point, "snapshot.after_manifest") == 0) std::this_thread::sleep_for(800ms);
  return engine::fault_action::proceed;
}

struct fault_hook_guard {
  explicit fault_hook_guard(engine::fault_hook hook) { engine::install_fault_hook(hook); }
  ~fault_hook_guard() { engine::install_fault_hook(nullptr); }
};

}  // namespace

/// What `millrace topology why` says of real runs that something holds up.
class why_test : public QObject {
  Q_OBJECT

  nlohmann::json newest_;

  /// The cause and where, "-" while nothing can be said.
  std::string why(watched_run& run) {
    const auto answer = node::answer_why(run.look(), run.run().plan());
    if (!answer) return "-";
    newest_ = *answer;
    return newest_["cause"].get<std::string>() + " " + newest_["where"].get<std::string>();
  }
  bool blames(watched_run& run, const std::string& cause, const std::string& where) {
    const auto said = why(run);
    return said.starts_with(cause + " " + where);
  }
  [[nodiscard]] QByteArray said() const { return QByteArray::fromStdString(newest_.dump(2)); }

private slots:
  void init() { newest_ = {}; }

  void aCalmRunHasNoCause() {
    watched_run run{{.rate = calm_rate}};
    QTRY_VERIFY2_WITH_TIMEOUT(why(run) == "none ", said(), limit_ms);
    QVERIFY2(newest_["sentence"].get<std::string>().starts_with("nothing is held up"), said());
  }
  void aRunThatHasJustBegunIsNotJudged() {
    watched_run run{{.rate = calm_rate}};
    const auto answer = node::answer_why(run.look(), run.run().plan());
    QVERIFY(!answer);
    QCOMPARE(answer.error().code, errc::unavailable);
  }
  void aSlowSink() {
    watched_run run{{.store = "trial.slow_store"}};
    QTRY_VERIFY2_WITH_TIMEOUT(blames(run, "outside_call", "store/0"), said(), limit_ms);
    QCOMPARE(newest_["path"].front(), "numbers/0");
    QCOMPARE(newest_["path"].back(), "store/0");
  }
  void aProcessorThatComputes() {
    watched_run run{{.work = "trial.spin", .partitions = 1}};
    QTRY_VERIFY2_WITH_TIMEOUT(blames(run, "processor", "work/0"), said(), limit_ms);
  }
  void aHotKey() {
    watched_run run{{.hot_percent = 90, .work = "trial.spin"}};
    QTRY_VERIFY2_WITH_TIMEOUT(blames(run, "hot_key", "work/"), said(), limit_ms);
    QCOMPARE(newest_["keys"].size(), std::size_t{1});
    QCOMPARE(newest_["keys"][0]["key"], 7);
    QVERIFY2(newest_["keys"][0]["share"] > 0.8, said());
  }
  void aSlowDiskAtSnapshots() {
    const fault_hook_guard guard{slow_disk};
    watched_run run{{.rate = calm_rate, .snapshot_interval = 200ms}};
    QTRY_VERIFY2_WITH_TIMEOUT(blames(run, "slow_disk", ""), said(), limit_ms);
    QVERIFY2(newest_["sentence"].get<std::string>().find("went into writing") != std::string::npos, said());
  }
  // The same without the slow disk: else the test above would say nothing.
  void snapshotsAloneAreNoCause() {
    watched_run run{{.rate = calm_rate, .snapshot_interval = 2s}};
    QTRY_VERIFY_WITH_TIMEOUT(run.look().run.snapshots >= 1, limit_ms);
    QTRY_VERIFY2_WITH_TIMEOUT(why(run) == "none ", said(), limit_ms);
  }
  void aSlowChannel() {
    trial::slow_channels slow{60ms};
    runtime::run_options options;
    options.around_channel = [&](const engine::plan_channel& c, trial::slow_channels::ends ends, const auto& bell) {
      return c.name.starts_with("numbers") ? slow.around(std::move(ends), bell) : std::move(ends);
    };
    watched_run run{{}, options};
    QTRY_VERIFY2_WITH_TIMEOUT(blames(run, "slow_channel", "numbers/0 -> route/0"), said(), limit_ms);
  }
  void aHandlerThatDoesNotReturn() {
    trial::is_hanging = true;
    watched_run run{{.rate = calm_rate, .work = "trial.hang", .partitions = 1}};
    QTRY_VERIFY2_WITH_TIMEOUT(blames(run, "stuck", "work/0"), said(), limit_ms);
  }
};

QTEST_GUILESS_MAIN(why_test)
#include "why_test.moc"
