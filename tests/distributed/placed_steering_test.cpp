// Before Qt, whose keyword `emit` is the name of a member here.
#include "actors/node/steered_actors.hpp"
#include "millrace/library.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

#include "guest_host.hpp"
#include "memory_network.hpp"
#include "node/logs/log_book.hpp"
#include "node/looking/look_desk.hpp"
#include "runtime/remote/wire.hpp"
#include "support/sanitizer.hpp"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <memory>
#include <set>

using namespace millrace;
using namespace std::chrono_literals;
using distributed::memory_network;
using millrace::test::steered;
using millrace::tests::patience;
using nlohmann::json;

namespace {

constexpr int patience_ms = 30'000 * patience;

/// ticks -> spread -> four partitions of stamp -> save: the lead, "a", runs save and stamp/0 alone, which is what its
/// guests b and c know nothing of.
class placed {
public:
  explicit placed(std::int64_t count, const engine::trace_rule& trace = {}) {
    auto t = steered::to_files("trial", count, folder_.filePath("out").toStdString());
    t.base_folder = folder_.path().toStdString();
    for (auto& a : t.actors) {
      if (a.name == "stamp") a.parallelism = 4;
    }
    const auto checked = validate(t);
    if (!checked.ok()) qFatal("%s", to_string(checked.problems.front()).c_str());
    runtime::run_options options;
    options.trace = trace;
    options.data_dir = folder_.filePath("data").toStdString();
    options.where.nodes = lead_;
    options.where.text = to_text(t);
    options.where.base_folder = t.base_folder;
    for (const auto& task : checked.plan->tasks) {
      const auto& actor = checked.plan->spec.actors[task.actor].name;
      const auto* const node = actor == "save" ? "a" : actor == "stamp" ? stamps[task.partition] : "b";
      options.where.node_of.emplace_back(node);
    }
    options.log = [this](log_level level, const std::string& text) { book.add(level, text, {1}); };
    auto started = runtime::topology_run::start(checked.plan, std::move(options));
    if (!started) qFatal("%s", started.error().message.c_str());
    run_ = *std::move(started);
  }
  ~placed() {
    network.meddle({});
    run_.reset();
  }
  placed(const placed&) = delete;
  placed& operator=(const placed&) = delete;

  [[nodiscard]] runtime::topology_run& run() { return *run_; }
  /// Lets the guests work; true once the run has finished.
  bool is_finished() {
    work();
    const auto outcome = run_->wait(1ms);
    if (outcome && outcome->how != runtime::run_outcome::kind::finished) qFatal("%s", outcome->message.c_str());
    return outcome.has_value();
  }
  void work() {
    b_.work();
    c_.work();
  }
  template <class Condition>
  [[nodiscard]] bool wait_for(Condition holds) {
    return QTest::qWaitFor([&] { return work(), holds(); }, patience_ms);
  }
  /// Over all tasks of an actor.
  template <class Number>
  [[nodiscard]] std::uint64_t sum(const char* actor, Number runtime::task_status::*number) {
    std::uint64_t all = 0;
    for (const auto& t : run_->status().tasks) {
      if (t.actor == actor) all += static_cast<std::uint64_t>(t.*number);
    }
    return all;
  }
  /// Waits for a snapshot that begins after this call.
  [[nodiscard]] bool takes_snapshot() {
    const auto before = run_->status().last_epoch.value;
    return wait_for([&] { return run_->status().last_epoch.value >= before + 2; });
  }
  /// Committed rows: of each file, which is what one epoch brought, the values of one column.
  [[nodiscard]] std::vector<std::set<int>> of_each_epoch(int column) const {
    std::vector<std::set<int>> out;
    const QDir dir{folder_.filePath("out")};
    for (const auto& name : dir.entryList({"*.csv"}, QDir::Files)) {
      QFile file{dir.filePath(name)};
      if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read %s", qPrintable(name));
      auto& values = out.emplace_back();
      auto lines = QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts);
      for (qsizetype i = 1; i < lines.size(); ++i) values.insert(lines[i].section(',', column, column).toInt());
    }
    return out;
  }
  /// Each epoch's output has one value of the parameter, in all partitions, and all that were set came into force.
  [[nodiscard]] QString fault_of_settings(const std::set<int>& wanted) const {
    std::set<int> all;
    for (const auto& values : of_each_epoch(3)) {
      if (values.size() > 1) return "the output of an epoch has two values";
      all.insert(values.begin(), values.end());
    }
    return all == wanted ? QString{} : QStringLiteral("other values than those that were set");
  }

