#include <QTest>
#include <nlohmann/json.hpp>
#include <set>

#include "core/auto_wiring.hpp"
#include "core/document.hpp"
#include "core/wiring_rules.hpp"
#include "engine_catalogue.hpp"

namespace millrace::workbench {
namespace {

using nlohmann::json;

json port(const char* name, const char* key, const char* what) {
  return {{"name", name}, {key, what}};
}

/// A map's output has the fields that its parameters and its input make; the input of the ledger is of one type.
ActorCatalogue mapAndLedger() {
  const json map{{"id", "t.map"},
                 {"kind", "processor"},
                 {"inputs", {port("in", "accepts", "any record")}},
                 {"outputs", {port("out", "emits", "records whose fields depend on parameters and input")}},
                 {"parameters", json::array()}};
  const json ledger{{"id", "t.ledger"},
                    {"kind", "sink"},
                    {"inputs", {port("in", "accepts", "entry (id:string,total:float64)")}},
                    {"outputs", json::array()},
                    {"parameters", json::array()}};
  return ActorCatalogue::parse(QByteArray::fromStdString(json{map, ledger}.dump())).value();
}

KnownRecords totals(const char* emits) {
  const json told{{"outputs", {{{"actor", "calculate"}, {"port", "out"}, {"emits", emits}}, 7}}};
  return readRecords(QByteArray::fromStdString(told.dump()));
}

}  // namespace

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
    const auto source = addActor(edit, m_catalogue, {}, {type("generator"), std::nullopt, {}});
    const auto window = addActor(edit, m_catalogue, {}, {type("window"), source, {}});
    const auto sink = addActor(edit, m_catalogue, {}, {type("file_sink"), window, {}});
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
    const auto source = addActor(edit, m_catalogue, {}, {type("generator"), std::nullopt, {}});
    const auto router = addActor(edit, m_catalogue, {}, {type("by_key"), source, {}});
    addActor(edit, m_catalogue, {}, {type("window"), router, {}});
    QCOMPARE(edit.drawing().spec.actors.size(), std::size_t{3});
  }

  void nothingIsWiredBehindASinkOrIntoASource() {
    EditBuilder edit{Drawing{}};
    const auto sink = addActor(edit, m_catalogue, {}, {type("file_sink"), std::nullopt, {}});
    addActor(edit, m_catalogue, {}, {type("window"), sink, {}});
    addActor(edit, m_catalogue, {}, {type("generator"), sink, {}});
    QVERIFY(edit.drawing().spec.streams.empty());
  }

  void newNodesCoverNoOthers() {
    EditBuilder edit{Drawing{}};
    const auto source = addActor(edit, m_catalogue, {}, {type("generator"), std::nullopt, {}});
    for (int i = 0; i < 4; ++i) addActor(edit, m_catalogue, {}, {type("filter"), source, {}});
    std::set<std::pair<double, double>> places;
    for (const auto& [name, place] : edit.drawing().layout.places) places.emplace(place.x(), place.y());
    QCOMPARE(places.size(), std::size_t{5});
  }

  void whatValidationFoundToLeaveAnOutputIsHeldAgainstTheInput() {
    const auto catalogue = mapAndLedger();
    topology spec;
    spec.add("calculate", "t.map");
    spec.add("book", "t.ledger");
    const stream_spec wire{"calculate", "out", "book", "in"};
    const auto refusal = [&](const char* emits) { return streamRefusal(spec, catalogue, totals(emits), wire); };
    QVERIFY(streamRefusal(spec, catalogue, {}, wire).isEmpty());
    QVERIFY(refusal("event (id:string,total:float64,more:bool)").isEmpty());
    QVERIFY2(refusal("event (id:string,total:int32)").isEmpty(), "the engine makes one of the other, exactly");
    for (const auto& [emits, why] :
         {std::pair{"event (id:string,total:int64)", "'total' is int64 in event and float64"},
          {"event (id:string)", "'total' (float64) of entry is missing"},
          {"event (id:int64,total:float64)", "'id' is int64"}}) {
      QVERIFY2(refusal(emits).contains(QLatin1String(why)), qPrintable(refusal(emits)));
    }
    QVERIFY(totals("nobody knows").empty());
    QVERIFY(readRecords("no JSON").empty());
  }

  void circlesDoublesAndSelfLoopsAreRefused() {
    topology spec;
    spec.add("a", "millrace.filter", {{"field", std::string{"x"}}});
    spec.add("b", "millrace.filter", {{"field", std::string{"x"}}});
    spec.connect("a", "b");
    QVERIFY(streamRefusal(spec, m_catalogue, {}, {"b", "out", "a", "in"}).contains(QStringLiteral("circles")));
    QVERIFY(streamRefusal(spec, m_catalogue, {}, {"a", "out", "b", "in"}).contains(QStringLiteral("already")));
    QVERIFY(streamRefusal(spec, m_catalogue, {}, {"a", "out", "a", "in"}).contains(QStringLiteral("itself")));
    QVERIFY(streamRefusal(spec, m_catalogue, {}, {"a", "rest", "b", "in"}).isEmpty());
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
