#include <QTemporaryDir>
#include <QTest>
#include <map>
#include <random>
#include <set>

#include "crash/crash_feed.hpp"
#include "crash/crash_input.hpp"
#include "crash/ledger_topology.hpp"
#include "guest_host.hpp"
#include "memory_network.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"
#include "support/sanitizer.hpp"

using namespace millrace;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using millrace::tests::patience;
using host = millrace::distributed::guest_host;

namespace {

class cluster {
public:
  cluster(const fs::path& folder, std::int64_t lines, double rate)
      : folder_{folder},
        lead_{network_.join("a")},
        b_{network_.join("b"), folder / "b"},
        c_{network_.join("c"), folder / "c"} {
    const auto t = crash::ledger_in(folder, lines, rate);
    const auto text = to_text(t);
    auto parsed = parse_topology(text, "ledger");
    parsed->base_folder = folder.string();
    plan_ = validate(*parsed).plan;
    where_.nodes = lead_;
    where_.text = text;
    where_.base_folder = folder.string();
    const std::vector<std::string> names{"a", "b", "c"};
    for (const auto& task : plan_->tasks) where_.node_of.push_back(names[(task.partition + task.actor) % 3]);
  }

  [[nodiscard]] std::unique_ptr<runtime::topology_run> start(const engine::trace_rule& trace = {}) {
    runtime::run_options options;
    options.trace = trace;
    options.data_dir = (folder_ / "data").string();
    options.where = where_;
    options.log = [](log_level, const std::string& text) { qInfo("lead: %s", text.c_str()); };
    auto run = runtime::topology_run::start(plan_, std::move(options));
    if (!run) qFatal("%s", run.error().message.c_str());
    return *std::move(run);
  }
  std::optional<runtime::run_outcome> work(runtime::topology_run& run) {
    b_.work();
    c_.work();
    return run.wait(2ms);
  }
  [[nodiscard]] host& other(bool second) { return second ? c_ : b_; }
  distributed::memory_network& network() { return network_; }
  std::shared_ptr<const engine::plan> plan() const { return plan_; }
  /// One of the actor's that the lead does not run.
  [[nodiscard]] std::string task_elsewhere(const std::string& actor) const {
    for (const auto& t : plan_->tasks) {
      if (plan_->spec.actors[t.actor].name == actor && where_.node_of[t.id.value] != "a") return plan_->task_name(t.id);
    }
    return {};
  }

private:
  fs::path folder_;
  distributed::memory_network network_;
  std::shared_ptr<runtime::exchange> lead_;
  host b_, c_;
  std::shared_ptr<const engine::plan> plan_;
  runtime::placement where_;
};

std::string difference(const fs::path& folder, crash::expected_output expected) {
  auto text = crash::add_feed(folder, expected);
  return text + crash::compare_output(folder / "out", expected);
}

/// The trace begins at a producer, crosses nodes, is written by a sink; each span is told once, and follows one that is
/// there; what crosses to another node is told by that one.
bool leads_over_nodes(const engine::plan& plan, const std::vector<runtime::traced_span>& spans) {
  std::set<std::string> nodes;
  std::set<engine::span_kind> kinds;
  std::map<std::uint64_t, const runtime::traced_span*> by_id;
  for (const auto& s : spans) {
    nodes.insert(s.node);
    kinds.insert(s.what.kind);
    // What fires is told once for each event that it is linked to.
    const bool is_new = by_id.emplace(s.what.span, &s).second;
    if (!is_new && s.what.kind != engine::span_kind::fire) qFatal("a span was told twice");
  }
  for (const auto& s : spans) {
    const bool begins = s.what.kind == engine::span_kind::emit || s.what.kind == engine::span_kind::fire;
    if (!begins && s.what.parent != 0 && !by_id.contains(s.what.parent)) {
      qFatal("a span of %s hangs in the air", plan.task_name({s.what.task}).c_str());
    }
  }
  return nodes.size() > 1 && kinds.contains(engine::span_kind::emit) && kinds.contains(engine::span_kind::network) &&
         kinds.contains(engine::span_kind::write);
}

}  // namespace

class placed_run_test : public QObject {
  Q_OBJECT
private slots:
  void initTestCase() { link_library(); }