  memory_network network;
  node::log_book book{"trial", "/dev/null"};

private:
  static constexpr const char* stamps[] = {"a", "b", "c", "c"};

  QTemporaryDir folder_;
  std::shared_ptr<runtime::exchange> lead_ = network.join("a");
  distributed::guest_host b_{network.join("b"), folder_.filePath("b").toStdString()};
  distributed::guest_host c_{network.join("c"), folder_.filePath("c").toStdString()};
  std::unique_ptr<runtime::topology_run> run_;
};

bool is_steering(bytes_view message) {
  const auto e = runtime::remote::open_envelope(message);
  return e && e->head.what == runtime::remote::kind::steer;
}

}  // namespace

/// What is wanted of a topology while it runs reaches the tasks of other nodes, and what is seen of it comes back.
class placed_steering_test : public QObject {
  Q_OBJECT

  static constexpr std::int64_t count = 60'000;

  /// Sets the parameter to 2, 3 and 4, each in the midst of events.
  static void set_again_and_again(placed& t) {
    for (int limit = 2; limit <= 4; ++limit) {
      const auto reached = static_cast<std::uint64_t>(steered::allowed());
      steered::allowed() += count / 5;
      // Somewhere in these events, wherever the snapshot that is asked for meets them.
      QVERIFY(t.wait_for([&] { return t.sum("save", &runtime::task_status::events_in) > reached; }));
      QVERIFY(t.run().steering().set("stamp", "limit", std::int64_t{limit}).has_value());
      QVERIFY(t.wait_for([&] { return t.run().steering().changed().front().from.value != 0; }));
      QVERIFY(t.takes_snapshot());
    }
    steered::allowed() = count;
    QVERIFY(t.wait_for([&] { return t.is_finished(); }));
  }

private slots:
  void initTestCase() { link_library(); }
  void init() { steered::allowed() = 0; }

  void aProducerOfAnotherNodePausesAndGoesOn() {
    placed t{2000};
    steered::allowed() = 500;
    QVERIFY(t.wait_for([&] { return t.sum("save", &runtime::task_status::events_in) == 500; }));
    t.run().steering().pause({7});
    QVERIFY(t.takes_snapshot());  // its barrier passes the producer behind the word
    steered::allowed() = 2000;
    QVERIFY(t.takes_snapshot());
    QVERIFY(t.takes_snapshot());
    // What a producer sent before a barrier is handled before that.
    QCOMPARE(t.sum("save", &runtime::task_status::events_in), std::uint64_t{500});
    t.run().steering().resume();
    QVERIFY(t.wait_for([&] { return t.is_finished(); }));
    QCOMPARE(t.sum("save", &runtime::task_status::events_in), std::uint64_t{2000});
  }

  void whatMutedTasksOfAllNodesSendIsDropped() {
    placed t{3000};
    steered::allowed() = 1000;
    QVERIFY(t.wait_for([&] { return t.sum("save", &runtime::task_status::events_in) == 1000; }));
    QVERIFY(t.run().steering().mute("stamp", true).has_value());
    QVERIFY(t.takes_snapshot());
    steered::allowed() = 2000;
    QVERIFY(t.wait_for([&] { return t.sum("stamp", &runtime::task_status::muted_events) == 1000; }));
    QVERIFY(t.run().steering().mute("stamp", false).has_value());
    QVERIFY(t.takes_snapshot());
    steered::allowed() = 3000;
    QVERIFY(t.wait_for([&] { return t.is_finished(); }));
    QCOMPARE(t.sum("save", &runtime::task_status::events_in), std::uint64_t{2000});
  }

  void aParameterChangesBehindOneBarrierOnAllNodes() {
    placed t{count};
    set_again_and_again(t);
    QCOMPARE(t.fault_of_settings({1, 2, 3, 4}), QString{});
  }

