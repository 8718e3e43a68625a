#include "node_trial.hpp"

#include <atomic>
#include <filesystem>
#include <random>
#include <set>
#include <string_view>

#include "millrace/engine/fault_point.hpp"

using namespace millrace;
using millrace::test::committed;
using millrace::test::node_trial;
using millrace::test::patience_ms;
using millrace::test::steered;
using nlohmann::json;

namespace {

constexpr std::int64_t count = 20'000;

/// Whoever reads a snapshot first while this is set waits until it is not.
std::atomic<bool> is_reading_held{false};
std::atomic<bool> is_reader_waiting{false};

engine::fault_action hold_first_reader(const char* point) {
  if (std::string_view{point} != "snapshot.read" || !is_reading_held || is_reader_waiting.exchange(true)) {
    return engine::fault_action::proceed;
  }
  is_reading_held.wait(true);
  return engine::fault_action::proceed;
}

void let_readers_go() {
  is_reading_held = false;
  is_reading_held.notify_all();
}

}  // namespace

/// Snapshots that are kept, and topologies that start from them.
class savepoint_test : public node_trial {
  Q_OBJECT

private slots:
  void init() {
    begin();
    steered::keeps_texts() = false;
  }
  void cleanup() {
    let_readers_go();
    engine::remove_fault_hook(hold_first_reader);
    end();
  }

  /// Savepoint amid input, on and on with other snapshots, back to it: the output is that of one straight run.
  void goesBackToASavepoint_data() {
    QTest::addColumn<quint32>("seed");
    for (const quint32 seed : {1U, 2U, 3U}) QTest::addRow("seed %u", seed) << seed;
  }
  void goesBackToASavepoint() {
    QFETCH(quint32, seed);
    std::mt19937 random{seed};
    const auto up_to = [&](std::int64_t from, std::int64_t to) {
      return std::uniform_int_distribution<std::int64_t>{from, to}(random);
    };
    deploy(steered::to_files("trial", count, path("out")));
    run_to(up_to(1, count / 2));
    steered::allowed() += up_to(1, count / 8);  // on its way while the savepoint is taken
    const auto id = take("trial", "before the change");
    QVERIFY(!id.empty());
    const auto kept = find("trial", id);
    QVERIFY(kept["label"] == "before the change" && kept["problem"] == "");
    run_to(steered::allowed() + up_to(1, count / 8));
    const auto epoch = node_->epoch("trial");
    QTRY_VERIFY_WITH_TIMEOUT(node_->epoch("trial") > epoch + 2, patience_ms);
    QVERIFY(node_->epoch("trial") > kept["epoch"]);
    const auto running = node_->refusal("start", {{"topology", "trial"}, {"from", id}});
    QVERIFY2(running.contains("is running: stop it"), running);
    stop();
    const auto handled = committed(folder_->filePath("out")).size();
    QVERIFY(committed(folder_->filePath("out"), kept["epoch"]).size() < handled);

    const auto back = node_->ask("start", {{"topology", "trial"}, {"from", id}});
    QVERIFY2(back, back ? "" : back.error().message.c_str());
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QVERIFY(node_->status("trial")["restored_epoch"] == kept["epoch"]);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
    // No number twice: what the sinks know as older must not come again.
    QVERIFY(node_->epoch("trial") > epoch);
    // It is there as before, and can be started from again.
    QVERIFY(find("trial", id) == kept);
  }

