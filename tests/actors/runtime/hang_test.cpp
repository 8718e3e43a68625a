// What is done about tasks that hang.
#include "chain_run.hpp"

#include <QTest>

#include "millrace/validation.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using runtime::health;
using test::chain;
using test::chain_run;
using test::policy_of;

namespace actors = test::chain_actors;

class hang_test : public QObject {
  Q_OBJECT
private slots:
  void aHangIsNamedWithItsCallAndWhatWaits() {
    auto t = chain();
    test::actor_of(t, "second").params["hangs"] = true;
    policy_of(t, "second").hang_after = 100ms;
    chain_run r{t};
    actors::hangs_wanted = 1;
    r.wait_for([&] { return r.task("second/0").health.now == health::degraded; });
    const auto why = r.task("second/0").health.why;
    QVERIFY2(why.find("second/0 makes no progress: it is in the handler of input 'in' for") == 0, why.c_str());
    QVERIFY(r.task("first/0").health.now == health::running);
    r.release();
    r.wait_for([&] { return r.task("second/0").health.now == health::running; });
    QVERIFY(r.task("second/0").health.now == health::running);
    QCOMPARE(r.made_again(), std::string{});
    QVERIFY(r.ends_right());
  }

  void aHangIsHealedByANewIncarnation() {
    auto t = chain();
    test::actor_of(t, "second").params["hangs"] = true;
    policy_of(t, "second").hang_after = 100ms;
    policy_of(t, "second").on_hang = hang_action::rebuild;
    chain_run r{t};
    actors::hangs_wanted = 1;
    const auto report = r.next_recovery(0);
    QVERIFY(report.is_over);
    QCOMPARE(report.scope, std::string{"rest"});
    QVERIFY2(actors::is_hanging, "the one that hangs is still there");
    QCOMPARE(r.made_again(), std::string{"second sink "});
    const auto snapshots = r.run().status().snapshots;
    r.wait_for([&] { return r.run().status().snapshots > snapshots; });
    r.release();  // what it does now counts for nothing
    QVERIFY(r.ends_right());
  }

  void whoHangsAndIsKilledComesBackWithoutItsJournal() {
    auto t = chain();
    test::actor_of(t, "second").params["hangs"] = true;
    policy_of(t, "second").hang_after = 500ms;
    policy_of(t, "second").on_hang = hang_action::rebuild;
    chain_run r{t};
    actors::hangs_wanted = 1;
    r.wait_for([] { return actors::hangs_wanted == 0; });
    const auto report = r.fail("second/0");
    QCOMPARE(report.scope, std::string{"rest"});
    QVERIFY2(report.obstacle.find("it hangs") == 0, report.obstacle.c_str());
    r.release();
    QVERIFY(r.ends_right());
  }

  void severalThatHangAtOnceAreAllReplaced() {
    auto t = chain();
    for (const char* const actor : {"side2", "side3"}) {
      t.add(actor, "sup.pass");
      t.connect("source", actor).connect(actor, "side_sink");
      policy_of(t, actor).backoff = policy_of(t, actor).backoff_max = 1ms;
    }
    for (const char* const actor : {"side", "side2", "side3"}) {
      test::actor_of(t, actor).params["hangs"] = true;
      policy_of(t, actor).hang_after = 200ms;
      policy_of(t, actor).on_hang = hang_action::rebuild;
    }
    chain_run r{t};
    actors::hangs_wanted = 3;
    r.wait_for([] { return actors::hangs_wanted == 0; });
    for (const char* const task : {"side/0", "side2/0", "side3/0"}) {
      r.wait_for([&] { return r.task(task).incarnation > 1 && r.task(task).health.now == health::running; });
      QVERIFY2(r.task(task).incarnation > 1, task);
    }
    QVERIFY(r.ends_right());
    r.release();
  }

  void aHangEndsTheProcessWhereThatIsWanted() {
    auto t = chain();
    test::actor_of(t, "sink").on_failure.hang_after = 100ms;
    test::actor_of(t, "second").params["hangs"] = true;
    policy_of(t, "second").hang_after = 100ms;
    policy_of(t, "second").on_hang = hang_action::restart;
    chain_run r{t};
    actors::hangs_wanted = 1;
    const auto over = r.run().wait(30s);
    QVERIFY(over && over->escalated);
    QVERIFY2(over->message.find("second/0 makes no progress") == 0, over->message.c_str());
    r.release();
  }

  void whoMayNotBeReplacedIsNotToBeRebuilt() {
    for (const char* const actor : {"source", "sink"}) {
      auto t = chain();
      policy_of(t, actor).on_hang = hang_action::rebuild;
      const auto checked = validate(t);
      QVERIFY(!checked.ok());
      QVERIFY(to_string(checked.problems.front()).find("give 'restart'") != std::string::npos);
    }
  }
};

QTEST_GUILESS_MAIN(hang_test)
#include "hang_test.moc"