  void threeNodesGiveWhatOneGives() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    const auto expected = crash::write_input(in, 2000, 5);
    cluster nodes{in, 2000, 20000};
    const auto run = nodes.start();
    std::optional<runtime::run_outcome> outcome;
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run)).has_value(), 60'000 * patience);
    QVERIFY2(outcome->how == runtime::run_outcome::kind::finished, outcome->message.c_str());
    QCOMPARE(difference(in, expected), std::string{});
    QTRY_VERIFY_WITH_TIMEOUT((nodes.work(*run), !nodes.other(false).is_hosting() && !nodes.other(true).is_hosting()),
                             10'000);
  }

  void nodesThatAreCutOffAgainAndAgainChangeNothing() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    const auto seed = qEnvironmentVariableIntValue("MILLRACE_SEED");
    std::mt19937 random{static_cast<unsigned>(seed)};
    qInfo("seed %d", seed);
    const auto expected = crash::write_input(in, 2000, 6);
    cluster nodes{in, 2000, 1000};
    const auto run = nodes.start();
    std::optional<runtime::run_outcome> outcome;
    int cuts = 0;
    while (!outcome && cuts < 12) {
      const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{random() % 400};
      while (!outcome && std::chrono::steady_clock::now() < until) outcome = nodes.work(*run);
      const auto* node = random() % 2 == 0 ? "b" : "c";
      nodes.network().cut(node);
      ++cuts;
      for (int i = 0; i < 5 && !outcome; ++i) outcome = nodes.work(*run);
      nodes.network().heal(node);
    }
    QTRY_VERIFY_WITH_TIMEOUT(outcome || (outcome = nodes.work(*run)).has_value(), 60'000 * patience);
    QVERIFY2(outcome->how == runtime::run_outcome::kind::finished, outcome->message.c_str());
    QVERIFY(cuts >= 3);
    QCOMPARE(difference(in, expected), std::string{});
  }

  void eventsAreFollowedOverNodes() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    const auto expected = crash::write_input(in, 2000, 8);
    cluster nodes{in, 2000, 20000};
    const auto run = nodes.start({.one_in = 20, .seed = 1, .per_second_max = 0});
    std::map<engine::trace_id, std::vector<runtime::traced_span>> traces;
    std::uint64_t dropped = 0;
    const auto collect = [&] {
      auto told = run->collect_spans();
      dropped += told.dropped;
      for (auto& s : told.spans) traces[s.what.trace].push_back(std::move(s));
    };
    std::optional<runtime::run_outcome> outcome;
    QTRY_VERIFY_WITH_TIMEOUT((collect(), outcome = nodes.work(*run)).has_value(), 60'000 * patience);
    QVERIFY2(outcome->how == runtime::run_outcome::kind::finished, outcome->message.c_str());
    collect();
    QCOMPARE(difference(in, expected), std::string{});
    QCOMPARE(dropped, std::uint64_t{0});
    std::size_t over_nodes = 0;
    for (const auto& [id, spans] : traces) over_nodes += leads_over_nodes(*nodes.plan(), spans) ? 1 : 0;
    QVERIFY2(over_nodes > 0, qPrintable(QString{"none of %1 traces leads over nodes"}.arg(traces.size())));
  }

  void aStoppedRunGoesOnWhereItWas() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    const auto expected = crash::write_input(in, 2000, 7);
    cluster nodes{in, 2000, 4000};
    std::optional<runtime::run_outcome> outcome;
    {
      const auto run = nodes.start();
      QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run), run->status().snapshots >= 2), 30'000 * patience);
      run->stop();
      QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run)).has_value(), 30'000 * patience);
      QVERIFY(outcome->how == runtime::run_outcome::kind::stopped);
    }
    const auto run = nodes.start();
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run)).has_value(), 60'000 * patience);
    QVERIFY2(outcome->how == runtime::run_outcome::kind::finished, outcome->message.c_str());
    QCOMPARE(difference(in, expected), std::string{});
  }

  void faultsStrikeTasksOfOtherNodesAndChangeNothing() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    const auto expected = crash::write_input(in, 2000, 10);
    cluster nodes{in, 2000, 1000};
    const auto run = nodes.start();
    std::optional<runtime::run_outcome> outcome;
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run), run->status().snapshots >= 1), 30'000 * patience);
    const auto elsewhere = nodes.task_elsewhere("ledger");
    for (const auto& [kind, target] :
         {std::pair{chaos::fault_kind::kill, elsewhere}, std::pair{chaos::fault_kind::drop, "*->" + elsewhere}}) {
      const auto id = run->faults().inject({.kind = kind, .target = target, .lease = 60s});
      QVERIFY2(id, id ? "" : id.error().message.c_str());
      const auto hits = [&] {
        outcome = nodes.work(*run);
        return run->faults().list().back().hits;
      };
      QTRY_COMPARE_WITH_TIMEOUT(hits(), std::uint64_t{1}, 30'000 * patience);
    }
    QTRY_VERIFY_WITH_TIMEOUT(outcome || (outcome = nodes.work(*run)).has_value(), 60'000 * patience);
    QVERIFY2(outcome->how == runtime::run_outcome::kind::finished, outcome->message.c_str());
    QVERIFY(run->status().restarts >= 2);
    QCOMPARE(difference(in, expected), std::string{});
  }

  void theStateOfATaskElsewhereIsAnswered() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    (void)crash::write_input(in, 2000, 9);
    cluster nodes{in, 2000, 1000};
    const auto run = nodes.start();
    std::optional<runtime::run_outcome> outcome;
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run), run->status().snapshots >= 2), 30'000 * patience);
    for (const auto& task : nodes.plan()->tasks) {
      if (nodes.plan()->spec.actors[task.actor].name != "ledger") continue;
      const auto answer = run->query(task.id, {.what = engine::state_request::kind::scan, .limit = 3}, 10s);
      QVERIFY2(answer, answer ? "" : answer.error().message.c_str());
      QVERIFY(!answer->rows.empty());
      const auto wrong = run->query(task.id, {.state = "no_such_state"}, 10s);
      QVERIFY(!wrong && wrong.error().code == errc::not_found);
    }
    run->stop();
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run)).has_value(), 30'000 * patience);
  }

  void aStopWhileANodeIsAwayEndsTheRun() {
    QTemporaryDir folder;
    const fs::path in = folder.path().toStdString();
    (void)crash::write_input(in, 2000, 8);
    cluster nodes{in, 2000, 1000};
    const auto run = nodes.start();
    std::optional<runtime::run_outcome> outcome;
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run), run->status().snapshots >= 2), 30'000 * patience);
    nodes.network().cut("c");
    QTRY_COMPARE_WITH_TIMEOUT((outcome = nodes.work(*run), run->status().state), std::string{"waiting"},
                              30'000 * patience);
    run->stop();
    QTRY_VERIFY_WITH_TIMEOUT((outcome = nodes.work(*run)).has_value(), 30'000 * patience);
    QVERIFY(outcome->how == runtime::run_outcome::kind::stopped);
  }
};

QTEST_GUILESS_MAIN(placed_run_test)
#include "placed_run_test.moc"