  void startsAnotherTopology() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(count / 3);
    const auto id = take();
    QVERIFY(!id.empty());
    const auto kept = find("trial", id);
    run_to(count / 2);
    stop();
    deploy(steered::to_files("other", count, path("other")), {{"from", "trial/latest"}});
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    auto rows = committed(folder_->filePath("other")) + committed(folder_->filePath("out"), kept["epoch"]);
    rows.sort();
    QCOMPARE(rows, steered::oracle(count));
    // The one it is of has kept all it had.
    QVERIFY(node_->ask("start", {{"topology", "trial"}}));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  /// A copy that takes long holds up neither snapshots nor a task that comes back.
  void goesOnWhileASavepointIsWritten() {
    engine::install_fault_hook(hold_first_reader);
    deploy(steered::to_files("trial", count, path("out")));
    run_to(1000);
    is_reader_waiting = false;
    is_reading_held = true;
    const auto asked = node_->ask("savepoint", {{"topology", "trial"}});
    QVERIFY(asked);
    QTRY_VERIFY_WITH_TIMEOUT(is_reader_waiting, patience_ms);
    run_to(2000);  // so that the status is from behind the beginning of the copy
    const auto before = node_->epoch("trial");
    QTRY_VERIFY_WITH_TIMEOUT(node_->epoch("trial") >= before + 3, patience_ms);
    QVERIFY(node_->ask("chaos_inject", {{"topology", "trial"}, {"kind", "throw"}, {"target", "stamp/0"}}));
    steered::allowed() = 3000;
    QTRY_VERIFY_WITH_TIMEOUT(node_->status("trial").value("restarts", 0) != 0, patience_ms);
    QTRY_VERIFY_WITH_TIMEOUT(node_->epoch("trial") >= before + 6, patience_ms);
    const auto id = (*asked)["savepoint"].get<std::string>();
    QVERIFY(find("trial", id).is_null());
    let_readers_go();
    QTRY_VERIFY_WITH_TIMEOUT(!find("trial", id).is_null(), patience_ms);
    // What was copied is what was there when the copy began.
    QVERIFY(find("trial", id)["epoch"] <= before);
    stop();
    QVERIFY(node_->ask("start", {{"topology", "trial"}, {"from", id}}));
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  void keepsTheNewestSnapshotOfAStoppedOne() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(count / 2);
    stop();
    const auto id = take();
    QVERIFY(!id.empty());
    QVERIFY(node_->ask("start", {{"topology", "trial"}, {"from", "latest"}}));
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  void staysUntilItIsDeleted() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(100);
    const auto first = take();
    const auto second = take();
    QVERIFY(!first.empty() && !second.empty() && first != second);
    node_->restart();
    QVERIFY(node_->ask("remove", {{"topology", "trial"}}));
    QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(folder_->filePath("node/topologies/trial")), patience_ms);
    QVERIFY(!find("trial", first).is_null());
    QVERIFY(node_->ask("savepoint_delete", {{"topology", "trial"}, {"savepoint", first}}));
    QVERIFY(find("trial", first).is_null() && !find("trial", second).is_null());
    const auto gone = node_->refusal("savepoint_delete", {{"topology", "trial"}, {"savepoint", first}});
    QVERIFY2(gone.contains("there is no savepoint"), gone);
    // Under its old name once more, with the output it had left.
    deploy(steered::to_files("trial", count, path("out")), {{"from", second}});
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  void refusesWhatDoesNotFit() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(100);
    const auto id = take();
    QVERIFY(!id.empty());
    const auto refusal = [&](const topology& t) {
      auto args = deployment(t);
      args["from"] = "trial/" + id;
      return node_->refusal("deploy", args);
    };
    auto wider = steered::to_files("other", count, path("other"));
    wider.actors[2].parallelism = 3;
    QVERIFY2(refusal(wider).contains("actor 'stamp' had parallelism 2, and has 3"), refusal(wider));
    auto renamed = steered::input("other", count);
    renamed.add("write", "millrace.file_sink", {{"path", path("other")}}).name = "write";
    renamed.connect("stamp", "write");
    QVERIFY2(refusal(renamed).contains("actor 'write' is not in it"), refusal(renamed));
    auto other_type = steered::input("other", count);
    other_type.add("save", "millrace.null_sink");
    other_type.connect("stamp", "save");
    QVERIFY2(refusal(other_type).contains("actor 'save' was of type millrace.file_sink"), refusal(other_type));
    auto groups = steered::to_files("other", count, path("other"));
    groups.settings.key_groups = 128;
    QVERIFY2(refusal(groups).contains("key groups"), refusal(groups));
    steered::keeps_texts() = true;
    const auto changed = refusal(steered::to_files("other", count, path("other")));
    steered::keeps_texts() = false;
    QVERIFY2(changed.contains("seen") && changed.contains("stamp"), changed);
    QVERIFY(node_->status("other").is_null());
  }

  void refusesWhatIsDamaged() {
    deploy(steered::to_files("trial", count, path("out")));
    run_to(1000);
    const auto id = take();
    QVERIFY(!id.empty());
    stop();
    const auto folder = folder_->filePath("node/savepoints/trial/" + QString::fromStdString(id));
    for (const auto* name : {"a/data.mdb", "savepoint"}) {
      QFile file{folder + '/' + name};
      QVERIFY(file.open(QIODevice::ReadWrite));
      const auto whole = file.readAll();
      auto broken = whole;
      for (auto i = whole.size() / 3; i < whole.size() * 2 / 3; ++i) broken[i] = ~broken[i];
      file.seek(0);
      file.write(broken);
      file.flush();
      const auto refused = node_->refusal("start", {{"topology", "trial"}, {"from", id}});
      QVERIFY2(refused.contains("is damaged"), name + refused);
      file.seek(0);
      file.write(whole);
    }
    // Nothing was lost of what the topology had.
    QVERIFY(node_->ask("start", {{"topology", "trial"}}));
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  /// A sink that cannot take output back: only when somebody says so, and then there are duplicates.
  void writesOutputTwiceOnlyWhenAskedTo() {
    auto t = steered::input("trial", 2000);
    t.add("save", "millrace.sqlite_sink", {{"path", path("rows.db")}, {"table", "rows"}});
    t.connect("stamp", "save");
    deploy(t);
    run_to(1000);
    const auto id = take();
    QVERIFY(!id.empty());
    run_to(1500);
    stop();
    const auto refused = node_->refusal("start", {{"topology", "trial"}, {"from", id}});
    QVERIFY2(refused.contains("sink save cannot take output back") && refused.contains("--accept-duplicates"), refused);
    const auto back = node_->ask("start", {{"topology", "trial"}, {"from", id}, {"accept_duplicates", true}});
    QVERIFY2(back, back ? "" : back.error().message.c_str());
    steered::allowed() = 2000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(node_->sum("trial", "save", "events_in"), 1000U);
  }

  void refusesNamesThatLeadElsewhere() {
    for (const auto* name : {"..", "../topologies/trial", "a/../b", "", "/etc", "x y"}) {
      QVERIFY2(!node_->refusal("savepoint_list", {{"topology", name}}).isEmpty(), name);
      QVERIFY2(!node_->refusal("savepoint_delete", {{"topology", "trial"}, {"savepoint", name}}).isEmpty(), name);
      QVERIFY2(!node_->refusal("savepoint_delete", {{"topology", name}, {"savepoint", "x"}}).isEmpty(), name);
    }
    const auto none = node_->refusal("savepoint", {{"topology", "trial"}});
    QVERIFY2(none.contains("has no topology 'trial'"), none);
  }
};

QTEST_GUILESS_MAIN(savepoint_test)
#include "savepoint_test.moc"
