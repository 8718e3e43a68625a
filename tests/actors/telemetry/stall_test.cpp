#include <QtTest>

#include "node/status_json.hpp"
#include "trial_run.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using trial::watched_run;

namespace {

constexpr int limit_ms = 60'000;
constexpr double calm_rate = 2'000;

}  // namespace

/// What a status of a real run tells while something is stuck, and that it tells true figures otherwise.
class stall_test : public QObject {
  Q_OBJECT

private slots:
  void figuresGrowWhileAHandlerHangs() {
    watched_run run{{.rate = calm_rate, .work = "trial.hang", .partitions = 1}};
    QTRY_VERIFY_WITH_TIMEOUT(run.task(run.look(), "store/0").now.events_in > 1'000, limit_ms);
    trial::is_hanging = true;
    const auto hung = [&](const node::status_view& v) { return run.task(v, "work/0").now; };
    QTRY_VERIFY_WITH_TIMEOUT(hung(run.look()).stepping_for > 500ms, limit_ms);
    auto before = run.look();
    // The task writes nothing now; all of these are the reader's work.
    for (const auto ahead : {200ms, 400ms, 600ms}) {
      QTRY_VERIFY_WITH_TIMEOUT(hung(run.look()).stepping_for > hung(before).stepping_for + ahead, limit_ms);
      const auto v = run.look();
      QVERIFY(hung(v).since_progress > hung(before).since_progress);
      QVERIFY(hung(v).oldest_unfinished > hung(before).oldest_unfinished);
      QVERIFY(node::oldest_unfinished(v) >= hung(v).oldest_unfinished);
      QVERIFY(hung(v).busy_ns > hung(before).busy_ns);
      before = v;
    }
    QTRY_VERIFY_WITH_TIMEOUT(run.task(run.look(), "work/0").busy_share > 0.9, limit_ms);
    // And come back when it goes on.
    trial::is_hanging = false;
    trial::is_hanging.notify_all();
    QTRY_VERIFY_WITH_TIMEOUT(hung(run.look()).oldest_unfinished < 500ms, limit_ms);
    QTRY_VERIFY_WITH_TIMEOUT(hung(run.look()).since_progress < 500ms, limit_ms);
  }

  void channelsTellWhatIsOnItsWay() {
    watched_run run{{.store = "trial.slow_store"}};
    const auto is_backed_up = [](const node::status_view& v) {
      std::size_t full = 0;
      for (const auto& c : v.channels) full += c.fill > 0.8 ? 1 : 0;
      return full >= 2;
    };
    QTRY_VERIFY_WITH_TIMEOUT(is_backed_up(run.look()), limit_ms);
    for (const auto& c : run.look().channels) {
      QVERIFY(c.now.sent >= c.now.taken && c.now.taken >= c.now.done);
      QVERIFY(c.now.credit_window > 0);
    }
  }

  void latencyIsSplitByWhereTimeGoes() {
    watched_run run{{.store = "trial.slow_store"}};
    const auto split = [&](const char* name) { return run.task(run.look(), name); };
    // A batch takes the sink 5 ms; sixteen wait for it in each of four channels.
    QTRY_VERIFY_WITH_TIMEOUT(split("store/0").service > 4ms, limit_ms);
    QTRY_VERIFY_WITH_TIMEOUT(split("store/0").queue > 50ms, limit_ms);
    QTRY_VERIFY_WITH_TIMEOUT(split("route/0").credit_wait > split("route/0").service, limit_ms);
    QVERIFY(split("store/0").credit_wait == 0ns);
  }

  void snapshotsTellTheirSizeAndTime() {
    watched_run run{{.rate = calm_rate, .snapshot_interval = 100ms}};
    QTRY_VERIFY_WITH_TIMEOUT(run.look().run.snapshots >= 3, limit_ms);
    const auto v = run.look();
    QVERIFY(v.run.last_snapshot_bytes > 0);
    QVERIFY(v.run.last_snapshot_write > 0ns);
    QVERIFY(run.task(v, "work/0").now.snapshot_bytes > 0);
    QVERIFY(run.task(v, "work/0").now.freeze_total_ns > 0);
  }
};

QTEST_GUILESS_MAIN(stall_test)
#include "stall_test.moc"
