#include "node_trial.hpp"

#include "millrace/actor.hpp"
#include "millrace/registry.hpp"

#include <map>

using namespace millrace;
using millrace::test::committed;
using millrace::test::node_trial;
using millrace::test::patience_ms;
using millrace::test::steered;
using nlohmann::json;

namespace {

constexpr std::int64_t count = 6000;

/// How many more of the actor below can be made; negative: as many as anybody wants.
std::atomic<int> makeable{-1};

struct brittle : sink {
  in<record_view> events{this, "in", &brittle::on_event};
  brittle() {
    if (makeable > 0)
      --makeable;
    else if (makeable == 0)
      throw std::runtime_error("there is no glass left");
  }
  void on_event(context&, const record_view&) {}
};
MILLRACE_ACTOR(brittle, {.id = "trial.brittle", .title = "Brittle"})

}  // namespace

/// What is wanted of a topology while a run of it is being started, and starts from savepoints that come to nothing.
class start_test : public node_trial {
  Q_OBJECT

  std::atomic<bool> is_held_{false};  // a start from a savepoint stands still when its data is there
  std::atomic<int> gone_back_{0};

  /// A topology that has a savepoint, has stopped behind it, and now stands still amid its start from it.
  void begin_from_savepoint(std::string& id) {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(1000);
    id = take();
    QVERIFY(!id.empty());
    run_to(2000);
    stop();
    steered::allowed() = 1000;
    is_held_ = true;
    ask("start", {{"from", id}});
    QTRY_COMPARE_WITH_TIMEOUT(gone_back_.load(), 1, patience_ms);
  }
  void let_go() {
    is_held_ = false;
    is_held_.notify_all();
  }

private slots:
  void init() {
    gone_back_ = 0;
    is_held_ = false;
    begin([this](log_level, const std::string& text) {
      if (text.find("goes on from savepoint") == std::string::npos) return;
      ++gone_back_;
      is_held_.wait(true);
    });
  }
  void cleanup() {
    let_go();
    end();
  }

  void doesWhatIsWantedMeanwhile() {
    std::string id;
    begin_from_savepoint(id);
    ask("set", {{"actor", "stamp"}, {"parameter", "limit"}, {"value", 7}});
    ask("mute", {{"actor", "save"}});
    ask("unmute", {{"actor", "save"}});
    ask("pause", {});
    const auto later = node_->ask("savepoint", {{"topology", "trial"}});
    QVERIFY(later);
    let_go();
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"paused"}, patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(!find("trial", (*later)["savepoint"]).is_null(), patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(node_->status("trial")["changed_parameters"][0]["from_epoch"].is_number(), patience_ms);
    const auto from = node_->status("trial")["changed_parameters"][0]["from_epoch"].get<std::uint64_t>();
    QTRY_VERIFY_WITH_TIMEOUT(node_->epoch("trial") >= from, patience_ms);
    ask("resume", {});
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    std::map<int, std::int64_t> by_limit;
    for (const auto& row : committed(folder_->filePath("out"))) ++by_limit[row.section(QLatin1Char(','), 3, 3).toInt()];
    // It had the value before its first event.
    QCOMPARE(by_limit[1], std::int64_t{1000});
    QCOMPARE(by_limit[7], count - 1000);
  }