  /// Words that find no room are said again before any barrier: nothing is lost of them.
  void aFullQueueKeepsNoNodeBehind() {
    placed t{count};
    std::atomic<int> refused = 0;
    t.network.meddle([&](const auto&, const auto& to, bytes_view message) {
      if (to != "c" || !is_steering(message) || ++refused % 3 == 0) return memory_network::fate::sent;
      return memory_network::fate::refused;
    });
    set_again_and_again(t);
    QVERIFY(refused > 3);
    QCOMPARE(t.fault_of_settings({1, 2, 3, 4}), QString{});
  }

  /// Negative control: a node that hears of it an epoch later is seen.
  void aNodeThatTakesTheValueElsewhereIsSeen() {
    placed t{count};
    std::atomic<bool> is_lost = false;
    t.network.meddle([&](const auto&, const auto& to, bytes_view message) {
      return is_lost && to == "c" && is_steering(message) ? memory_network::fate::lost : memory_network::fate::sent;
    });
    steered::allowed() = count / 5;
    QVERIFY(t.wait_for([&] { return t.sum("save", &runtime::task_status::events_in) != 0; }));
    is_lost = true;
    QVERIFY(t.run().steering().set("stamp", "limit", std::int64_t{2}).has_value());
    QVERIFY(t.takes_snapshot());
    steered::allowed() = count;
    QVERIFY(t.wait_for([&] { return t.is_finished(); }));
    QVERIFY(!t.fault_of_settings({1, 2}).isEmpty());
  }

  void theLogSaysWhichTaskOnWhichNodeAndWhichTrace() {
    placed t{2000, {.one_in = 1, .seed = 1, .per_second_max = 0}};
    steered::allowed() = 2000;
    QVERIFY(t.wait_for([&] { return t.is_finished(); }));
    std::set<std::string> nodes;
    std::set<std::string> traces;
    const auto said = t.book.read({.actor = "stamp", .limit = 2000})["records"];
    for (const auto& r : said) {
      QVERIFY2(r["text"].get<std::string>().starts_with("a milestone"), r.dump().c_str());
      QVERIFY2(r["partition"].is_number() && r["trace"].is_string(), r.dump().c_str());
      nodes.insert(r["node"].is_null() ? "" : r["node"].get<std::string>());
      traces.insert(r["trace"].get<std::string>());
    }
    QVERIFY2(nodes == std::set<std::string>({"", "b", "c"}), said.dump().c_str());
    QCOMPARE(traces.size(), said.size());
  }

  void channelsToTasksOfAllNodesAreLookedInto() {
    placed t{100'000};
    node::look_desk desk{t.run()};
    const auto ask = [&](const char* verb, const json& args) {
      auto answer = desk.answer("ada", verb, args);
      if (!answer) qFatal("%s: %s", verb, answer.error().message.c_str());
      return *std::move(answer);
    };
    QVERIFY(t.wait_for([&] { return t.run().status().state == "running"; }));
    const auto opened = ask("tail_open", {{"channel", "spread->stamp"}, {"filter", "n % 2 == 1"}, {"rate", 200}});
    QCOMPARE(opened["channels"].size(), std::size_t{4});
    QVERIFY(opened["fields"] == json({"key", "n"}));
    std::set<std::string> seen;
    const auto read = [&] {
      steered::allowed() += 100;
      const auto answer = ask("tail_read", {{"tail", opened["tail"]}});
      for (const auto& s : answer["samples"]) {
        if (s["record"]["n"].get<int>() % 2 != 1) qFatal("%s does not fit", s.dump().c_str());
        seen.insert(s["to"].get<std::string>());
      }
      return seen.size() == 4;
    };
    QVERIFY2(t.wait_for(read), qPrintable(QString::number(seen.size())));
    ask("tail_close", {{"tail", opened["tail"]}});

    // Of a node that is away is said why nothing comes.
    const auto other = ask("tail_open", {{"channel", "spread->stamp/3"}});
    t.network.cut("c");
    QVERIFY(t.wait_for([&] {
      return ask("tail_read", {{"tail", other["tail"]}}).value("silent", json{}).contains("c");
    }));
    t.network.heal("c");
    steered::allowed() = 100'000;
    QVERIFY(t.wait_for([&] { return t.is_finished(); }));
  }
};

QTEST_GUILESS_MAIN(placed_steering_test)
#include "placed_steering_test.moc"
