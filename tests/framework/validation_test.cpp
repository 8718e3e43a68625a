// Before Qt, whose keyword `emit` is the name of a member here.
#include "millrace/validation.hpp"
#include "wiring_actors.hpp"

#include <sys/resource.h>

#include <QtTest>
#include <algorithm>
#include <string>

using namespace millrace;
using wiring_test::checked;
using wiring_test::counting;

/// The one problem expected, shown with all that were found when it is missing.
#define HAS_PROBLEM(v, where, what, remedy) \
  QVERIFY2(wiring_test::has_problem(v, where, what, remedy), wiring_test::text_of(v).c_str())
#define IS_FINE(v) QVERIFY2((v).ok() && (v).problems.empty(), wiring_test::text_of(v).c_str())

namespace {

actor_spec& actor_of(topology& t, const std::string& name) {
  for (auto& a : t.actors) {
    if (a.name == name) return a;
  }
  qFatal("no actor %s", name.c_str());
}

topology through(const std::string& type, std::map<std::string, param_value> params = {}) {
  topology t;
  t.name = "through";
  t.add("trades", "test.trades");
  t.add("middle", type, std::move(params));
  t.add("file", "test.file_sink");
  t.connect("trades", "middle").connect("middle", "file");
  return t;
}

}  // namespace

class validation_test : public QObject {
  Q_OBJECT
private slots:
  void acceptsAGoodTopology() { IS_FINE(checked(counting())); }

  void tellsWhatLeavesOutputsAlsoBesideErrors() {
    auto t = counting();
    t.add("nobody", "test.no_such_type");
    const auto has = [](const validation& v, const std::string& actor) {
      return std::ranges::any_of(v.outputs,
                                 [&](const typed_output& o) { return o.actor == actor && o.type != nullptr; });
    };
    const auto v = checked(t);
    QVERIFY(!v.ok());
    QVERIFY(has(v, "trades"));
    actor_of(t, "trades").params = {{"limit", std::int64_t{101}}};
    QVERIFY(!has(checked(t), "trades"));
  }

  void namesPlaceAndRemedyInText() {
    const problem p{problem::severity::error, "count.in", "it is wrong", "mend it"};
    QCOMPARE(to_string(p), std::string{"error: count.in: it is wrong\n  remedy: mend it"});
  }

  void refusesBadAndDoubledNames() {
    auto t = counting();
    t.name = "a/b";
    t.add("count", "test.log_sink");
    t.add("a b", "test.log_sink");
    t.add(std::string(65, 'x'), "test.log_sink");
    const auto v = checked(t);
    QVERIFY(!v.ok());
    HAS_PROBLEM(v, "name", "no valid topology name", "a-z");
    HAS_PROBLEM(v, "count", "two actors have this name", "rename");
    HAS_PROBLEM(v, "'a b'", "no valid actor name", "1 to 64");
    HAS_PROBLEM(v, "'" + std::string(65, 'x') + "'", "no valid actor name", "1 to 64");
  }

  void suggestsTheNearestType() {
    auto t = counting();
    actor_of(t, "count").type = "test.cuont";
    HAS_PROBLEM(checked(t), "count", "no actor type 'test.cuont'", "did you mean 'test.count'?");
    actor_of(t, "count").type = "something.else.altogether";
    HAS_PROBLEM(checked(t), "count", "no actor type", "millrace actor list");
  }

  void checksParameters() {
    auto t = counting();
    actor_of(t, "trades").params = {{"limt", std::int64_t{5}}, {"mode", "slowly"}, {"file", true}};
    auto v = checked(t);
    HAS_PROBLEM(v, "trades.limt", "no parameter 'limt'", "did you mean 'limit'?");
    HAS_PROBLEM(v, "trades.mode", "slowly", "one of 'fast', 'slow'");
    HAS_PROBLEM(v, "trades.file", "takes text, not 'yes'", "text");
    actor_of(t, "trades").params = {{"limit", std::int64_t{101}}};
    HAS_PROBLEM(checked(t), "trades.limit", "101", "an integer from 1 to 100 (trades/min)");
    actor_of(t, "trades").params = {{"limit", 2.5}};
    HAS_PROBLEM(checked(t), "trades.limit", "takes integer, not '2.5'", "an integer");
  }

