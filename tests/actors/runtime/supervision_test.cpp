// What goes back with a task that fails, what is done about one that hangs, and what the status says of it.
#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>

#include "millrace/calls/call_listener.hpp"
#include "millrace/context.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/sink.hpp"
#include "millrace/validation.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using runtime::health;
using runtime::recovery_report;

namespace supervision_test_actors {

struct number {
  std::int64_t value{};
};
MILLRACE_RECORD(number, 1, value)

std::atomic<bool> may_end{false};
std::atomic<bool> is_hanging{false};      ///< those whose handlers hang stay there while it is true
std::atomic<bool> is_away{false};         ///< what 'calls' is called outside
std::atomic<int> prepares_failing{0};     ///< so many snapshots a sink cannot prepare
std::atomic<int> hangs_wanted{0};         ///< so many handlers are to hang
std::atomic<std::int64_t> made{0};        ///< by the source, at its end
std::atomic<std::int64_t> sum_at_end{0};  ///< of the sink behind 'second'
std::atomic<std::int64_t> got_at_end{0};  ///< by that sink: events

struct source : producer {
  out<number> numbers{this, "out"};
  std::int64_t next = 0;
  poll_result poll(context&, std::size_t) override {
    if (may_end) {
      made = next;
      return poll_result::end();
    }
    for (int i = 0; i < 10; ++i) numbers.emit({next++});
    return poll_result::wait(1ms);
  }
  void save_position(msgpack::writer& w) const override { w.integer(next); }
  bool load_position(msgpack::reader& r) override { return r.integer(next); }
  std::string describe_position() const override { return std::to_string(next); }
};

struct pass : processor {
  in<number> numbers{this, "in", &pass::on_number};
  out<number> passed{this, "out"};
  param<bool> hangs{this, "hangs", false, {}};
  param<bool> reads_clock{this, "reads_clock", false, {}};
  param<std::int64_t> marks{this, "marks", 0, {.live = true}};
  param<bool> calls{this, "calls", false, {}};
  void on_number(context& c, const number& n) {
    if (*calls) tell_call(c, is_away, is_away ? circuit_breaker::state::open : circuit_breaker::state::closed);
    if (*reads_clock) (void)c.now();
    if (*hangs && hangs_wanted > 0 && hangs_wanted-- > 0) is_hanging.wait(true);
    passed.emit(n);
  }
};

struct total : sink {
  in<number> numbers{this, "in", &total::on_number};
  param<bool> tells{this, "tells", false, {}};
  std::int64_t sum = 0;
  std::int64_t got = 0;
  void on_number(context&, const number& n) {
    sum += n.value;
    ++got;
  }
  result<std::string> prepare(context&, epoch_id) override {
    if (*tells && prepares_failing > 0 && prepares_failing-- > 0) return fatal_error(errc::disk_full, "no room left");
    return std::string{};
  }
  void on_end_of_input(context&) override {
    if (!*tells) return;
    sum_at_end = sum;
    got_at_end = got;
  }
  void save_state(msgpack::writer& w) const override {
    w.integer(sum);
    w.integer(got);
  }
  bool load_state(msgpack::reader& r) override { return r.integer(sum) && r.integer(got); }
  delivery delivers() const noexcept override { return delivery::idempotent; }
};

MILLRACE_ACTOR(source, {.id = "sup.source", .title = "Source", .category = "Test"})
MILLRACE_ACTOR(pass, {.id = "sup.pass", .title = "Pass", .category = "Test"})
MILLRACE_ACTOR(total, {.id = "sup.total", .title = "Total", .category = "Test"})

}  // namespace supervision_test_actors

