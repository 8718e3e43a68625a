// The ready-made actors: parameters, results, late events, rules that change.
// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/timer.hpp"
#include "text_rig.hpp"

#include <QtTest>

using namespace millrace;
using namespace millrace::testing;
using lines = std::vector<std::string>;

namespace {

constexpr const char* prices = "item:string,price:float64,at:event_time,n:int64";

text_rig::setting pattern(std::map<std::string, param_value> params) {
  params.try_emplace("key", "item");
  return {.id = "millrace.pattern", .params = std::move(params), .input_fields = prices};
}

/// The watermark passes `ns`: as the task does it.
void pass(text_rig& rig, std::int64_t ns) {
  rig.ctx().set_watermark({ns});
  auto& a = rig.as<>();
  auto& heap = engine::actor_access::timer_heap(a);
  auto& state = engine::actor_access::state(a);
  while (heap.is_due(ns)) {
    const auto due = heap.pop();
    const auto* row = state.rows().row(due.row);
    if (engine::header_of(row).live == 0) continue;
    const auto key = engine::header_of(row).key;
    state.select(key_hash(key.view()), key);
    engine::actor_access::timers(a)[due.timer]->fire(rig.ctx(), due.deadline);
    state.deselect();
  }
  a.on_watermark(rig.ctx());
}

std::string problem(std::map<std::string, param_value> params) {
  return text_rig{pattern(std::move(params))}.problem();
}

}  // namespace

class pattern_actor_test : public QObject {
  Q_OBJECT
private slots:
  void matchesAreFoundInOrderOfTime() {
    text_rig rig{pattern({{"pattern", "low (price < 10) followed by high (price > 2 * low.price) within 1s"},
                          {"select", "from = low.price, to = high.price, high.count"}})};
    QCOMPARE(rig.problem(), std::string{});
    rig.feed({"x,15,30,0", "y,9,20,0", "x,5,10,0", "x,9,20,0"});
    QCOMPARE(rig.output(), lines{});
    pass(rig, 29);
    QCOMPARE(rig.output(), lines{});
    pass(rig, 30);
    QCOMPARE(rig.output(), (lines{"x,pattern,10,30,5,15,1,30"}));
    pass(rig, 1'000'000'019);
    QCOMPARE(rig.output("timeouts"), lines{});
    pass(rig, 1'000'000'020);
    auto stuck = rig.output("timeouts");
    std::ranges::sort(stuck);
    QCOMPARE(stuck, (lines{"x,pattern,20,20,9,,0,1000000020", "y,pattern,20,20,9,,0,1000000020"}));
    QCOMPARE(engine::actor_access::state(rig.as<>()).rows().size(), std::size_t{0});
  }
  void equalTimesGoByTheOrderField() {
    for (const bool is_ordered : {true, false}) {
      text_rig rig{pattern({{"pattern", "a (price == 1) next b (price == 2)"}, {"order", is_ordered ? "n" : ""}})};
      rig.feed({"x,2,10,7", "x,1,10,6"});
      pass(rig, 10);
      QCOMPARE(rig.output().size(), std::size_t{is_ordered ? 1U : 0U});
    }
  }
  void whatIsWrongIsNamed() {
    QVERIFY(problem({}).find("parameter 'pattern' is empty") == 0);
    QVERIFY(problem({{"pattern", "a (q > 1)"}}).find("parameter 'pattern', column 4, stage 'a': records") == 0);
    QVERIFY(problem({{"pattern", "a"}, {"select", "b.price"}}).find("stage 'b', which the pattern does not have") !=
            std::string::npos);
    QVERIFY(problem({{"pattern", "a"}, {"select", "x = a.q"}}).find("parameter 'select', column 7") == 0);
    QVERIFY(problem({{"pattern", "a"}, {"select", "item = a.n"}}).find("would be called 'item'") != std::string::npos);
    QVERIFY(problem({{"pattern", "a"}, {"order", "price"}}).find("is no integer") != std::string::npos);
  }
  void waitingEventsHaveALimit() {
    text_rig rig{pattern({{"pattern", "a"}, {"waiting_max", std::int64_t{2}}})};
    rig.feed({"x,1,1,0", "y,1,1,0", "x,1,2,0"});
    QVERIFY_EXCEPTION_THROWN(rig.feed({"x,1,3,0"}), std::length_error);
  }
  void partialMatchesHaveALimitAndAWarning() {
    text_rig rig{pattern({{"pattern", "a (price < 5) followed by b (price > 5)"}, {"partial_max", std::int64_t{2}}})};
    rig.feed({"x,1,1,0", "x,1,2,0", "x,1,3,0", "x,9,4,0"});
    pass(rig, 10);
    QCOMPARE(rig.output(), (lines{"x,pattern,2,4,4", "x,pattern,3,4,4"}));
    QCOMPARE(rig.ctx().lines, (lines{"1 partial matches dropped: more than the limit"}));
  }
  void manyEventsAreHandledInSlices() {
    text_rig rig{pattern({{"pattern", "a next b next c skip past last"}})};
    lines all;
    for (int i = 1; i <= 100; ++i) all.push_back("x,1," + std::to_string(i) + ",0");
    for (int i = 0; i < 9; ++i) {
      for (auto& l : all) l = "x,1," + std::to_string(std::stoi(l.substr(4)) + (i == 0 ? 0 : 100)) + ",0";
      rig.feed(all);
    }
    pass(rig, 10'000);
    QCOMPARE(rig.output().size(), std::size_t{300});
  }
};

QTEST_APPLESS_MAIN(pattern_actor_test)
#include "pattern_actor_test.moc"