  void reportsARequiredParameterOnce() {
    auto t = counting("test.rows");
    const auto v = checked(t);
    HAS_PROBLEM(v, "trades.fields", "required but not set", "give text");
    QCOMPARE(v.problems.size(), std::size_t{1});
  }

  void reportsWhatConfigureSays() {
    HAS_PROBLEM(checked(through("test.picky")), "middle", "'from' is behind 'to'", "parameters");
    HAS_PROBLEM(checked(through("test.throwing")), "middle", "out of cheese", "parameters");
    auto t = counting("test.rows");
    actor_of(t, "trades").params = {{"fields", "account=string"}};
    HAS_PROBLEM(checked(t), "trades", "column", "parameters");
  }

  void listsThePortsThereAre() {
    auto t = counting();
    t.streams[2].from_port = "outt";
    t.streams[0].to_port = "input";
    const auto v = checked(t);
    HAS_PROBLEM(v, "count.outt -> file.in", "no output 'outt'", "'dead', 'out'; did you mean 'out'?");
    HAS_PROBLEM(v, "trades.out -> route.input", "no input 'input'", "it has: 'in'");
    QCOMPARE(v.problems.size(), std::size_t{2});
  }

  void findsUnknownActorsOfStreams() {
    auto t = counting();
    t.streams[0].from_actor = "trade";
    const auto v = checked(t);
    HAS_PROBLEM(v, "trade.out -> route.in", "no actor 'trade'", "did you mean 'trades'?");
  }

  void wantsInputsConnectedAndWarnsAboutOutputs() {
    auto t = counting();
    t.streams.pop_back();
    const auto v = checked(t);
    HAS_PROBLEM(v, "file.in", "no stream leads into this input", "connect");
    HAS_PROBLEM(v, "count.out", "what is emitted there is dropped", "connect");
    t.actors.pop_back();
    t.add("other", "test.log_sink");
    t.connect("count.dead", "other");
    const auto warned = checked(t);
    QVERIFY2(warned.ok(), wiring_test::text_of(warned).c_str());
    HAS_PROBLEM(warned, "count.out", "dropped", "connect");
  }

  void refusesAStreamThatIsThereTwice() {
    auto t = counting();
    t.connect("count", "file");
    HAS_PROBLEM(checked(t), "count.out -> file.in", "twice", "remove one");
  }

  void refusesRoutersThatLeadNowhere() {
    auto t = counting();
    t.add("lost", "test.round_robin");
    t.connect("trades", "lost");
    HAS_PROBLEM(checked(t), "lost.out", "leads nowhere", "connect");
  }

  void namesThePathOfACycle() {
    auto t = through("test.step");
    t.add("back", "test.step");
    t.connect("middle", "back").connect("back", "middle");
    const auto v = checked(t);
    QVERIFY(!v.ok());
    const bool either = wiring_test::has_problem(v, "middle", "middle -> back -> middle", "flows one way") ||
                        wiring_test::has_problem(v, "back", "back -> middle -> back", "flows one way");
    QVERIFY2(either, wiring_test::text_of(v).c_str());
  }

  void refusesRecordsThatDoNotFit() {
    auto t = through("test.step");
    t.add("tallies", "test.tally_sink");
    t.connect("middle", "tallies");
    const auto v = checked(t);
    HAS_PROBLEM(v, "tallies.in", "middle.out", "tally");
    HAS_PROBLEM(v, "tallies.in", "count", "tally");
  }

  void wantsEveryStreamIntoAPortToFit() {
    auto t = counting();
    t.add("rows", "test.rows", {{"fields", "colour:string"}});
    t.connect("rows", "file");
    HAS_PROBLEM(checked(t), "file.in", "rows.out", "tally");
  }

