#include "millrace/engine/diagnosis.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::engine;
using namespace std::chrono_literals;

namespace {

// source/0 -> route/0 -> work/0, work/1 -> store/0
enum task : std::uint32_t { source, route, work0, work1, store };

observed_task made(const char* name, actor_kind kind, double busy, double blocked) {
  observed_task t;
  t.name = name;
  t.actor = t.name.substr(0, t.name.find('/'));
  t.kind = kind;
  t.busy = busy;
  t.blocked = blocked;
  t.cpu = 0.98;
  t.in_per_s = 1000;
  return t;
}

observed_run calm_run() {
  observed_run r;
  r.tasks = {made("source/0", actor_kind::producer, 0.1, 0), made("route/0", actor_kind::router, 0.1, 0),
             made("work/0", actor_kind::processor, 0.3, 0), made("work/1", actor_kind::processor, 0.3, 0),
             made("store/0", actor_kind::sink, 0.2, 0)};
  r.channels = {
      {source, route, 0.1}, {route, work0, 0.1}, {route, work1, 0.1}, {work0, store, 0.1}, {work1, store, 0.1}};
  r.threads = 2;
  return r;
}

void fill(observed_run& r, task from, task to, double share = 0.95) {
  for (auto& c : r.channels) {
    if (c.source == from && c.target == to) c.fill = share;
  }
  r.tasks[from].blocked = 0.9;
  r.tasks[from].busy = 0.1;
}

/// Everything waits for the sink.
observed_run held_up_by_the_sink() {
  auto r = calm_run();
  fill(r, source, route);
  fill(r, route, work0);
  fill(r, work0, store);
  fill(r, work1, store);
  r.tasks[store].busy = 0.99;
  return r;
}

/// Everything waits for one of two partitions.
observed_run held_up_by_work0() {
  auto r = calm_run();
  fill(r, source, route);
  fill(r, route, work0);
  r.tasks[work0].busy = 0.97;
  return r;
}

}  // namespace

class diagnosis_test : public QObject {
  Q_OBJECT

  static void is(const diagnosis& d, cause what, const char* where) {
    QVERIFY2(d.what == what, (std::string{to_string(d.what)} + ": " + d.sentence).c_str());
    QCOMPARE(d.where, std::string{where});
    QVERIFY(!d.sentence.empty());
  }
  static bool says(const diagnosis& d, const char* text) { return d.sentence.find(text) != std::string::npos; }

private slots:
  void aCalmRunHasNoCause() {
    const auto d = diagnose(calm_run());
    is(d, cause::none, "");
    QVERIFY2(says(d, "10 % full"), d.sentence.c_str());
  }
  void nothingIsNothing() { is(diagnose({}), cause::none, ""); }

