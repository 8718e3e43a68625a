// What goes back with a task that fails, and what the status says of it.
#include "chain_run.hpp"

#include <QTest>

#include <map>

#include "millrace/validation.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using runtime::health;
using test::chain;
using test::chain_run;
using test::policy_of;

namespace actors = test::chain_actors;

class supervision_test : public QObject {
  Q_OBJECT
private slots:
  void oneForOneTakesTheTaskBackAlone() {
    chain_run r{chain()};
    const auto report = r.fail("second/0");
    QCOMPARE(report.scope, std::string{"alone"});
    QVERIFY(report.is_over && report.tasks == 1 && report.obstacle.empty());
    QCOMPARE(r.made_again(), std::string{"second "});
    QVERIFY(r.ends_right());
  }

  void restForOneTakesBackWhatLiesDownstream() {
    auto t = chain();
    policy_of(t, "first").scope = restart_scope::rest_for_one;
    chain_run r{t};
    const auto report = r.fail("first/0");
    QCOMPARE(report.scope, std::string{"rest"});
    QVERIFY(report.is_over && report.tasks == 3);
    QCOMPARE(r.made_again(), std::string{"first second sink "});
    QVERIFY(r.ends_right());
  }

  void allForOneTakesBackItsGroupAndWhatLiesDownstream() {
    auto t = chain();
    t.groups.push_back({"two", {"first", "second"}});
    t.groups.front().restarts.scope = restart_scope::all_for_one;
    chain_run r{t};
    const auto report = r.fail("second/0");
    QCOMPARE(report.scope, std::string{"group"});
    QCOMPARE(r.made_again(), std::string{"first second sink "});
    QVERIFY(r.ends_right());
  }

  void withoutAGroupAllMeansTheRegion() {
    auto t = chain();
    policy_of(t, "second").scope = restart_scope::all_for_one;
    chain_run r{t};
    const auto report = r.fail("second/0");
    QCOMPARE(report.scope, std::string{"region"});
    QVERIFY(report.is_over && report.tasks == 6);
    QCOMPARE(r.made_again(), std::string{"source first second sink side side_sink "});
    QVERIFY(r.ends_right());
  }

  void whoCannotComeBackAloneTakesOnlyItsRestAlong() {
    auto t = chain();
    test::actor_of(t, "second").params["reads_clock"] = true;
    t.settings.snapshot_interval = 0ms;  // a barrier would make it forget that it has read the clock
    chain_run r{t};
    const auto seen = r.task("second/0").events_in;
    r.wait_for([&] { return r.task("second/0").events_in > seen + 100; });
    const auto report = r.fail("second/0");
    QCOMPARE(report.scope, std::string{"rest"});
    QVERIFY2(!report.obstacle.empty(), "it says why");
    QCOMPARE(r.made_again(), std::string{"second sink "});
    QVERIFY(r.ends_right());
  }

  void aTaskSaysHowItIsAndHowItWas() {
    chain_run r{chain()};
    QVERIFY(r.task("second/0").health.now == health::running);
    (void)r.fail("second/0");
    const auto t = r.task("second/0");
    QVERIFY(t.health.now == health::running);
    std::map<health, std::string> was;
    for (const auto& c : t.was) was[c.now] = c.why;
    QVERIFY(was.contains(health::backing_off) && was.contains(health::restoring) && was.contains(health::starting));
    QCOMPARE(was[health::backing_off], std::string{"wanted"});
    QVERIFY(r.task("first/0").was.size() == 1);
  }

  void callsOutsideShowInItsHealth() {
    auto t = chain();
    test::actor_of(t, "second").params["calls"] = true;
    chain_run r{t};
    actors::is_away = true;
    r.wait_for([&] { return r.task("second/0").health.now == health::degraded; });
    const auto away = r.task("second/0");
    QVERIFY(away.health.why.find("circuit is open") != std::string::npos);
    QVERIFY(away.calls_failed > 0 && away.calls >= away.calls_failed);
    QCOMPARE(away.circuit, circuit_breaker::state::open);
    actors::is_away = false;
    r.wait_for([&] { return r.task("second/0").health.now == health::running; });
    QCOMPARE(r.task("second/0").circuit, circuit_breaker::state::closed);
    QVERIFY(r.task("first/0").calls == 0);
  }

  void snapshotsThatFailForAWhileAreNoEnd() {
    chain_run r{chain()};
    actors::prepares_failing = 8;
    r.wait_for([] { return actors::prepares_failing == 0; });
    QVERIFY(r.run().status().snapshot_failures >= 7);
    const auto before = r.run().status().snapshots;
    r.wait_for([&] { return r.run().status().snapshots > before + 1; });
    QVERIFY(r.ends_right());
  }

  void beyondItsLimitItEscalatesWhereItIsTo() {
    auto t = chain();
    policy_of(t, "second").max_restarts = 1;
    policy_of(t, "second").beyond = failure_action::escalate;
    chain_run r{t};
    (void)r.fail("second/0");
    r.run().fail_task(r.id_of("second/0"), "once more");
    const auto over = r.run().wait(30s);
    QVERIFY(over && over->escalated);
    QVERIFY2(over->message.find("once more; given up after 1 restarts of 'second'") == 0, over->message.c_str());
    QVERIFY(r.task("second/0").health.now == health::failed);
  }

  void aGroupCountsItsFailuresTogether() {
    auto t = chain();
    t.groups.push_back({"two", {"first", "second"}});
    t.groups.front().restarts.max_restarts = 1;
    t.groups.front().restarts.backoff = t.groups.front().restarts.backoff_max = 1ms;
    chain_run r{t};
    (void)r.fail("first/0");
    r.run().fail_task(r.id_of("second/0"), "wanted");
    const auto over = r.run().wait(30s);
    QVERIFY(over && !over->escalated);
    QVERIFY2(over->message.find("restarts of group 'two'") != std::string::npos, over->message.c_str());
  }

  void groupsAreChecked() {
    const auto problem_of = [](std::vector<group_spec> groups) {
      auto t = chain();
      t.groups = std::move(groups);
      const auto checked = validate(t);
      return checked.ok() ? std::string{} : to_string(checked.problems.front());
    };
    QVERIFY(problem_of({{"a", {"first"}}}).empty());
    QVERIFY(problem_of({{"a", {"frist"}}}).find("did you mean 'first'?") != std::string::npos);
    QVERIFY(problem_of({{"a", {"first"}}, {"b", {"first"}}}).find("is in two groups") != std::string::npos);
    QVERIFY(problem_of({{"a", {}}}).find("no actor is in it") != std::string::npos);
    QVERIFY(problem_of({{"a", {"first"}}, {"a", {"second"}}}).find("two groups") != std::string::npos);
    QVERIFY(problem_of({{"a b", {"first"}}}).find("no valid name") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(supervision_test)
#include "supervision_test.moc"