  void wantsOutputsTyped() {
    auto t = counting("test.untyped");
    HAS_PROBLEM(checked(t), "trades.out", "no record type after configure()", "set_type()");
  }

  void wantsKeyedInputsFedByKey() {
    auto t = counting();
    t.streams = {};
    t.connect("trades", "count").connect("count", "file");
    t.actors.erase(t.actors.begin() + 1);
    HAS_PROBLEM(checked(t), "count.in", "another parallelism",
                "put a \"millrace.by_key\" router between 'trades' and 'count'");
    actor_of(t, "trades").parallelism = 4;
    HAS_PROBLEM(checked(t), "count.in", "does not send each key",
                "put a \"millrace.by_key\" router between 'trades' and 'count'");
    actor_of(t, "count").parallelism = 1;
    IS_FINE(checked(t));
  }

  void wantsRoutersBeforeKeyedInputsToRouteByKey() {
    auto t = counting();
    actor_of(t, "route").type = "test.round_robin";
    HAS_PROBLEM(checked(t), "count.in", "does not send each key", "make 'route' a \"millrace.by_key\" router");
  }

  void wantsARouterByKeyToHaveAKey() {
    auto t = counting();
    actor_of(t, "count").type = "test.step";
    HAS_PROBLEM(checked(t), "route.out", "no input behind it is keyed", "round_robin");
  }

  void wantsOneParallelismAndKeyBehindARouter() {
    auto t = counting();
    t.add("other", "test.count", {}, 3);
    t.connect("route", "other").connect("other", "file");
    HAS_PROBLEM(checked(t), "route.out", "'count' (4) and 'other' (3)", "second router");
    actor_of(t, "other").parallelism = 4;
    IS_FINE(checked(t));
    actor_of(t, "other").type = "test.count_by_time";
    HAS_PROBLEM(checked(t), "route.out", "different keys", "second");
  }

  void givesRoutersTheirUpstreamsParallelism() {
    auto t = counting();
    actor_of(t, "trades").parallelism = 3;
    const auto v = checked(t);
    IS_FINE(v);
    QCOMPARE(v.plan->spec.find("route")->parallelism, 3U);
    actor_of(t, "route").parallelism = 2;
    HAS_PROBLEM(checked(t), "route", "parallelism is 2, but it is fed by 'trades' (3)", "leave the parallelism out");
    actor_of(t, "route").parallelism = 1;
    t.add("more", "test.trades", {}, 2);
    t.connect("more", "route");
    HAS_PROBLEM(checked(t), "route", "'trades' (3) and 'more' (2)", "same parallelism");
  }

  void wantsARouterBetweenDifferentParallelism() {
    auto t = through("test.step");
    actor_of(t, "middle").parallelism = 2;
    HAS_PROBLEM(checked(t), "middle.in", "fed directly by 'trades' (1)", "\"millrace.round_robin\" router between");
    actor_of(t, "trades").parallelism = 2;
    IS_FINE(checked(t));
  }

  void limitsParallelism() {
    auto t = counting();
    actor_of(t, "count").parallelism = 4097;
    HAS_PROBLEM(checked(t), "count", "4097", "1 to 4096");
    actor_of(t, "count").parallelism = 0;
    HAS_PROBLEM(checked(t), "count", "is 0", "1 to 4096");
  }

  void wantsAKeyGroupForEveryPartition() {
    auto t = counting();
    t.settings.key_groups = 3;
    HAS_PROBLEM(checked(t), "count", "only 3 key groups", "raise settings.key_groups");
  }

  void wantsKeysOfAnActorToShareAType() {
    auto t = through("test.join");
    t.streams[0].to_port = "left";
    t.connect("trades", "middle.right");
    HAS_PROBLEM(checked(t), "middle.right", "(int) is of another type than that of 'left' (string)", "one type");
  }

