#include <QTest>
#include <set>

#include "core/auto_wiring.hpp"
#include "core/document.hpp"
#include "core/wiring_rules.hpp"
#include "engine_catalogue.hpp"

namespace millrace::workbench {

class WiringTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void initTestCase() { m_catalogue = testing::engineCatalogue(); }

  void theEnginesListIsRead() {
    const auto* generator = m_catalogue.find("millrace.generator");
    QVERIFY(generator != nullptr);
    QCOMPARE(generator->kind, ActorKind::Producer);
    QCOMPARE(generator->mainOutput()->name, std::string{"out"});
    QCOMPARE(generator->outputs.back().name, std::string{deadPort});
    QVERIFY(generator->outputs.back().record.has_value());
    QCOMPARE(generator->param("rate")->unit, std::string{"events/s"});
    QCOMPARE(generator->param("keys")->min, std::optional{1.0});
    QVERIFY(m_catalogue.find("millrace.window")->isKeyed());
    QVERIFY(!m_catalogue.find("millrace.filter")->isKeyed());
  }

  void otherTextIsRefusedWithWhatToCheck() {
    const auto read = ActorCatalogue::parse("[{\"id\": 5}]");
    QVERIFY(!read.has_value());
    QVERIFY(read.error().message.find("one version") != std::string::npos);
  }

  void aKeyedActorGetsARouterByKeyInFront() {
    EditBuilder edit{Drawing{}};
    const auto source = addActor(edit, m_catalogue, {type("generator"), std::nullopt, {}});
    const auto window = addActor(edit, m_catalogue, {type("window"), source, {}});
    const auto sink = addActor(edit, m_catalogue, {type("file_sink"), window, {}});
    const auto& spec = edit.drawing().spec;
    QCOMPARE(spec.actors.size(), std::size_t{4});
    QCOMPARE(spec.find("by_key")->type, std::string{"millrace.by_key"});
    QCOMPARE(spec.streams, (std::vector<stream_spec>{{"generator", "out", "by_key", "in"},
                                                     {"by_key", "out", "window", "in"},
                                                     {"window", "out", "file_sink", "in"}}));
    QCOMPARE(sink, std::string{"file_sink"});
  }

  void behindARouterNoSecondOneIsPutIn() {
    EditBuilder edit{Drawing{}};
    const auto source = addActor(edit, m_catalogue, {type("generator"), std::nullopt, {}});
    const auto router = addActor(edit, m_catalogue, {type("by_key"), source, {}});
    addActor(edit, m_catalogue, {type("window"), router, {}});
    QCOMPARE(edit.drawing().spec.actors.size(), std::size_t{3});
  }

  void nothingIsWiredBehindASinkOrIntoASource() {
    EditBuilder edit{Drawing{}};
    const auto sink = addActor(edit, m_catalogue, {type("file_sink"), std::nullopt, {}});
    addActor(edit, m_catalogue, {type("window"), sink, {}});
    addActor(edit, m_catalogue, {type("generator"), sink, {}});
    QVERIFY(edit.drawing().spec.streams.empty());
  }

  void newNodesCoverNoOthers() {
    EditBuilder edit{Drawing{}};
    const auto source = addActor(edit, m_catalogue, {type("generator"), std::nullopt, {}});
    for (int i = 0; i < 4; ++i) addActor(edit, m_catalogue, {type("filter"), source, {}});
    std::set<std::pair<double, double>> places;
    for (const auto& [name, place] : edit.drawing().layout.places) places.emplace(place.x(), place.y());
    QCOMPARE(places.size(), std::size_t{5});
  }

  void refusalsSayWhatDoesNotFit() {
    const PortInfo gives{"out", *parse_schema("payment", "id:string,amount:float64"), false};
    const PortInfo wantsMore{"in", *parse_schema("order", "id:string,quantity:int64"), false};
    const PortInfo wantsOther{"in", *parse_schema("order", "id:int64"), false};
    const PortInfo wantsLess{"in", *parse_schema("amount", "amount:float64,note:string?"), false};
    QVERIFY(recordsRefusal(gives, wantsMore).contains(QStringLiteral("no field 'quantity'")));
    QVERIFY(recordsRefusal(gives, wantsOther).contains(QStringLiteral("'id' is string")));
    QVERIFY(recordsRefusal(gives, wantsLess).isEmpty());
    QVERIFY(recordsRefusal(gives, {"in", {}, false}).isEmpty());
  }

  void circlesDoublesAndSelfLoopsAreRefused() {
    topology spec;
    spec.add("a", "millrace.filter", {{"field", std::string{"x"}}});
    spec.add("b", "millrace.filter", {{"field", std::string{"x"}}});
    spec.connect("a", "b");
    QVERIFY(streamRefusal(spec, m_catalogue, {"b", "out", "a", "in"}).contains(QStringLiteral("circles")));
    QVERIFY(streamRefusal(spec, m_catalogue, {"a", "out", "b", "in"}).contains(QStringLiteral("already")));
    QVERIFY(streamRefusal(spec, m_catalogue, {"a", "out", "a", "in"}).contains(QStringLiteral("itself")));
    QVERIFY(streamRefusal(spec, m_catalogue, {"a", "rest", "b", "in"}).isEmpty());
  }

private:
  [[nodiscard]] const ActorType* type(const char* name) const {
    return m_catalogue.find(std::string{"millrace."} + name);
  }
  ActorCatalogue m_catalogue;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::WiringTest)
#include "wiring_test.moc"