namespace {

namespace actors = supervision_test_actors;

/// source → first → second → sink, and beside it source → side → side_sink: one region.
topology chain() {
  topology t;
  t.name = "chain";
  t.settings.snapshot_interval = 20ms;
  t.add("source", "sup.source");
  t.add("first", "sup.pass");
  t.add("second", "sup.pass");
  t.add("sink", "sup.total", {{"tells", true}});
  t.add("side", "sup.pass");
  t.add("side_sink", "sup.total");
  t.connect("source", "first").connect("first", "second").connect("second", "sink");
  t.connect("source", "side").connect("side", "side_sink");
  for (auto& a : t.actors) a.on_failure.backoff = a.on_failure.backoff_max = 1ms;
  return t;
}

failure_policy& policy_of(topology& t, const std::string& actor) {
  return std::ranges::find(t.actors, actor, &actor_spec::name)->on_failure;
}

class chain_run {
public:
  explicit chain_run(const topology& t) {
    actors::may_end = false;
    actors::hangs_wanted = 0;
    actors::prepares_failing = 0;
    actors::is_away = false;
    actors::is_hanging = true;
    actors::sum_at_end = -1;
    const auto checked = validate(t);
    if (!checked.ok()) throw std::runtime_error{to_string(checked.problems.front())};
    runtime::run_options options;
    options.data_dir = folder_.path().toStdString();
    auto started = runtime::topology_run::start(checked.plan, std::move(options));
    if (!started) throw std::runtime_error{started.error().message};
    run_ = *std::move(started);
    if (t.settings.snapshot_interval == 0ms) run_->snapshot_now();
    wait_for([&] { return run_->status().snapshots > (t.settings.snapshot_interval == 0ms ? 0 : 1); });
  }
  ~chain_run() {
    release();
    run_->stop();
    (void)run_->wait(30s);
  }
  chain_run(const chain_run&) = delete;
  chain_run& operator=(const chain_run&) = delete;

  void release() {
    actors::is_hanging = false;
    actors::is_hanging.notify_all();
  }
  /// Gives up after half a minute, which the checks behind it then show.
  void wait_for(const std::function<bool()>& happened) {
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (!happened() && std::chrono::steady_clock::now() < until && !run_->wait(1ms)) continue;
  }
  /// Has it fail, and waits until it has come back.
  recovery_report fail(const std::string& task) {
    const auto before = run_->status().recoveries.size();
    run_->fail_task(id_of(task), "wanted");
    return next_recovery(before);
  }
  recovery_report next_recovery(std::size_t before) {
    recovery_report out;
    wait_for([&] {
      const auto all = run_->status().recoveries;
      if (all.size() <= before) return false;
      out = all[before];
      return out.is_over;
    });
    return out;
  }
  [[nodiscard]] task_id id_of(const std::string& task) const {
    return std::ranges::find_if(run_->plan().tasks, [&](const auto& t) { return run_->plan().task_name(t.id) == task; })
        ->id;
  }
  [[nodiscard]] runtime::task_status task(const std::string& name) const {
    return run_->status().tasks[id_of(name).value];
  }
  /// Tasks that were made more than once.
  [[nodiscard]] std::string made_again() const {
    std::string out;
    for (const auto& t : run_->status().tasks) {
      if (t.incarnation > 1) out += t.actor + " ";
    }
    return out;
  }
  /// All input is handled, and each number counted once.
  [[nodiscard]] bool ends_right() {
    actors::may_end = true;
    const auto over = run_->wait(30s);
    const auto n = actors::made.load();
    return over && over->how == runtime::run_outcome::kind::finished && actors::sum_at_end == n * (n - 1) / 2;
  }
  [[nodiscard]] runtime::topology_run& run() { return *run_; }

private:
  QTemporaryDir folder_;
  std::unique_ptr<runtime::topology_run> run_;
};

}  // namespace

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
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["reads_clock"] = true;
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
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["calls"] = true;
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

  void aHangIsNamedWithItsCallAndWhatWaits() {
    auto t = chain();
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["hangs"] = true;
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
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["hangs"] = true;
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
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["hangs"] = true;
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
      std::ranges::find(t.actors, actor, &actor_spec::name)->params["hangs"] = true;
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
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["hangs"] = true;
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

  /// No partition has taken what no barrier was sent for: nothing has to go back, and the next epoch has it.
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

  void aHangEndsTheProcessWhereThatIsWanted() {
    auto t = chain();
    std::ranges::find(t.actors, "sink", &actor_spec::name)->on_failure.hang_after = 100ms;
    std::ranges::find(t.actors, "second", &actor_spec::name)->params["hangs"] = true;
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