  void refusesStateWithoutAKey() {
    HAS_PROBLEM(checked(through("test.stray_state")), "middle", "keyed state 'seen' but no keyed input",
                "save_state()");
    HAS_PROBLEM(checked(through("test.stray_timer")), "middle", "keyed timer 'close'", "give one of its inputs a key");
  }

  void refusesBatchHandlersWithAKey() {
    HAS_PROBLEM(checked(through("test.keyed_batches")), "middle.in", "takes whole batches", "one record");
  }

  void namesAKeyFieldThatIsNotThere() {
    IS_FINE(checked(through("test.group")));
    HAS_PROBLEM(checked(through("test.group", {{"key", "acount"}})), "middle.in", "acount", "key");
  }

  void checksTheShapeOfTheFourKinds() {
    HAS_PROBLEM(checked(through("test.producer_with_input")), "middle", "producer but has an input", "processor");
    HAS_PROBLEM(checked(through("test.no_input")), "middle", "has no input", "input");
    HAS_PROBLEM(checked(through("test.sink_with_output")), "middle", "sink but has an output", "processor");
    HAS_PROBLEM(checked(through("test.two_dead")), "middle.dead", "two outputs", "rename");
  }

  void wantsAProducerAndASink() {
    topology t;
    t.name = "empty";
    const auto v = checked(t);
    HAS_PROBLEM(v, "actors", "no actor is a producer", "add one");
    HAS_PROBLEM(v, "actors", "no actor is a sink", "add one");
  }

  void checksSettings() {
    auto t = counting();
    t.settings.key_groups = 0;
    t.settings.snapshot_interval = std::chrono::milliseconds{5};
    t.settings.snapshot_timeout = std::chrono::milliseconds{0};
    const auto v = checked(t);
    HAS_PROBLEM(v, "settings.key_groups", "it is 0", "1 to 65536");
    HAS_PROBLEM(v, "settings.snapshot_interval", "shorter than 10ms", "\"10ms\"");
    HAS_PROBLEM(v, "settings.snapshot_timeout", "not longer than 0", "\"60s\"");
  }

  void checksFailurePolicies() {
    auto t = counting();
    auto& p = actor_of(t, "count").on_failure;
    p.max_attempts = 0;
    p.max_restarts = 1'001;
    p.after_retries = failure_action::retry;
    p.backoff = p.backoff_max + std::chrono::milliseconds{1};
    p.period = std::chrono::milliseconds{0};
    const auto v = checked(t);
    for (const auto* word : {"max_attempts", "max_restarts", "after_retries", "backoff", "period"}) {
      HAS_PROBLEM(v, "count.on_failure", word, "");
    }
  }

  void refusesMoreChannelsThanAProcessCanHold() {
    auto t = counting();
    actor_of(t, "trades").parallelism = 4096;
    actor_of(t, "count").parallelism = 4096;
    t.settings.key_groups = 4096;
    HAS_PROBLEM(checked(t), "streams", "channels", "lower the parallelism");
  }

  void reportsEverythingInOnePass() {
    auto t = counting();
    t.settings.key_groups = 0;
    actor_of(t, "trades").params = {{"limt", std::int64_t{5}}};
    actor_of(t, "file").type = "test.flie_sink";
    t.connect("count", "nowhere");
    QVERIFY(checked(t).problems.size() >= 4);
  }

  // Last: a process cannot raise its hard limit again.
  void refusesMoreDescriptorsThanTheProcessMayHave() {
    rlimit limit{.rlim_cur = 70, .rlim_max = 70};
    QCOMPARE(setrlimit(RLIMIT_NOFILE, &limit), 0);
    HAS_PROBLEM(checked(counting()), "streams",
                "9 channels need 82 file descriptors, but this process may have only 70", "ulimit -Hn 82");
    auto smaller = counting();
    actor_of(smaller, "count").parallelism = 1;
    IS_FINE(checked(smaller));
  }
};

QTEST_APPLESS_MAIN(validation_test)
#include "validation_test.moc"
