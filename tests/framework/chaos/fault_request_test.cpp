// What a request means: defaults, ranges, and which tasks and channels its target names.
#include "millrace/chaos/fault_request.hpp"
#include "sample_topology.hpp"

#include <QtTest>
#include <set>

using namespace millrace;
using chaos::choose_places;
using chaos::completed;
using chaos::fault_kind;
using chaos::fault_request;

namespace {

std::vector<std::string> places(fault_kind kind, const std::string& target, std::uint64_t seed = 1) {
  static const auto plan = sample::plan_of(sample::mesh({}));
  const auto found = choose_places(*plan, {.kind = kind, .target = target, .seed = seed});
  return found ? found->names : std::vector<std::string>{"refused: " + found.error().message};
}

std::string refusal(const fault_request& r) {
  static const auto plan = sample::plan_of(sample::mesh({}));
  const auto complete = completed(r);
  if (!complete) return complete.error().message;
  const auto found = choose_places(*plan, *complete);
  return found ? "" : found.error().message;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

class fault_request_test : public QObject {
  Q_OBJECT
private slots:
  void everyKindHasDefaultsWithinItsRanges() {
    std::set<std::string> names;
    for (const auto& e : chaos::catalogue()) {
      QVERIFY2(names.insert(e.name).second, e.name);
      const auto r = completed({.kind = e.kind});
      QVERIFY2(r, r ? "" : r.error().message.c_str());
      QCOMPARE(r->parameters.size(), e.parameters.size());
      QCOMPARE(*r->hits_max, e.usual_hits);
      QCOMPARE(*chaos::fault_kind_of(e.name), e.kind);
    }
  }
  void namesWhatThereIsForASlip() {
    QVERIFY(says(chaos::fault_kind_of("dalay").error().message, "did you mean 'delay'?"));
    QVERIFY(says(refusal({.kind = fault_kind::delay, .target = "*", .parameters = {{"delay", 1}}}), "delay_ms"));
    QVERIFY(says(refusal({.kind = fault_kind::kill, .target = "taly"}), "did you mean 'tally'?"));
    QVERIFY(says(refusal({.kind = fault_kind::kill, .target = "tally/9"}), "no partition '/9'"));
    QVERIFY(says(refusal({.kind = fault_kind::kill}), "needs a target"));
    QVERIFY(says(refusal({.kind = fault_kind::drop, .target = "tally"}), "FROM->TO"));
    QVERIFY(says(refusal({.kind = fault_kind::drop, .target = "store->tally"}), "no stream leads"));
    QVERIFY(says(refusal({.kind = fault_kind::disk_slow, .target = "disc"}), "'snapshot'"));
    QVERIFY(says(refusal({.kind = fault_kind::clock_freeze, .target = "tally"}), "takes no target"));
  }
  void refusesValuesOutOfRange() {
    QVERIFY(says(refusal({.kind = fault_kind::delay, .target = "*", .parameters = {{"delay_ms", -1}}}), "is between"));
    QVERIFY(says(refusal({.kind = fault_kind::kill, .target = "*", .probability = 0}), "probability"));
    QVERIFY(says(refusal({.kind = fault_kind::kill, .target = "*", .lease = std::chrono::hours{2}}), "lease"));
    const double no_number = std::numeric_limits<double>::quiet_NaN();
    QVERIFY(!refusal({.kind = fault_kind::delay, .target = "*", .parameters = {{"delay_ms", no_number}}}).empty());
  }
  void tasksByPartitionByActorAndAll() {
    QCOMPARE(places(fault_kind::kill, "tally/2"), (std::vector<std::string>{"tally/2"}));
    QCOMPARE(places(fault_kind::kill, "tally").size(), std::size_t{4});
    QCOMPARE(places(fault_kind::kill, "*").size(), std::size_t{12});
    QCOMPARE(places(fault_kind::stall, "*"), (std::vector<std::string>{"numbers/0", "numbers/1"}));
    QCOMPARE(places(fault_kind::throws, "*").size(), std::size_t{10});  // routers have no handler
    QVERIFY(says(places(fault_kind::throws, "route").front(), "router"));
  }
  void channelsByTheirEnds() {
    QCOMPARE(places(fault_kind::drop, "route->tally").size(), std::size_t{8});
    QCOMPARE(places(fault_kind::drop, "route/0->tally").size(), std::size_t{4});
    QCOMPARE(places(fault_kind::drop, "route/0->tally/3").size(), std::size_t{1});
    QCOMPARE(places(fault_kind::drop, "*->tally/3").size(), std::size_t{2});
  }
  void samplesBySeed() {
    const auto some = places(fault_kind::kill, "*@3", 7);
    QCOMPARE(some.size(), std::size_t{3});
    QCOMPARE(places(fault_kind::kill, "*@3", 7), some);
    std::set<std::vector<std::string>> different;
    for (std::uint64_t seed = 0; seed < 20; ++seed) different.insert(places(fault_kind::kill, "*@3", seed));
    QVERIFY(different.size() > 10);
    QCOMPARE(places(fault_kind::kill, "tally@25%").size(), std::size_t{1});
    QCOMPARE(places(fault_kind::kill, "tally@100%").size(), std::size_t{4});
    QVERIFY(says(places(fault_kind::kill, "tally@0").front(), "behind @"));
  }
  void refusesWhatIsBeyondTheBlastRadius() {
    QVERIFY(says(refusal({.kind = fault_kind::kill, .target = "*", .share_max = 0.5}), "blast radius of 50%"));
    QCOMPARE(refusal({.kind = fault_kind::kill, .target = "tally", .share_max = 0.5}), std::string{});
  }
};

QTEST_GUILESS_MAIN(fault_request_test)
#include "fault_request_test.moc"
