#include "node_trial.hpp"

using namespace millrace;
using millrace::test::committed;
using millrace::test::node_trial;
using millrace::test::patience_ms;
using millrace::test::steered;
using nlohmann::json;

namespace {

constexpr std::int64_t count = 2000;

topology with(topology t, hang_action action) {
  t.actors[2].on_failure.hang_after = std::chrono::seconds{1};
  t.actors[2].on_failure.on_hang = action;
  return t;
}

}  // namespace

/// An actor of a hosted topology is in a call that does not return.
class hang_test : public node_trial {
  Q_OBJECT

  [[nodiscard]] bool is_let_go() const {
    return QTest::qWaitFor([&] { return !node_->itself().has_left_behind(); }, patience_ms);
  }

private slots:
  void init() {
    steered::hangs_at() = 500;
    begin();
  }
  void cleanup() { end(); }

  void endsTheNodeWhereThePolicyWantsIt() {
    deploy(with(steered::to_files("trial", count, path("out")), hang_action::restart));
    steered::allowed() = count;
    const bool has_ended = QTest::qWaitFor([&] { return node_->is_escalated(); }, patience_ms);
    const bool was_left_behind = node_->itself().has_left_behind();
    steered::let_go();
    QVERIFY(has_ended && was_left_behind);
    QVERIFY(is_let_go());
  }

  void startsAgainWhenTheCallHasReturned() {
    deploy(with(steered::to_files("trial", count, path("out")), hang_action::rebuild));
    steered::allowed() = count / 2;
    QTRY_VERIFY_WITH_TIMEOUT(node_->status("trial").value("restarts", 0) != 0, patience_ms);
    QVERIFY(node_->ask("stop", {{"topology", "trial"}}));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"stopped"}, patience_ms);
    const auto now = node_->status("trial");
    QVERIFY2(now["message"].get<std::string>().find("a call that hangs") != std::string::npos, now.dump().c_str());

    // Its data is not free, and who asks is told why.
    QVERIFY(node_->ask("start", {{"topology", "trial"}}));
    const auto kept = node_->ask("savepoint", {{"topology", "trial"}});
    QVERIFY(kept);
    const auto refused = [&] {
      const auto all = node_->ask("savepoint_list", {{"topology", "trial"}});
      return all && (*all)["failed"].dump().find("a call that hangs") != std::string::npos;
    };
    QTRY_VERIFY_WITH_TIMEOUT(refused(), patience_ms);
    // Nobody else waits for it.
    deploy(steered::to_files("other", count / 2, path("other")));
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("other"), std::string{"finished"}, patience_ms);
    QCOMPARE(node_->state("trial"), std::string{"stopped"});

    steered::let_go();
    steered::allowed() = count;
    QTRY_COMPARE_WITH_TIMEOUT(node_->state("trial"), std::string{"finished"}, patience_ms);
    QCOMPARE(committed(folder_->filePath("out")), steered::oracle(count));
  }

  void stopsWithTheNode() {
    deploy(with(steered::to_files("trial", count, path("out")), hang_action::rebuild));
    steered::allowed() = count / 2;
    QTRY_VERIFY_WITH_TIMEOUT(node_->status("trial").value("restarts", 0) != 0, patience_ms);
    node_->stop();
    const bool was_left_behind = node_->itself().has_left_behind();
    steered::let_go();
    QVERIFY(was_left_behind);
    QVERIFY(is_let_go());
  }
};

QTEST_GUILESS_MAIN(hang_test)
#include "hang_test.moc"