  void aSinkThatWaitsOutside() {
    auto r = held_up_by_the_sink();
    r.tasks[store].cpu = 0.03;
    const auto d = diagnose(r);
    is(d, cause::outside_call, "store/0");
    QVERIFY2(says(d, "sink store/0") && says(d, "99 %") && says(d, "3 %"), d.sentence.c_str());
    QCOMPARE(d.path, (std::vector<std::string>{"source/0", "route/0", "work/0", "store/0"}));
  }
  void aProcessorThatComputes() {
    const auto d = diagnose(held_up_by_work0());
    is(d, cause::processor, "work/0");
    QVERIFY2(says(d, "97 %"), d.sentence.c_str());
  }
  void workThatWaitsForThreads() {
    auto r = held_up_by_work0();
    r.tasks[work0].busy = 0.3;
    r.tasks[work0].ready = 0.65;
    const auto d = diagnose(r);
    is(d, cause::few_threads, "work/0");
    QVERIFY2(says(d, "all 2 threads"), d.sentence.c_str());
  }
  void aKeyThatOnePartitionOwns() {
    auto r = held_up_by_work0();
    r.tasks[work0].in_per_s = 8000;
    r.tasks[route].hot_keys = {{"\"acc-7\"", 0.8, 0.02}, {"\"acc-9\"", 0.02, 0.01}};
    const auto d = diagnose(r);
    is(d, cause::hot_key, "work/0");
    QCOMPARE(d.keys.size(), std::size_t{1});
    QVERIFY2(says(d, "acc-7") && says(d, "80 %"), d.sentence.c_str());
  }
  // Keys may be uneven without any partition having more than its part.
  void hotKeysThatAreSpreadAreNotTheCause() {
    auto r = held_up_by_work0();
    r.tasks[route].hot_keys = {{"\"acc-7\"", 0.8, 0.02}};
    is(diagnose(r), cause::processor, "work/0");
  }
  void whatTheSketchMayHaveMadeUpIsNoKey() {
    auto r = held_up_by_work0();
    r.tasks[work0].in_per_s = 8000;
    r.tasks[route].hot_keys = {{"\"acc-7\"", 0.6, 0.3}};
    is(diagnose(r), cause::processor, "work/0");
  }
  void aSinkThatStandsStillAtSnapshots() {
    auto r = held_up_by_the_sink();
    r.tasks[store].freeze = 0.8;
    const auto d = diagnose(r);
    is(d, cause::slow_disk, "store/0");
    QVERIFY2(says(d, "80 %"), d.sentence.c_str());
  }
  void snapshotsThatAreWrittenSlowly() {
    auto r = calm_run();
    r.snapshot_interval = 500ms;
    r.last_snapshot = 900ms;
    r.last_write = 850ms;
    auto d = diagnose(r);
    is(d, cause::slow_disk, "");
    QVERIFY2(says(d, "900 ms") && says(d, "850 ms") && says(d, "500 ms"), d.sentence.c_str());
    // One that does not come to an end grows.
    r.snapshot_open_for = 7s;
    r.writing_for = 6900ms;
    d = diagnose(r);
    is(d, cause::slow_disk, "");
    QVERIFY2(says(d, "7.0 s"), d.sentence.c_str());
  }
  void snapshotsWithinTheirIntervalAreFine() {
    auto r = calm_run();
    r.snapshot_interval = 500ms;
    r.last_snapshot = 400ms;
    r.last_write = 390ms;
    is(diagnose(r), cause::none, "");
  }
  void aBarrierThatIsLate() {
    auto r = held_up_by_the_sink();
    r.tasks[store].busy = 0.1;
    r.tasks[store].align = 0.85;
    r.channels[3].is_held = true;  // from work/0; work/1 is late
    const auto d = diagnose(r);
    is(d, cause::alignment, "store/0");
    QVERIFY2(says(d, "late from work/1"), d.sentence.c_str());
  }
  void eventsThatAreLongOnTheirWay() {
    auto r = held_up_by_work0();
    r.tasks[work0].busy = 0.05;
    is(diagnose(r), cause::slow_channel, "route/0 -> work/0");
  }
  void aFaultIsNamedBeforeAllElse() {
    auto r = held_up_by_work0();
    r.tasks[work0].faults = {"delay of 50 ms for each event"};
    const auto d = diagnose(r);
    is(d, cause::injected_fault, "work/0");
    QVERIFY(says(d, "delay of 50 ms"));
    r.tasks[work0].stopped_at = "work/0 stands before event 7";
    is(diagnose(r), cause::breakpoint, "work/0");
  }
  void aFaultOnTheChannelIsNamed() {
    auto r = held_up_by_work0();
    r.channels[1].faults = {"half the bandwidth"};
    is(diagnose(r), cause::injected_fault, "route/0 -> work/0");
  }
  void aFaultElsewhereIsNotBlamed() {
    auto r = held_up_by_work0();
    r.tasks[store].faults = {"delay of 1 ms"};
    is(diagnose(r), cause::processor, "work/0");
  }
  void aCallThatDoesNotReturn() {
    auto r = held_up_by_work0();
    r.tasks[work0].stepping_for = 12s;
    auto d = diagnose(r);
    is(d, cause::stuck, "work/0");
    QVERIFY2(says(d, "12.0 s"), d.sentence.c_str());
    // Also where nobody waits for credit yet.
    r = calm_run();
    r.tasks[store].stepping_for = 3s;
    is(diagnose(r), cause::stuck, "store/0");
  }
  void handlersThatAreTriedAgain() {
    auto r = held_up_by_work0();
    r.tasks[work0].is_retrying = true;
    is(diagnose(r), cause::retries, "work/0");
  }
  void theSourceThatIsHeldUpMostIsAskedAbout() {
    auto r = held_up_by_work0();
    auto other = made("other/0", actor_kind::producer, 0.1, 0.5);
    r.tasks.push_back(other);
    r.tasks.push_back(made("dump/0", actor_kind::sink, 0.95, 0));
    r.channels.push_back({5, 6, 0.9});
    is(diagnose(r), cause::processor, "work/0");
    r.tasks[5].blocked = 0.99;
    is(diagnose(r), cause::processor, "dump/0");
  }
  void otherCausesComeByWhatTheyCost() {
    auto r = held_up_by_work0();
    for (const auto& [blocked, name] : {std::pair{0.3, "little/0"}, {0.6, "more/0"}}) {
      const auto at = static_cast<std::uint32_t>(r.tasks.size());
      r.tasks.push_back(made("other/0", actor_kind::producer, 0.1, blocked));
      r.tasks.push_back(made(name, actor_kind::sink, 0.95, 0));
      r.channels.push_back({at, at + 1, 0.9});
    }
    r.tasks[work1].align = 0.5;
    const auto found = ranked_causes(r);
    QCOMPARE(found.size(), std::size_t{4});
    is(found[0], cause::processor, "work/0");
    is(found[1], cause::processor, "more/0");
    is(found[2], cause::alignment, "work/1");
    is(found[3], cause::processor, "little/0");
    QCOMPARE(found[0].share, 0.9);
    QCOMPARE(found[1].share, 0.6);
    QCOMPARE(found[1].path, (std::vector<std::string>{"other/0", "more/0"}));
    QCOMPARE(found[0].path, diagnose(r).path);
  }
  // Two branches of one router; the walk from the source takes only one of them.
  void bothBranchesAreNamed() {
    auto r = calm_run();
    r.tasks.push_back(made("audit/0", actor_kind::sink, 0.95, 0));
    r.channels.push_back({route, 5, 0.85});
    fill(r, source, route);
    fill(r, route, work0);
    r.tasks[work0].busy = 0.97;
    const auto found = ranked_causes(r);
    QCOMPARE(found.size(), std::size_t{2});
    is(found[0], cause::processor, "work/0");
    is(found[1], cause::processor, "audit/0");
    QCOMPARE(found[1].path, (std::vector<std::string>{"source/0", "route/0", "audit/0"}));
  }
  void partitionsOfOneActorAreOneCause() {
    auto r = held_up_by_work0();
    fill(r, route, work1);
    r.tasks[work1].busy = 0.96;
    QCOMPARE(ranked_causes(r).size(), std::size_t{1});
    // Another cause at the other partition is another.
    r.tasks[work1].faults = {"delay of 1 ms"};
    const auto found = ranked_causes(r);
    QCOMPARE(found.size(), std::size_t{2});
    is(found[1], cause::injected_fault, "work/1");
  }
  void whatIsDoneOnPurposeElsewhereComesLast() {
    auto r = held_up_by_work0();
    r.tasks[store].faults = {"delay of 1 ms"};
    r.channels[4].faults = {"half the bandwidth"};
    const auto found = ranked_causes(r);
    QCOMPARE(found.size(), std::size_t{3});
    is(found[1], cause::injected_fault, "store/0");
    is(found[2], cause::injected_fault, "work/1 -> store/0");
    QCOMPARE(found[1].share, 0.0);
  }
  void eachFaultIsToldAndWhatStandsStillComesBeforeThem() {
    auto r = held_up_by_work0();
    r.tasks[work1].faults = {"delay of 1 ms", "a call that does not return"};
    r.tasks[store].stepping_for = 3s;
    r.tasks[route].align = 0.8;
    const auto found = ranked_causes(r);
    QCOMPARE(found.size(), std::size_t{5});
    is(found[1], cause::stuck, "store/0");
    QCOMPARE(found[1].share, 1.0);
    is(found[2], cause::alignment, "route/0");
    for (const auto i : {3U, 4U}) is(found[i], cause::injected_fault, "work/1");
    // The same of several partitions is one.
    r.tasks[work0].faults = {"delay of 1 ms"};
    QCOMPARE(ranked_causes(r).size(), std::size_t{4});
  }
  void noMoreThanPeopleRead() {
    auto r = held_up_by_work0();
    for (int i = 0; i < 20; ++i) {
      auto t = made((std::to_string(i) + "/0").c_str(), actor_kind::sink, 0, 0);
      t.faults = {"delay of 1 ms"};
      r.tasks.push_back(std::move(t));
    }
    QCOMPARE(ranked_causes(r).size(), causes_max);
    is(ranked_causes(r).front(), cause::processor, "work/0");
  }
  void ofACalmRunThereIsOneAndItIsNone() {
    QCOMPARE(ranked_causes(calm_run()).size(), std::size_t{1});
    is(ranked_causes(calm_run()).front(), cause::none, "");
    QCOMPARE(ranked_causes({}).size(), std::size_t{1});
  }
};

QTEST_GUILESS_MAIN(diagnosis_test)
#include "diagnosis_test.moc"
