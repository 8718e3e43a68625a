#include "core/task_health.hpp"

#include <QAbstractItemModelTester>
#include <QTest>
#include <nlohmann/json.hpp>

#include "core/figures.hpp"
#include "core/notes_model.hpp"
#include "core/run_history.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

constexpr std::int64_t second = 1'000'000'000;

json change(const char* state, int at, const char* why = "") {
  json out{{"state", state}, {"since_ns", at * second}};
  if (*why != 0) out["why"] = why;
  return out;
}

json task(const char* name, json health) {
  return {{"name", name}, {"actor", "sum"}, {"kind", "processor"}, {"state", "running"}, {"health", std::move(health)}};
}

/// One partition at work for a second, the other one restored after a failure.
json status() {
  auto troubled = change("restoring", 12, "it comes back");
  troubled["before"] = {change("starting", 0), change("running", 1), change("backing_off", 11, "no such thing")};
  auto calm = change("running", 1);
  calm["before"] = {change("starting", 0)};
  return {{"topology", "t"}, {"state", "running"}, {"tasks", {task("sum/0", calm), task("sum/1", troubled)}}};
}

json recovered() {
  auto later = status();
  auto& health = later["tasks"][1]["health"];
  auto before = health["before"];
  before.push_back(change("restoring", 12, "it comes back"));
  health = change("running", 13);
  health["before"] = before;
  later["recoveries"] = {{{"cause", "sum/1"},
                          {"scope", "alone"},
                          {"why", "no such thing"},
                          {"tasks", 1},
                          {"from_epoch", 4},
                          {"failed_at_ns", 11 * second},
                          {"is_over", true},
                          {"spent_ms", {{"noticed", 2.0}, {"loaded", 40.0}, {"made", 0.2}, {"total", 42.2}}}},
                         {{"cause", "sum/0"}, {"is_over", false}, {"failed_at_ns", 20 * second}}};
  return later;
}

RunFigures read(const json& one, const RunFigures* before = nullptr) {
  std::map<std::string, RunFigures> old;
  if (before != nullptr) old["t"] = *before;
  return readFigures(json::array({one}), old).at("t");
}

}  // namespace

class TaskHealthTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void theWorstTaskSpeaksForItsActor() {
    const auto sum = read(status()).actors.at("sum");
    QCOMPARE(sum.condition, QStringLiteral("restoring"));
    QCOMPARE(sum.health, Health::Warning);
    QCOMPARE(sum.tasks.size(), std::size_t{2});
    const auto text = healthText(sum);
    QVERIFY(text.contains(QStringLiteral("sum/1 restoring since")));
    QVERIFY(text.contains(QStringLiteral("it comes back")));
    QVERIFY(text.indexOf(QStringLiteral("backing off from")) > text.indexOf(QStringLiteral("restoring")));
    QVERIFY2(!text.contains(QStringLiteral("sum/0")), "a task that started and runs is no story");
  }

  void whatHasNotChangedIsShared() {
    const auto first = read(status());
    const auto second = read(status(), &first);
    QCOMPARE(second.actors.at("sum").tasks[1].get(), first.actors.at("sum").tasks[1].get());
    const auto third = read(recovered(), &second);
    QVERIFY(third.actors.at("sum").tasks[1] != second.actors.at("sum").tasks[1]);
    QCOMPARE(third.actors.at("sum").tasks[0].get(), first.actors.at("sum").tasks[0].get());
    QVERIFY(third.actors.at("sum").condition.isEmpty());
  }

  void eventsTellChangesOnceAndRecoveriesWhenTheyAreOver() {
    RunHistory history;
    const auto first = read(status());
    for (int i = 0; i < 5; ++i) history.add(first, 100 + i);
    // The run's state, and the task that is not well with what led to it.
    QCOMPARE(history.events().size(), std::size_t{3});
    QCOMPARE(history.events()[1].level, Health::Critical);
    const auto last = read(recovered(), &first);
    for (int i = 0; i < 5; ++i) history.add(last, 110 + i);
    QCOMPARE(history.events().size(), std::size_t{5});
    QCOMPARE(history.eventCount(), std::uint64_t{5});
    QVERIFY(history.events()[3].text.contains(QStringLiteral("sum/1 running")));
    QCOMPARE(history.events()[4].text, QStringLiteral("sum/1 was back after 42.2 ms (alone: 1 task, from snapshot 4); "
                                                      "loaded 40 ms, noticed 2 ms; it failed: no such thing"));
  }

  void eventsAndNotesStayBounded() {
    RunHistory history;
    for (int i = 0; i < 3000; ++i) history.markFault(QStringLiteral("slow sum"), i, i % 2 == 1);
    QCOMPARE(history.events().size(), RunHistory::eventsMax);
    NotesModel model;
    const QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::QtTest};
    for (int i = 0; i < 30; ++i) model.append({history.events().begin(), history.events().end()});
    QCOMPARE(model.rowCount(), static_cast<int>(NotesModel::notesMax));
    model.append(std::vector<Note>(NotesModel::notesMax + 5, Note{7, Health::Critical, QStringLiteral("sum/1"), {}}));
    QCOMPARE(model.rowCount(), static_cast<int>(NotesModel::notesMax));
    QVERIFY(model.data(model.index(0, NotesModel::Time), Qt::AccessibleTextRole)
                .toString()
                .startsWith(QStringLiteral("error")));
    model.append({});
    model.clear();
    QCOMPARE(model.rowCount(), 0);
  }

  void anEngineThatTellsNoHealthIsFine() {
    auto old = status();
    for (auto& t : old["tasks"]) t.erase("health");
    const auto sum = read(old).actors.at("sum");
    QVERIFY(sum.tasks.empty());
    QVERIFY(healthText(sum).isEmpty());
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::TaskHealthTest)
#include "task_health_test.moc"