  /// As an engine does whose owner did not ask for what somebody ran at another time.
  void beginsAtRestWhenItIsToldTo() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(1000);
    deploy(steered::to_files("other", 500, path("other")));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    node_->restart(true);
    QCOMPARE(node_->state("trial"), std::string{"stopped"});
    QCOMPARE(node_->state("other"), std::string{"stopped"});
    const auto before = committed(folder_->filePath("out"));
    QCOMPARE(before.size(), qsizetype{1000});
    steered::allowed() = count;
    // What was asked for since goes on after the next end, and nothing else.
    ask("start", {{"topology", "other"}});
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    node_->restart();
    QCOMPARE(node_->state("trial"), std::string{"stopped"});
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), before);
    ask("start", json::object());
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  void goesBackOnceWhenItIsReplacedMeanwhile() {
    std::string id;
    begin_from_savepoint(id);
    auto next = steered::to_files("trial", count, path("out"));
    next.actors[2].params["fixed"] = std::int64_t{2};
    auto args = deployment(next);
    args["replace"] = true;
    ask("deploy", args);
    const auto kept = node_->refusal("savepoint_delete", {{"topology", "trial"}, {"savepoint", id}});
    QVERIFY2(kept.contains("has not started from savepoint"), kept);
    // Whoever has nothing to do with it goes on.
    ask("deploy", deployment(steered::to_files("other", 500, path("other"))));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    let_go();
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(gone_back_.load(), 1);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
    // Nobody needs it any more.
    ask("savepoint_delete", {{"savepoint", id}});
  }

  /// An actor's constructor that throws when nobody looks any more (validation looked at the first one).
  void whatIsThrownFailsThatTopologyAlone() {
    auto t = steered::to_files("trial", count, path("out"));
    t.add("glass", "trial.brittle", {}, 2);
    t.connect("stamp", "glass");
    deploy(t, {{"start", false}});
    for (const int enough : {1, 2}) {
      makeable = enough;
      ask("start", {});
      QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"failed"}, patience_ms);
      const auto why = node_->status("trial")["message"].get<std::string>();
      QVERIFY2(why.find("there is no glass left") != std::string::npos, why.c_str());
    }
    makeable = -1;
    ask("start", {});
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"running"}, patience_ms);
  }

  void goesBackAgainWhenThatIsWanted() {
    std::string id;
    begin_from_savepoint(id);
    auto next = steered::to_files("trial", count, path("out"));
    next.actors[2].params["fixed"] = std::int64_t{2};
    auto args = deployment(next);
    args.update({{"replace", true}, {"from", id}});
    // While it is being started nobody can say what its output is.
    QTRY_VERIFY_WITH_TIMEOUT(node_->refusal("deploy", args).contains("ask again"), patience_ms);
    let_go();
    // Not as many as the run before had.
    steered::allowed() = 4000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "save", "events_in"), 3000U, patience_ms);
    ask("deploy", args);
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(gone_back_.load(), 2);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  /// What could not be noted is not done.
  void doesNotStartWhenTheDiskTakesNoWish() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(1000);
    const auto id = take();
    QVERIFY(!id.empty());
    run_to(2000);
    stop();
    const auto blocked = folder_->filePath("node/topologies/trial/deployment.json.new");
    QVERIFY(QDir{}.mkdir(blocked));
    const auto refused = node_->refusal("start", {{"topology", "trial"}, {"from", id}});
    QVERIFY2(refused.contains("cannot write"), refused);
    // Another one comes and goes meanwhile: the node has looked at all of them more than once.
    ask("deploy", deployment(steered::to_files("other", 500, path("other"))));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    QCOMPARE(node_->state("trial"), std::string{"stopped"});
    QCOMPARE(gone_back_.load(), 0);
    QVERIFY(QDir{}.rmdir(blocked));
    ask("start", {});
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  /// Events of a logged producer are kept for two snapshots: it cannot go back further, and loses nothing by trying.
  void goesBackAsFarAsItsLogReaches() {
    auto t = steered::to_files("trial", count, path("out"));
    t.actors[0].params["logged"] = true;
    ask("deploy", deployment(t));
    run_to(1000);
    const auto old = take();
    QVERIFY(!old.empty());
    for (int i = 2; i <= 3; ++i) {
      run_to(i * 1000);
      const auto epoch = node_->epoch("trial");
      QTRY_VERIFY_WITH_TIMEOUT(node_->epoch("trial") >= epoch + 3, patience_ms);
    }
    // While it runs nobody can look into its log: the start is refused, and nothing is lost.
    auto next = t;
    next.actors[2].params["fixed"] = std::int64_t{2};
    auto args = deployment(next);
    args.update({{"replace", true}, {"from", old}});
    ask("deploy", args);
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"failed"}, patience_ms);
    const auto why = node_->status("trial")["message"].get<std::string>();
    QVERIFY2(why.find("nothing was changed") != std::string::npos, why.c_str());
    const auto refused = node_->refusal("start", {{"topology", "trial"}, {"from", old}});
    QVERIFY2(refused.contains("goes on at event 1000 of ticks/0, and its log has only"), refused);
    ask("start", {});
    steered::allowed() = 4000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "save", "events_in"), 1000U, patience_ms);  // of this run
    QCOMPARE(gone_back_.load(), 0);
    stop();
    const auto fresh = take();
    QVERIFY(!fresh.empty());
    ask("start", {{"from", fresh}});
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(gone_back_.load(), 1);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }
};

QTEST_GUILESS_MAIN(start_test)
#include "start_test.moc"
