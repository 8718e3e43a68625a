#include "node/access/audit_detail.hpp"
#include "node/topology_difference.hpp"
#include "node_trial.hpp"

#include <QTextStream>
#include <set>

using namespace millrace;
using millrace::test::committed;
using millrace::test::node_trial;
using millrace::test::patience_ms;
using millrace::test::steered;
using nlohmann::json;

/// Pausing, muting and parameters of a topology that runs.
class steering_test : public node_trial {
  Q_OBJECT

  /// Waits for a snapshot that begins after this call. False: none came.
  [[nodiscard]] bool takes_snapshot() const {
    // One may be under way, so the second from now is the first that began later.
    const auto before = node_->epoch("trial");
    return QTest::qWaitFor([&] { return node_->epoch("trial") >= before + 2; }, patience_ms);
  }

private slots:
  void init() { begin(); }
  void cleanup() { end(); }

  void pausesAndResumes() {
    constexpr std::int64_t count = 4000;
    deploy(steered::to_files("trial", count, path("out")));
    steered::allowed() = 1000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "save", "events_in"), 1000U, patience_ms);
    const auto paused = node_->ask("pause", {{"topology", "trial"}});
    QVERIFY(paused && (*paused)["changed"] == true);
    const auto since = (*paused)["paused_since"];
    QVERIFY(since.is_string());
    steered::allowed() = 3000;
    // Whoever was at work when the word came is done when a later barrier has passed.
    QVERIFY(takes_snapshot());
    const auto at = node_->sum("trial", "ticks", "events_out");
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "ticks", "backlog"), 3000 - at, patience_ms);
    QVERIFY(takes_snapshot());
    QCOMPARE(node_->sum("trial", "ticks", "events_out"), at);
    QCOMPARE(node_->sum("trial", "save", "events_in"), at);
    QCOMPARE(node_->state("trial"), std::string{"paused"});
    const auto why = node_->ask("why", {{"topology", "trial"}});
    QVERIFY(why && (*why)["cause"] == "paused");
    // Once more changes nothing: it is paused since it was.
    const auto again = node_->ask("pause", {{"topology", "trial"}});
    QVERIFY(again && (*again)["changed"] == false && (*again)["paused_since"] == since);

    node_->restart();
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"paused"}, patience_ms);
    QVERIFY(node_->status("trial")["paused_since"] == since);
    QVERIFY(takes_snapshot());
    QCOMPARE(node_->sum("trial", "ticks", "events_out"), 0U);  // of this run

    const auto resumed = node_->ask("resume", {{"topology", "trial"}});
    QVERIFY(resumed && (*resumed)["changed"] == true);
    QVERIFY(node_->ask("resume", {{"topology", "trial"}}).value()["changed"] == false);
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  void stopsWhilePaused() {
    deploy(steered::to_files("trial", 500, path("out")));
    QVERIFY(node_->ask("pause", {{"topology", "trial"}}));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"paused"}, patience_ms);
    QVERIFY(node_->ask("stop", {{"topology", "trial"}}));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"stopped"}, patience_ms);
    steered::allowed() = 500;
    QVERIFY(node_->ask("start", {{"topology", "trial"}}));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"paused"}, patience_ms);
    QVERIFY(node_->ask("resume", {{"topology", "trial"}}));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(500));
  }

  void dropsWhatAMutedActorSends() {
    deploy(steered::to_files("trial", 3000, path("out")));
    steered::allowed() = 1000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "save", "events_in"), 1000U, patience_ms);
    const auto muted = node_->ask("mute", {{"topology", "trial"}, {"actor", "stamp"}});
    QVERIFY(muted && (*muted)["muted"] == json::array({"stamp"}));
    QVERIFY(takes_snapshot());  // the tasks have stepped since
    steered::allowed() = 2000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->sum("trial", "stamp", "muted_events"), 1000U, patience_ms);
    QCOMPARE(node_->sum("trial", "save", "events_in"), 1000U);
    QVERIFY(node_->status("trial")["muted"] == json::array({"stamp"}));

    node_->restart();
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"running"}, patience_ms);
    QVERIFY(node_->status("trial")["muted"] == json::array({"stamp"}));
    QVERIFY(takes_snapshot());
    QVERIFY(node_->ask("unmute", {{"topology", "trial"}, {"actor", "stamp"}}).value()["muted"].empty());
    QVERIFY(takes_snapshot());
    steered::allowed() = 3000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    // What was dropped is counted in the state all the same.
    QStringList expected;
    for (const auto& row : steered::oracle(3000)) {
      const auto n = row.section(QLatin1Char(','), 1, 1).toInt();
      if (n < 1000 || n >= 2000) expected += row;
    }
    QCOMPARE(committed(folder_->filePath("out")), expected);
    const auto refused = node_->refusal("mute", {{"topology", "trial"}, {"actor", "stam"}});
    QVERIFY2(refused.contains("there is no actor 'stam'; there are ticks, spread, stamp, save"), refused);
  }

  void mutesASink() {
    deploy(steered::to_files("trial", 2000, path("out")));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"running"}, patience_ms);
    QVERIFY(node_->ask("mute", {{"topology", "trial"}, {"actor", "save"}}));
    QVERIFY(takes_snapshot());
    steered::allowed() = 2000;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), QStringList{});
  }

  /// Under load: every epoch's output has one value, in both partitions.
  void changesAParameterInAllPartitionsTogether() {
    constexpr std::int64_t count = 400'000;
    deploy(steered::to_files("trial", count, path("out")));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"running"}, patience_ms);
    for (int limit = 2; limit <= 6; ++limit) {
      // Some hundred batches are on their way while the word comes.
      steered::allowed() += count / 8;
      const json value = limit % 2 == 0 ? json(limit) : json(std::to_string(limit));
      const auto set =
          node_->ask("set", {{"topology", "trial"}, {"actor", "stamp"}, {"parameter", "limit"}, {"value", value}});
      QVERIFY2(set, set ? "" : set.error().message.c_str());
      QVERIFY((*set)["value"] == limit);
      QTRY_VERIFY_WITH_TIMEOUT(node_->status("trial")["changed_parameters"][0]["from_epoch"].is_number(), patience_ms);
      QVERIFY(takes_snapshot());
    }
    node_->restart();
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    std::set<int> all;
    int rows = 0;
    const QDir out{folder_->filePath("out")};
    for (const auto& name : out.entryList({"*.csv"}, QDir::Files)) {
      QFile file{out.filePath(name)};
      QVERIFY(file.open(QIODevice::ReadOnly));
      std::set<int> limits;
      QTextStream lines{&file};
      (void)lines.readLine();
      while (!lines.atEnd()) {
        limits.insert(lines.readLine().section(QLatin1Char(','), 3, 3).toInt());
        ++rows;
      }
      QVERIFY2(limits.size() <= 1, qPrintable(name));
      all.merge(limits);
    }
    QCOMPARE(rows, static_cast<int>(count));
    // The restarted run has what was set last.
    QVERIFY(all.contains(1) && all.contains(6));
  }

  void tellsNobodyASecret() {
    const auto secret = std::string{"open sesame"};
    deploy(steered::to_files("trial", 10, path("out")));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"running"}, patience_ms);
    const json wish{{"topology", "trial"}, {"actor", "stamp"}, {"parameter", "pin"}, {"value", secret}};
    const auto set = node_->ask("set", wish);
    QVERIFY2(set, set ? "" : set.error().message.c_str());
    QVERIFY((*set)["value"] == "***" && (*set)["changed"] == true);
    QVERIFY(!QByteArray::fromStdString(node_->status("trial").dump()).contains(secret.c_str()));
    QVERIFY(!QByteArray::fromStdString(node::audit_detail("set", wish)).contains(secret.c_str()));
    auto other = steered::to_files("trial", 10, path("out"));
    std::ranges::find(other.actors, "stamp", &actor_spec::name)->params["pin"] = std::string{"another"};
    const auto plan = node_->ask("plan", {{"text", to_text(other)}, {"base_folder", folder_->path().toStdString()}});
    QVERIFY2(plan, plan ? "" : plan.error().message.c_str());
    const auto told = QByteArray::fromStdString(plan->dump());
    QVERIFY2(told.contains("stamp.params.pin") && told.contains("***"), told);
    QVERIFY2(!told.contains(secret.c_str()) && !told.contains("another"), told);
    const auto refused = node_->refusal(
        "set", {{"topology", "trial"}, {"actor", "stamp"}, {"parameter", "pin"}, {"value", json::array({secret})}});
    QVERIFY2(refused.contains("not ***") && !refused.contains(secret.c_str()), refused);
  }

  void tellsNoSecretThatIsTheOnlyParameterOnOneSide() {
    auto with = steered::to_files("trial", 10, path("out"));
    auto& stamp = *std::ranges::find(with.actors, "stamp", &actor_spec::name);
    stamp.params.clear();
    auto without = with;
    stamp.params["pin"] = std::string{"open sesame"};
    for (const auto& changes : {node::differences(with, without), node::differences(without, with)}) {
      const auto told = QByteArray::fromStdString(changes.dump());
      QVERIFY2(told.contains("stamp.params.pin") && told.contains("***") && !told.contains("sesame"), told);
    }
  }

  void refusesOtherParameters() {
    deploy(steered::to_files("trial", 10, path("out")));
    const auto set = [&](const char* actor, const char* parameter, const json& value) {
      return node_->refusal("set",
                            {{"topology", "trial"}, {"actor", actor}, {"parameter", parameter}, {"value", value}});
    };
    QVERIFY2(set("stamp", "fixed", 3)
                 .contains("cannot be changed while the topology runs (of this actor 'limit', 'pin' can)"),
             set("stamp", "fixed", 3));
    QVERIFY(set("stamp", "fixed", 3).contains("deploy that with --replace"));
    QVERIFY2(set("stamp", "limit", 0).contains("limit"), set("stamp", "limit", 0));
    QVERIFY2(set("stamp", "limit", "many").contains("not 'many'"), set("stamp", "limit", "many"));
    QVERIFY(!set("stamp", "limit", json::array()).isEmpty());
    QVERIFY2(set("stamp", "limits", 1).contains("did you mean 'limit'"), set("stamp", "limits", 1));
    QVERIFY(set("stampp", "limit", 1).contains("did you mean 'stamp'"));
    // As actors read them: lists, secrets' files, patterns, ways with `..` and through links.
    const auto key = path("node/node.key");
    for (const auto& own : {key, std::string{"node/topologies"}, "file:" + key, "/tmp/a; " + key, path("n?de/node.key"),
                            path("**/node.key"), "/proc/self/root/../../../.." + key}) {
      QVERIFY2(set("ticks", "label", own).contains("is in the node's own data folder"), set("ticks", "label", own));
    }
    QCOMPARE(set("ticks", "label", "elsewhere"), QByteArray{});
  }
};

QTEST_GUILESS_MAIN(steering_test)
#include "steering_test.moc"
