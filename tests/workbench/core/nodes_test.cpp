#include "core/nodes_model.hpp"

#include <QAbstractItemModelTester>
#include <QFile>
#include <QMimeData>
#include <QTemporaryDir>
#include <QTest>

#include "core/deployment.hpp"
#include "core/placement_edits.hpp"
#include "core/rows_model.hpp"
#include "core/target.hpp"
#include "core/text.hpp"
#include "core/topology_edits.hpp"
#include "millrace/transport/key_file.hpp"
#include "sample_drawing.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;
using Nodes = std::vector<std::string>;
constexpr auto mode = QAbstractItemModelTester::FailureReportingMode::QtTest;

json telledNode() {
  return {{"node", "a"},
          {"version", "0.1.0"},
          {"address", "tcp://10.0.0.5:7423"},
          {"labels", {{"zone", "east"}}},
          {"links",
           {{{"node", "b"}, {"reached", true}, {"round_trip_us", 1500}, {"bytes_sent", 2048}},
            {{"node", "c"}, {"reached", false}, {"problem", "no route"}}}},
          {"guests", {{{"topology", "trades"}, {"lead", "b"}, {"tasks", 3}}}}};
}

json telledPeers() {
  return {{{"name", "b"}, {"control_address", "tcp://10.0.0.6:7423"}}, {{"name", "c"}}, {{"name", "d"}}, 5};
}

}  // namespace

