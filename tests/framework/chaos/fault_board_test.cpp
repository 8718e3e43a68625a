// The life of faults: when they strike, and how they come to their end.
#include "millrace/chaos/fault_board.hpp"
#include "millrace/chaos/faulty_clock.hpp"
#include "millrace/chaos/task_gate.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>

using namespace millrace;
using chaos::fault_kind;
using chaos::fault_request;
using chaos::fault_state;
using namespace std::chrono_literals;

namespace {

struct table {
  std::shared_ptr<const engine::plan> plan = sample::plan_of(sample::mesh({}));
  std::shared_ptr<sample::still_clock> time = std::make_shared<sample::still_clock>();
  std::vector<std::string> lines;
  std::vector<std::int64_t> sweeps;
  std::vector<std::shared_ptr<chaos::armed_fault>> afflicted;
  chaos::fault_board board{{plan.get(), time, [this](log_level, const std::string& l) { lines.push_back(l); },
                            [](task_id t) { return t.value != 0; }, [this](std::int64_t at) { sweeps.push_back(at); },
                            [this](const auto& f) { afflicted.push_back(f); }}};

  std::uint64_t inject(fault_request r) {
    const auto id = board.inject(std::move(r));
    if (!id) qFatal("%s", id.error().message.c_str());
    return *id;
  }
  void pass_time(std::chrono::nanoseconds d) {
    time->ns += d.count();
    board.sweep();
  }
  chaos::fault_report report(std::uint64_t id) const {
    for (const auto& f : board.list()) {
      if (f.id == id) return f;
    }
    qFatal("the fault is not known");
  }
};

constexpr task_id tally_0{4};

}  // namespace

class fault_board_test : public QObject {
  Q_OBJECT
private slots:
  void offIsOff() {
    table t;
    QVERIFY(!t.board.task(tally_0).is_on());
    QVERIFY(!t.board.time().is_on());
  }
  void strikesItsPlaceAloneAndIsSpent() {
    table t;
    const auto id = t.inject({.kind = fault_kind::kill, .target = "tally/0"});
    QVERIFY(!t.board.task({5}).is_on());
    const chaos::task_gate gate{t.board.task(tally_0), tally_0};
    QVERIFY(gate.is_on());
    QVERIFY(!gate.pass(10));
    QVERIFY2(gate.pass(10), "it kills once");
    t.board.sweep();
    QVERIFY(!gate.is_on());
    QCOMPARE(t.report(id).state, fault_state::spent);
    QCOMPARE(t.report(id).hits, std::uint64_t{1});
    QVERIFY(t.lines.at(1).find("struck tally/0") != std::string::npos);
  }
  void sparesTheFirstEvents() {
    table t;
    (void)t.inject({.kind = fault_kind::throws, .target = "tally/0", .after_events = 100});
    const chaos::task_gate gate{t.board.task(tally_0), tally_0};
    QVERIFY(gate.pass(60));
    QVERIFY(gate.pass(40));
    QVERIFY_EXCEPTION_THROWN((void)gate.pass(1), chaos::injected_failure);
  }
  void sameSeedSameStrikes() {
    const auto strikes = [](std::uint64_t seed) {
      table t;
      (void)t.inject({.kind = fault_kind::stall, .target = "numbers/1", .seed = seed, .probability = 0.3});
      std::string out;
      for (int i = 0; i < 200; ++i) out += t.board.task({1}).faults().front()->strikes(1, 1) ? 'x' : '.';
      return out;
    };
    const auto first = strikes(5);
    QCOMPARE(strikes(5), first);
    QVERIFY(strikes(6) != first);
    const auto hits = std::count(first.begin(), first.end(), 'x');
    QVERIFY2(hits > 30 && hits < 90, first.c_str());
  }
  void healsWhenNobodyRenewsIt() {
    table t;
    const auto id = t.inject({.kind = fault_kind::slow, .target = "tally", .lease = 10s});
    QCOMPARE(t.sweeps.back(), t.time->ns + 10'000'000'000);
    t.pass_time(9s);
    QVERIFY(t.board.renew(id));
    t.pass_time(9s);
    QVERIFY(t.board.task(tally_0).is_on());
    t.pass_time(1s);
    QVERIFY(!t.board.task(tally_0).is_on());
    QCOMPARE(t.report(id).state, fault_state::healed);
    QVERIFY(!t.board.renew(id));
  }
  void endsAfterItsTimeHoweverOftenItIsRenewed() {
    table t;
    const auto id = t.inject({.kind = fault_kind::slow, .target = "tally", .duration = 5s, .lease = 4s});
    t.pass_time(3s);
    QVERIFY(t.board.renew(id));
    t.pass_time(2s);
    QCOMPARE(t.report(id).state, fault_state::over);
  }
  void clearsOneOrAll() {
    table t;
    const auto first = t.inject({.kind = fault_kind::slow, .target = "tally"});
    (void)t.inject({.kind = fault_kind::delay, .target = "*"});
    QCOMPARE(*t.board.clear(first), std::size_t{1});
    QVERIFY(!t.board.clear(first));
    QCOMPARE(*t.board.clear(0), std::size_t{1});
    QVERIFY(!t.board.channel({0}).is_on());
    QCOMPARE(t.report(first).state, fault_state::cleared);
  }
  void takesNothingMoreWhenTheRunEnds() {
    table t;
    (void)t.inject({.kind = fault_kind::hang, .target = "tally"});
    t.board.close();
    QVERIFY(!t.board.task(tally_0).is_on());
    QCOMPARE(t.board.inject({.kind = fault_kind::slow, .target = "tally"}).error().code, errc::unavailable);
  }
  void hasALimit() {
    table t;
    for (int i = 0; i < 64; ++i) (void)t.inject({.kind = fault_kind::slow, .target = "tally"});
    QCOMPARE(t.board.inject({.kind = fault_kind::slow, .target = "tally"}).error().code, errc::limit_exceeded);
  }
  void refusesTasksThatAreElsewhere() {
    table t;
    const auto refused = t.board.inject({.kind = fault_kind::slow, .target = "numbers/0"});
    QVERIFY(refused.error().message.find("another node") != std::string::npos);
  }
  void movesTheTimeOfDayAndNothingElse() {
    table t;
    chaos::faulty_clock clock;
    clock.obey(t.board.time());
    (void)t.inject({.kind = fault_kind::clock_offset, .parameters = {{"offset_ms", -3'600'000}}});
    const auto true_now = engine::system_clock{}.now().ns;
    const auto moved = clock.now().ns;
    QVERIFY(moved < true_now - 3'500'000'000'000);
    QVERIFY(clock.steady_ns() <= engine::system_clock{}.steady_ns());
    (void)t.board.clear(0);
    QVERIFY(clock.now().ns >= true_now);
  }
};

QTEST_GUILESS_MAIN(fault_board_test)
#include "fault_board_test.moc"
