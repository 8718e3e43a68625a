// Faults at tasks that another node runs: the lead's board and the other node's, with an order as what is between them.
#include "millrace/chaos/fault_board.hpp"
#include "millrace/chaos/task_gate.hpp"
#include "sample_topology.hpp"
#include "still_clock.hpp"

#include <QtTest>

using namespace millrace;
using chaos::fault_kind;
using chaos::fault_order;
using chaos::fault_request;
using chaos::fault_state;
using namespace std::chrono_literals;

namespace {

constexpr task_id tally_0{4};
constexpr task_id tally_1{5};

/// Two nodes: the first leads and runs all but tally/1.
struct nodes {
  std::shared_ptr<const engine::plan> plan = sample::plan_of(sample::mesh({}));
  std::shared_ptr<sample::still_clock> time = std::make_shared<sample::still_clock>();
  bool is_cut = false;
  std::vector<fault_order> orders;
  std::vector<std::shared_ptr<chaos::armed_fault>> here, there;  // faults of disk and process at work
  chaos::fault_board guest{{plan.get(), time, [](log_level, const std::string&) {},
                            [](task_id t) { return t == tally_1; }, [](std::int64_t) {},
                            [this](const auto& f) { there.push_back(f); }}};
  chaos::fault_board lead{{plan.get(), time, [](log_level, const std::string&) {},
                           [](task_id t) { return t != tally_1; }, [](std::int64_t) {},
                           [this](const auto& f) { here.push_back(f); }, [](task_id) { return std::string{"other"}; },
                           [this](const std::string& node, const fault_order& o) { return tell(node, o); }, "lead"}};

  result<void> tell(const std::string& node, const fault_order& o) {
    if (is_cut) return user_error(errc::unavailable, "no connection");
    if (node != "other") return user_error(errc::not_found, node);
    orders.push_back(o);
    return guest.obey(o);
  }
  std::uint64_t inject(fault_request r) {
    const auto id = lead.inject(std::move(r));
    if (!id) qFatal("%s", id.error().message.c_str());
    return *id;
  }
  bool passes(task_id t) {
    auto& board = t == tally_1 ? guest : lead;
    return chaos::task_gate{board.task(t), t}.pass(1);
  }
  /// What a guest tells now and then.
  void report() {
    for (const auto& f : guest.list()) lead.on_distant_hits("other", f.id, f.hits);
  }
};

}  // namespace

