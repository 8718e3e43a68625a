#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "core/detail_model.hpp"
#include "core/difference.hpp"
#include "core/topology_edits.hpp"
#include "engine_catalogue.hpp"

namespace millrace::workbench {

/// All that can be set about an actor, as a table.
class DetailsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void initTestCase() { m_catalogue = testing::engineCatalogue(); }

  void everyPropertyIsSetAsOneStep() {
    Document document{sample()};
    DetailModel model{m_catalogue};
    const QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::QtTest};
    model.setDocument(&document);
    model.setActor("sink");
    const auto set = [&](const char* property, const char* value) { return put(model, property, value); };
    QVERIFY(set("format", "jsonl"));
    QVERIFY(set("On failure", "retry"));
    QVERIFY(set("Attempts", "5"));
    QVERIFY(set("Supervised with", "pair"));
    QVERIFY(set("Runs on", "left, right"));
    QVERIFY(set("Topology: Snapshots every", "5s"));
    QCOMPARE(document.undoStack().count(), 6);
    const auto& actor = *document.spec().find("sink");
    QCOMPARE(actor.params.at("format"), param_value{std::string{"jsonl"}});
    QCOMPARE(actor.on_failure.max_attempts, std::uint32_t{5});
    QCOMPARE(document.spec().groups.front().actors, std::vector<std::string>{"sink"});
    QCOMPARE(document.layout().pins.at("sink"), (std::vector<std::string>{"left", "right"}));
    QCOMPARE(document.spec().settings.snapshot_interval, std::chrono::milliseconds{5000});
    QVERIFY(set("Group: Goes back with it", "all_for_one"));
    QCOMPARE(document.spec().groups.front().restarts.scope, restart_scope::all_for_one);
    // An empty text leaves it to its default.
    QVERIFY(set("format", ""));
    QVERIFY(!document.spec().find("sink")->params.contains("format"));
    document.push(*renaming(document, "sink", "end"));
    QCOMPARE(model.actor(), std::string{"end"});
    document.push(removal(document, {"end"}, {}));
    QVERIFY(model.rowOf(QStringLiteral("format")) < 0);
    QVERIFY(model.rowOf(QStringLiteral("Topology: Name")) >= 0);
    model.setDocument(nullptr);
    QCOMPARE(model.rowCount(), 0);
  }

  void propertiesThatDoNotCountAreNotThere() {
    Document document{sample()};
    DetailModel model{m_catalogue};
    model.setDocument(&document);
    model.setActor("sink");
    QVERIFY(model.rowOf(QStringLiteral("Attempts")) < 0);
    QVERIFY(put(model, "On failure", "retry"));
    QVERIFY(model.rowOf(QStringLiteral("Attempts")) >= 0);
  }

  void parametersThatMeanNothingAreNotThere() {
    Document document{sample()};
    DetailModel model{m_catalogue};
    model.setDocument(&document);
    model.setActor("source");
    QVERIFY(model.rowOf(QStringLiteral("amplitude")) < 0);
    QVERIFY(put(model, "distribution", "sine"));
    QVERIFY(put(model, "amplitude", "7"));
    // What is set stays in sight, so that nobody wonders where it comes from.
    QVERIFY(put(model, "distribution", ""));
    QVERIFY(model.rowOf(QStringLiteral("amplitude")) >= 0);
    QVERIFY(model.rowOf(QStringLiteral("period")) < 0);
  }

  void secretsAreMaskedAndKeptUntilAnotherIsTyped() {
    Document document{sample()};
    DetailModel model{m_catalogue};
    model.setDocument(&document);
    model.setActor("web");
    QVERIFY(put(model, "headers", "X-Key: 4711"));
    const auto cell = model.index(model.rowOf(QStringLiteral("headers")), DetailModel::Value);
    for (const int role : {int{Qt::DisplayRole}, int{Qt::EditRole}, int{Qt::AccessibleTextRole}})
      QVERIFY(!cell.data(role).toString().contains(QStringLiteral("4711")));
    const auto steps = document.undoStack().count();
    QVERIFY(put(model, "headers", "***"));
    QCOMPARE(document.undoStack().count(), steps);
    QCOMPARE(document.spec().find("web")->params.at("headers"), param_value{std::string{"X-Key: 4711"}});
    const auto before = document.spec();
    QVERIFY(put(model, "headers", "X-Key: 4712"));
    const auto all = differences(before, document.spec(), m_catalogue);
    QCOMPARE(all.size(), std::size_t{1});
    QCOMPARE(all.front().text, QStringLiteral("web: headers *** → ***"));
  }

  void whatIsRefusedSaysWhyAndChangesNothing() {
    Document document{sample()};
    DetailModel model{m_catalogue};
    model.setDocument(&document);
    model.setActor("source");
    QSignalSpy refused{&model, &DetailModel::refused};
    QVERIFY(!put(model, "keys", "0"));
    QVERIFY(!put(model, "Supervised with", "no name!"));
    QVERIFY(!put(model, "Topology: Guarantee", "always"));
    QCOMPARE(refused.size(), 3);
    QVERIFY(refused[0].first().toString().contains(QStringLiteral("from 1")));
    const auto keys = model.index(model.rowOf(QStringLiteral("keys")), DetailModel::Value);
    QCOMPARE(keys.data(Qt::AccessibleTextRole).toString(), QStringLiteral("keys: 1000 (default)"));
    QCOMPARE(keys.data(Qt::EditRole).toString(), QString{});
    QCOMPARE(document.undoStack().count(), 0);
  }

  void whatBelongsToTheRunIsAskedForAndIsNoEdit() {
    Document document{sample()};
    DetailModel model{m_catalogue};
    model.setDocument(&document);
    model.setActor("sink");
    QVERIFY(!put(model, "Muted", "yes"));  // it does not run
    RunFigures run;
    run.state = QStringLiteral("running");
    run.actors["sink"] = {};
    model.setFigures(&run);
    QSignalSpy mutes{&model, &DetailModel::muteWanted};
    QSignalSpy breaks{&model, &DetailModel::breakWanted};
    QVERIFY(put(model, "Muted", "yes"));
    QCOMPARE(mutes.size(), 1);
    QVERIFY(!put(model, "Muted", "perhaps"));
    const auto* wire = "Breakpoint on source.out → in";
    QVERIFY(put(model, wire, "value > 5"));
    QVERIFY(put(model, wire, "always"));
    QVERIFY(put(model, wire, "none"));
    QCOMPARE(breaks.size(), 3);
    QCOMPARE(breaks[0][1].value<std::optional<QString>>(), std::optional{QStringLiteral("value > 5")});
    QCOMPARE(breaks[1][1].value<std::optional<QString>>(), std::optional{QString{}});
    QVERIFY(!breaks[2][1].value<std::optional<QString>>().has_value());
    BreakState state;
    state.breakpoints.push_back({1, "source.out->sink.in", QStringLiteral("value > 5"), 0});
    model.setBreaks(state);
    const auto shown = model.index(model.rowOf(QString::fromUtf8(wire)), DetailModel::Value).data().toString();
    QCOMPARE(shown, QStringLiteral("value > 5"));
    QCOMPARE(document.undoStack().count(), 0);
    model.setFigures(nullptr);
  }

private:
  static bool put(DetailModel& model, const char* property, const char* value) {
    const int row = model.rowOf(QString::fromUtf8(property));
    return row >= 0 && model.setData(model.index(row, DetailModel::Value), QString::fromUtf8(value), Qt::EditRole);
  }
  static Drawing sample() {
    Drawing drawing;
    drawing.spec.name = "sample";
    drawing.spec.add("source", "millrace.generator");
    drawing.spec.add("sink", "millrace.file_sink", {{"path", std::string{"out"}}});
    drawing.spec.connect("source", "sink");
    drawing.spec.add("web", "millrace.http_sink");
    return drawing;
  }
  ActorCatalogue m_catalogue;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::DetailsTest)
#include "details_test.moc"
