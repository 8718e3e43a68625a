// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/validation.hpp"
#include "wiring_actors.hpp"

#include <QtTest>
#include <string>

using namespace millrace;
using wiring_test::checked;
using wiring_test::counting;

#define CONTAINS(text, part) QVERIFY2((text).find(part) != std::string::npos, (text).c_str())

namespace {

sink_guarantee only_one(const topology& t) {
  const auto v = checked(t);
  if (v.guarantees.size() != 1) qFatal("%s", wiring_test::text_of(v).c_str());
  return v.guarantees.front();
}

}  // namespace

class guarantee_test : public QObject {
  Q_OBJECT
private slots:
  void isExactlyOnceFromReplayableToTransactional() {
    const auto g = only_one(counting());
    QCOMPARE(g.sink, std::string{"file"});
    QCOMPARE(g.holds, guarantee::exactly_once);
    QCOMPARE(g.why, std::string{"replayable producers, transactional sink"});
  }

  void isExactlyOnceForIdempotentSinks() {
    QCOMPARE(only_one(counting("test.trades", "test.put_sink")).holds, guarantee::exactly_once);
  }

  void warnsWhenASinkRepeats() {
    const auto v = checked(counting("test.trades", "test.log_sink"));
    QVERIFY(v.ok());
    QCOMPARE(v.guarantees.front().holds, guarantee::at_least_once);
    QVERIFY(wiring_test::has_problem(v, "file", "gives less", "\"at_least_once\""));
    QCOMPARE(v.problems.front().level, problem::severity::warning);
  }

  void saysWhatALiveProducerLoses() {
    const auto v = checked(counting("test.live_trades"));
    QVERIFY(v.ok());
    QCOMPARE(v.guarantees.front().holds, guarantee::at_most_once);
    CONTAINS(
        v.guarantees.front().why,
        "at most once for what the live producer 'trades' lost in a crash; exactly once from the last snapshot on");
    QVERIFY(wiring_test::has_problem(v, "file", "gives less", "replayable"));
  }

  void isExactlyOnceForLoggedProducers() {
    const auto g = only_one(counting("test.logged_trades"));
    QCOMPARE(g.holds, guarantee::exactly_once);
    QCOMPARE(g.why, std::string{"logged producers, transactional sink"});
  }

  void givesNoMoreThanWasAsked() {
    auto t = counting();
    t.settings.promise = guarantee::at_least_once;
    const auto v = checked(t);
    QVERIFY(v.problems.empty());
    QCOMPARE(v.guarantees.front().holds, guarantee::at_least_once);
    CONTAINS(v.guarantees.front().why, "asks for no more");
  }

  void isInOrderWhereOneChannelFeedsEachPartition() {
    topology t;
    t.name = "straight";
    t.add("trades", "test.trades", {}, 2);
    t.add("step", "test.step", {}, 2);
    t.add("file", "test.file_sink", {}, 2);
    t.connect("trades", "step").connect("step", "file");
    CONTAINS(only_one(t).equal, "in order: one channel");
  }

  void isInOrderPerKeyWhereOneChannelFeedsEachKey() { CONTAINS(only_one(counting()).equal, "in order per key"); }

  void isAMultisetBehindAMesh() {
    auto t = counting();
    t.actors[0].parallelism = 2;
    CONTAINS(only_one(t).equal, "as a multiset: events reach each partition of 'count' over 2 channels");
  }

  void isAMultisetWhereStreamsMeet() {
    auto t = counting();
    t.add("more", "test.trades");
    t.connect("more", "route");
    CONTAINS(only_one(t).equal, "as a multiset: 'route' takes 2 streams");
  }

  void isEqualAfterSortingBehindTimers() {
    auto t = counting();
    t.actors[0].parallelism = 2;
    t.actors[2].type = "test.window";
    CONTAINS(only_one(t).equal, "after sorting: results of 'count'");
  }
};

QTEST_APPLESS_MAIN(guarantee_test)
#include "guarantee_test.moc"
