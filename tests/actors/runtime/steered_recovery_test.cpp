// Tasks that come back while their actors are muted, or their parameters changed.
#include "chain_run.hpp"

#include <QTest>

#include <variant>

#include "millrace/runtime/run_steering.hpp"
#include "millrace/validation.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using runtime::health;
using test::chain;
using test::chain_run;
using test::policy_of;

namespace actors = test::chain_actors;

class steered_recovery_test : public QObject {
  Q_OBJECT
private slots:
  void whatIsMutedWhileItIsAwayDidItsPastAloud() {
    auto t = chain();
    t.settings.snapshot_interval = 0ms;  // all its past is done once more
    policy_of(t, "second").backoff = policy_of(t, "second").backoff_max = 100ms;
    chain_run r{t};
    const auto seen = r.task("second/0").events_in;
    r.wait_for([&] { return r.task("second/0").events_in > seen + 200; });
    r.run().fail_task(r.id_of("second/0"), "wanted");
    r.wait_for([&] { return r.task("second/0").health.now == health::backing_off; });
    QVERIFY(r.run().steering().mute("second", true));
    const auto report = r.next_recovery(0);
    QCOMPARE(report.scope, std::string{"alone"});
    r.wait_for([&] { return r.task("second/0").muted_events > 100; });
    QVERIFY(r.run().steering().mute("second", false));
    actors::may_end = true;
    const auto over = r.run().wait(30s);
    QVERIFY(over && over->how == runtime::run_outcome::kind::finished);
    const auto muted = static_cast<std::int64_t>(r.run().status().tasks[r.id_of("second/0").value].muted_events);
    QCOMPARE(actors::got_at_end + muted, actors::made.load());
  }

  void aTaskThatIsMutedAllAlongStillComesBackAlone() {
    chain_run r{chain()};
    QVERIFY(r.run().steering().mute("second", true));
    const auto snapshots = r.run().status().snapshots;
    r.wait_for([&] { return r.run().status().snapshots > snapshots + 2; });
    QCOMPARE(r.fail("second/0").scope, std::string{"alone"});
  }

  void aSettingWhoseSnapshotFailsHoldsFromTheOneBefore() {
    auto t = chain();
    test::actor_of(t, "second").params["hangs"] = true;
    t.settings.snapshot_timeout = 200ms;
    chain_run r{t};
    actors::hangs_wanted = 1;
    r.wait_for([] { return actors::hangs_wanted == 0; });
    const auto given_up = r.run().status().snapshot_failures;
    QVERIFY(r.run().steering().set("first", "marks", std::int64_t{7}));
    r.wait_for([&] { return r.run().status().state == "restoring"; });
    QVERIFY2(r.run().status().snapshot_failures > given_up, "the barrier did not get past who hangs");
    r.release();
    r.wait_for([&] { return r.task("first/0").incarnation > 1 && r.run().status().state == "running"; });
    QCOMPARE(r.made_again(), std::string{"source first second sink side side_sink "});
    QVERIFY(r.ends_right());
  }

  void aSettingThatWaitsHidesNoneThatWasGiven() {
    const auto checked = validate(chain());
    QVERIFY(checked.ok());
    runtime::run_steering s{*checked.plan, {}};
    QVERIFY(s.set("first", "marks", std::int64_t{2}));
    QVERIFY(s.begin_epoch({5}));
    QVERIFY(s.set("first", "marks", std::int64_t{3}));
    QVERIFY(s.has_settings_after({4}) && !s.has_settings_after({5}));
    QCOMPARE(s.given().size(), std::size_t{1});
    QCOMPARE(std::get<std::int64_t>(s.given().front().value), std::int64_t{2});
    QCOMPARE(std::get<std::int64_t>(s.changed().front().value), std::int64_t{3});
    QVERIFY(s.actors_changed_at({5}).size() == 1 && s.actors_changed_at({4}).empty());
  }

  void aSettingOfAnEpochThatIsPutOffHoldsWithTheNext() {
    const auto checked = validate(chain());
    QVERIFY(checked.ok());
    runtime::run_steering s{*checked.plan, {}};
    const auto value = [](const runtime::changed_parameter& c) { return std::get<std::int64_t>(c.value); };
    QVERIFY(s.set("first", "marks", std::int64_t{2}));
    QVERIFY(s.begin_epoch({5}));
    s.put_off({5});
    QVERIFY(s.actors_changed_at({5}).empty());
    QVERIFY(s.changed().size() == 1 && s.changed().front().from.value == 0 && value(s.changed().front()) == 2);
    QVERIFY(s.begin_epoch({6}));
    QVERIFY(s.given().size() == 1 && s.given().front().from == epoch_id{6} && value(s.given().front()) == 2);
    QVERIFY(s.actors_changed_at({6}).size() == 1);
    // What was set meanwhile counts, not what was put off; earlier epochs stay as they are.
    QVERIFY(s.set("first", "marks", std::int64_t{3}));
    QVERIFY(s.begin_epoch({7}));
    QVERIFY(s.set("first", "marks", std::int64_t{4}));
    s.put_off({7});
    QVERIFY(s.begin_epoch({8}));
    QVERIFY(s.given().size() == 1 && value(s.given().front()) == 4);
    s.put_off({9});
    QVERIFY(!s.begin_epoch({9}));
  }
};

QTEST_GUILESS_MAIN(steered_recovery_test)
#include "steered_recovery_test.moc"