class distant_faults_test : public QObject {
  Q_OBJECT
private slots:
  void strikesWhereTheTaskIs() {
    nodes n;
    const auto id = n.inject({.kind = fault_kind::kill, .target = "tally/1"});
    QVERIFY(!n.lead.task(tally_1).is_on());
    QVERIFY(!n.passes(tally_1));
    n.report();
    const auto told = n.lead.list().front();
    QCOMPARE(told.id, id);
    QCOMPARE(told.hits, std::uint64_t{1});
    QCOMPARE(told.state, fault_state::spent);
    QCOMPARE(told.places, (std::vector<std::string>{"tally/1"}));
    QVERIFY2(n.passes(tally_1), "it kills once");
  }
  void eachNodeHasItsOwnPlaces() {
    nodes n;
    (void)n.inject({.kind = fault_kind::kill, .target = "tally", .hits_max = 0});
    QVERIFY(n.lead.task(tally_0).is_on());
    QVERIFY(!n.lead.task(tally_1).is_on());
    QVERIFY(n.guest.task(tally_1).is_on());
    QVERIFY(!n.guest.task(tally_0).is_on());
    QVERIFY(!n.passes(tally_0));
    QVERIFY(!n.passes(tally_1));
    n.report();
    n.report();
    QCOMPARE(n.lead.list().front().hits, std::uint64_t{2});
  }
  void renewedAndClearedThere() {
    nodes n;
    const auto id = n.inject({.kind = fault_kind::kill, .target = "tally/1", .lease = 1s, .hits_max = 0});
    n.time->ns += 900'000'000;
    QVERIFY(n.lead.renew(id));
    n.time->ns += 900'000'000;
    QVERIFY(!n.passes(tally_1));
    QVERIFY(n.lead.clear(0));
    QVERIFY(n.passes(tally_1));
    QVERIFY(!n.guest.task(tally_1).is_on());
  }
  void healsThereWhenTheLeadIsGone() {
    nodes n;
    (void)n.inject({.kind = fault_kind::kill, .target = "tally/1", .lease = 1s, .hits_max = 0});
    n.is_cut = true;
    n.time->ns += 1'000'000'000;
    n.guest.sweep();
    QVERIFY(n.passes(tally_1));
    QCOMPARE(n.guest.list().front().state, fault_state::healed);
  }
  void strikesToldAfterTheEndCount() {
    nodes n;
    (void)n.inject({.kind = fault_kind::kill, .target = "tally/1", .duration = 100ms, .hits_max = 0});
    QVERIFY(!n.passes(tally_1));
    n.time->ns += 200'000'000;
    n.lead.sweep();
    QCOMPARE(n.lead.list().front().state, fault_state::over);
    n.report();
    QCOMPARE(n.lead.list().front().hits, std::uint64_t{1});
  }
  void aNodeThatCannotBeToldIsNamed() {
    nodes n;
    n.is_cut = true;
    const auto id = n.lead.inject({.kind = fault_kind::kill, .target = "tally"});
    QVERIFY(!id);
    QVERIFY2(id.error().message.find("node other cannot be told") != std::string::npos, id.error().message.c_str());
    QVERIFY2(n.passes(tally_0), "nothing of it stays");
  }
  void aNodeChoosesAmongItsOwn() {
    nodes n;
    (void)n.inject({.kind = fault_kind::kill, .target = "other:tally", .hits_max = 0});
    QVERIFY(!n.lead.task(tally_0).is_on());
    QVERIFY(n.guest.task(tally_1).is_on());
    QCOMPARE(n.lead.list().front().places, (std::vector<std::string>{"tally/1"}));
    QCOMPARE(n.lead.list().front().request.target, "other:tally");
    (void)n.inject({.kind = fault_kind::kill, .target = "lead:*", .hits_max = 0});
    QVERIFY(n.lead.task(tally_0).is_on());
    QCOMPARE(n.orders.size(), std::size_t{1});
    // A share is one of what runs there.
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
      nodes some;
      (void)some.inject({.kind = fault_kind::drop, .target = "other:*@1", .seed = seed});
      QCOMPARE(some.orders.size(), std::size_t{1});
      QCOMPARE(n.plan->channels[some.orders.front().indexes.front()].target, tally_1);
    }
  }
  void faultsOfANodeAreThereAlone() {
    nodes n;
    (void)n.inject({.kind = fault_kind::disk_slow, .target = "other:sink", .lease = 1s});
    QCOMPARE(n.there.size(), std::size_t{1});
    QCOMPARE(n.there.front()->places().names, (std::vector<std::string>{"sink"}));
    QVERIFY(n.here.empty());
    QCOMPARE(n.lead.list().front().places, (std::vector<std::string>{"other:sink"}));
    QVERIFY(n.there.front()->strikes(0, 0));
    n.report();
    QCOMPARE(n.lead.list().front().hits, std::uint64_t{1});
    (void)n.inject({.kind = fault_kind::clock_offset, .target = "other:"});
    QVERIFY(n.guest.time().is_on());
    QVERIFY(!n.lead.time().is_on());
    (void)n.inject({.kind = fault_kind::disk_slow, .target = "lead:sink"});
    (void)n.inject({.kind = fault_kind::disk_slow, .target = "sink"});
    QCOMPARE(n.here.size(), std::size_t{2});
    QCOMPARE(n.here.front()->places().names, (std::vector<std::string>{"sink"}));
    QCOMPARE(n.there.size(), std::size_t{1});
  }
  void faultsOfANodeHealThereWhenTheLeadIsGone() {
    nodes n;
    (void)n.inject({.kind = fault_kind::cpu, .target = "other:", .lease = 1s});
    QVERIFY(n.there.front()->is_active());
    n.is_cut = true;
    n.time->ns += 1'000'000'000;
    QVERIFY(!n.there.front()->is_active());
    n.guest.sweep();
    QCOMPARE(n.guest.list().front().state, fault_state::healed);
  }
  void whatEndsANodeStruckWhenItIsLost() {
    nodes n;
    (void)n.inject({.kind = fault_kind::process_kill, .target = "other:"});
    (void)n.inject({.kind = fault_kind::cpu, .target = "other:"});
    QVERIFY(n.here.empty());
    n.lead.on_node_lost("another");
    QCOMPARE(n.lead.list().front().hits, std::uint64_t{0});
    n.lead.on_node_lost("other");
    QCOMPARE(n.lead.list()[0].hits, std::uint64_t{1});
    QCOMPARE(n.lead.list()[0].state, fault_state::spent);
    QCOMPARE(n.lead.list()[1].hits, std::uint64_t{0});
    n.lead.on_node_lost("other");
    QCOMPARE(n.lead.list()[0].hits, std::uint64_t{1});
  }
  /// A node that stands still for longer than others wait for it.
  void whatStoppedANodeStruckWhenItIsLost() {
    nodes n;
    (void)n.inject({.kind = fault_kind::process_pause, .target = "other:"});
    n.lead.on_node_lost("other");
    QCOMPARE(n.lead.list().front().hits, std::uint64_t{1});
    QCOMPARE(n.lead.list().front().state, fault_state::spent);
  }
  void nodesThatTakeNoPartAreNamed() {
    nodes n;
    for (const auto& [kind, target] :
         {std::pair{fault_kind::kill, "nobody:tally"}, std::pair{fault_kind::cpu, "nobody:"}}) {
      const auto id = n.lead.inject({.kind = kind, .target = target});
      QVERIFY(!id);
      QVERIFY2(id.error().message.find("no node 'nobody'") != std::string::npos, id.error().message.c_str());
      QVERIFY2(id.error().message.find("'lead', 'other'") != std::string::npos, id.error().message.c_str());
    }
    const auto nothing = n.lead.inject({.kind = fault_kind::kill, .target = "other:tally/0"});
    QVERIFY(!nothing);
    QVERIFY(nothing.error().message.find("nothing that 'tally/0' means runs on that node") != std::string::npos);
    QVERIFY(n.lead.list().empty());
    QVERIFY(n.guest.list().empty());
  }
  void ordersThatDoNotFitAreRefused() {
    nodes n;
    QVERIFY(!n.guest.obey({fault_order::act::inject, 7, {.kind = fault_kind::kill}, {1'000}}));
    QVERIFY(!n.guest.obey({fault_order::act::inject, 7, {.kind = fault_kind::kill}, {}}));
    QVERIFY(!n.guest.obey({fault_order::act::inject, 0, {.kind = fault_kind::kill}, {5}}));
    QVERIFY(n.guest.list().empty());
  }
};

QTEST_GUILESS_MAIN(distant_faults_test)
#include "distant_faults_test.moc"