/// What is told of nodes and by them, where actors are placed, and what a target is.
class NodesModelTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void aTreeOfNodesAndTheirTasks() {
    NodesModel model;
    const QAbstractItemModelTester tester{&model, mode};
    auto nodes = readNodes(telledNode(), telledPeers());
    QCOMPARE(nodes.size(), std::size_t{4});
    QCOMPARE(nodes[1].health, Health::Ok);
    QCOMPARE(nodes[2].health, Health::Critical);
    QCOMPARE(nodes[3].health, Health::Idle);
    RunFigures run;
    run.actors["sum"].partitions = 2;
    run.actors["sum"].nodes[1] = QStringLiteral("b");
    addTasks(nodes, {{"orders", run}});
    model.setNodes(nodes);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.rowCount(model.index(0, 0)), 2);  // its own, and those for b
    const auto task = model.index(0, 0, model.index(1, 0));
    QCOMPARE(task.data().toString(), QStringLiteral("orders: sum/1"));
    QCOMPARE(model.nodeAt(task), QStringLiteral("b"));
    QCOMPARE(model.index(1, NodesModel::RoundTrip).data().toString(), QStringLiteral("1.5 ms"));
    QCOMPARE(model.index(2, NodesModel::State).data().toString(), QStringLiteral("no route"));
    QCOMPARE(model.index(0, NodesModel::Version).data().toString(), QStringLiteral("0.1.0"));
    const std::unique_ptr<QMimeData> mime{model.mimeData({task})};
    QCOMPARE(mime->data(QLatin1String(NodesModel::nodeMime)), QByteArray{"b"});
    model.setNodes(nodes);  // the same rows: no reset
    nodes.pop_back();
    model.setNodes(nodes);
    QCOMPARE(model.rowCount(), 3);
    model.setNodes(readNodes(json{5}, json{}));
    QCOMPARE(model.rowCount(), 0);
  }

  void rowsAsTheyWereTold() {
    RowsModel model{{QStringLiteral("a"), QStringLiteral("b")}};
    const QAbstractItemModelTester tester{&model, mode};
    model.setRows({{{QStringLiteral("1")}, Health::Ok}, {{QStringLiteral("2"), QStringLiteral("3")}, Health::Warning}});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0, 1).data().toString(), QString{});
    QCOMPARE(model.index(1, 1).data(RowsModel::healthRole).toInt(), static_cast<int>(Health::Warning));
    model.setRows({});
    QCOMPARE(model.rowCount(), 0);
  }

  void placesFollowActorsAndUndo() {
    Document document{sample()};
    const auto text = document.text();
    document.push(placing(document, {"a", "b", "nobody"}, "far"));
    document.push(*placingAlso(document, {"b"}, "near"));
    QCOMPARE(document.layout().pins.at("b"), (Nodes{"far", "near"}));
    QVERIFY(placingAlso(document, {"b"}, "near")->isEmpty());
    QVERIFY(!document.layout().pins.contains("nobody"));
    QCOMPARE(document.text(), text);  // the topology's file says nothing of it
    document.push(*renaming(document, "b", "z"));
    QCOMPARE(document.layout().pins.at("z"), (Nodes{"far", "near"}));
    document.push(removal(document, {"z"}, {}));
    QCOMPARE(document.layout().pins.size(), std::size_t{1});
    document.push(unplacing(document, {"a"}));
    QVERIFY(document.layout().pins.empty());
    for (int i = 0; i < 5; ++i) document.undoStack().undo();
    QCOMPARE(document.drawing().layout, sample().layout);
    for (std::size_t i = 0; i < placesMax; ++i) document.push(*placingAlso(document, {"a"}, "n" + std::to_string(i)));
    QCOMPARE(placingAlso(document, {"a"}, "one more").error().code, errc::limit_exceeded);
  }

  void placesAreKeptInTheLayoutAndChecked() {
    Document document{sample()};
    document.push(placing(document, {"a"}, "far"));
    const auto text = toText(document.layout());
    const auto read = parseLayout(text, "x.layout");
    QVERIFY(read.has_value());
    QCOMPARE(*read, document.layout());
    QCOMPARE(toText(*read), text);
    for (const auto* wrong : {"[]", "{\"a\": []}", "{\"a\": [5]}", "{\"a\": \"far\"}", "{\"a\": [\"\"]}"}) {
      const auto bad = parseLayout(QByteArray{"{\"millrace_layout\": 1, \"placement\": "} + wrong + "}", "x.layout");
      QVERIFY2(!bad && bad.error().message.find("/placement") != std::string::npos, wrong);
    }
  }

  void allOthersAreSpreadOverNodes() {
    Document document{sample()};
    const auto text = document.text();
    document.push(spreading(document, {"near", "far"}));
    document.push(placingOn(document, "a", {"far"}));
    QVERIFY(placingOn(document, "nobody", {"far"}).isEmpty());
    QVERIFY(spreading(document, {"near", "far"}).isEmpty());
    QCOMPARE(document.text(), text);
    const auto placement = placementOf(document.layout());
    QVERIFY(placement.at("nodes") == (json{"near", "far"}));
    QVERIFY(placement.at("pins") == (json{{"a", {"far"}}}));
    const auto written = toText(document.layout());
    const auto read = parseLayout(written, "x.layout");
    QVERIFY(read.has_value());
    QCOMPARE(*read, document.layout());
    QCOMPARE(toText(*read), written);
    document.push(placingOn(document, "a", {}));
    QVERIFY(document.layout().pins.empty());
    for (int i = 0; i < 3; ++i) document.undoStack().undo();
    QCOMPARE(document.drawing().layout, sample().layout);
    for (const auto* wrong : {"5", "\"near\"", "[5]", "[\"\"]", "{}"}) {
      const auto bad = parseLayout(QByteArray{"{\"millrace_layout\": 1, \"nodes\": "} + wrong + "}", "x.layout");
      QVERIFY2(!bad && bad.error().message.find("/nodes") != std::string::npos, wrong);
    }
  }

  void whatIsDeployedHasItsPlaces() {
    Document document{sample()};
    const auto before = deploymentArguments(document);
    document.push(placing(document, {"a"}, "far"));
    const auto after = deploymentArguments(document);
    QVERIFY(after.at("placement").at("pins").at("a") == json::array({"far"}));
    QVERIFY(deploymentHash(before.at("text"), before.at("placement")) !=
            deploymentHash(after.at("text"), after.at("placement")));
  }

  void aPlanIsReadLineByLine() {
    const auto plan = readPlan({{"topology", "t"},
                                {"valid", true},
                                {"deployed", true},
                                {"changes",
                                 {{{"what", "added"}, {"where", "actor x"}, {"to", "t.any"}},
                                  {{"what", "changed"}, {"where", "a.rate"}, {"from", 1}, {"to", 2}},
                                  {{"what", "changed"},
                                   {"where", "placement"},
                                   {"from", {{"nodes", json::array()}, {"pins", json::object()}}},
                                   {"to", {{"pins", {{"a", {"b", "c"}}}}}}},
                                  5}},
                                {"problems", {{{"where", "a"}, {"what", "w"}, {"remedy", "r"}}}},
                                {"guarantees", {{{"sink", "s"}, {"holds", "exactly_once"}, {"why", "y"}}}}});
    QCOMPARE(plan.changes.size(), std::size_t{3});
    QCOMPARE(plan.changes[0].kind, ChangeKind::Added);
    QCOMPARE(plan.changes[0].text, QStringLiteral("actor x: t.any"));
    QCOMPARE(plan.changes[1].text, QStringLiteral("a.rate: 1 → 2"));
    QCOMPARE(plan.changes[2].text, QStringLiteral("placement: a on b, c"));
    QCOMPARE(plan.problems, QStringList{QStringLiteral("a: w; r")});
    QVERIFY(plan.headline().contains(QStringLiteral("3 changes")));
    QVERIFY(!readPlan(json::object()).isValid);
    QVERIFY(readPlan(json{1}).changes.empty());
  }

  void aTargetIsReadFromAKeyFileAndStaysTheOneThatIsPinned() {
    const QTemporaryDir folder;
    const auto path = folder.filePath(QStringLiteral("ada.key"));
    const auto own = *transport::make_curve_keys();
    const auto server = transport::make_curve_keys()->public_key;
    QVERIFY(transport::write_key_file(toStd(path), {"ada", "tcp://10.0.0.5:7423", {server, own}}).has_value());
    auto target = targetOfKeyFile(path);
    QVERIFY(target.has_value());
    QCOMPARE(target->address, QStringLiteral("tcp://10.0.0.5:7423"));
    const auto there = destinationOf(*target);
    QVERIFY(there && there->keys && there->keys->own.secret_key == own.secret_key);
    target->serverKey = toQt(transport::make_curve_keys()->public_key);
    QCOMPARE(destinationOf(*target).error().code, errc::denied);
    QFile::setPermissions(path, QFile::ReadOwner | QFile::ReadOther);
    QVERIFY(!targetOfKeyFile(path).has_value());
    QVERIFY(!targetOfUri(QStringLiteral("tcp://10.0.0.5:7423"), {}).has_value());
    QVERIFY(!targetOfUri(QStringLiteral("http://x"), path).has_value());
    const auto local = targetOfUri(QStringLiteral("ipc:///run/x/node.a-1.sock"), {});
    QVERIFY(local && !destinationOf(*local)->keys);
  }

private:
  static Drawing sample() { return testing::chainOf({"a", "b"}); }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::NodesModelTest)
#include "nodes_test.moc"
