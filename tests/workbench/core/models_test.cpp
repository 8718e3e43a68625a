#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <set>

#include "core/auto_wiring.hpp"
#include "core/component_packing.hpp"
#include "core/layered_layout.hpp"
#include "core/outline_model.hpp"
#include "core/param_text.hpp"
#include "core/problems_model.hpp"
#include "core/topology_edits.hpp"
#include "engine_catalogue.hpp"

namespace millrace::workbench {

class ModelsTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void initTestCase() { m_catalogue = testing::engineCatalogue(); }

  void theOutlineFollowsTheDocumentAndEditsIt() {
    Document document{sample()};
    OutlineModel model{m_catalogue};
    const QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::QtTest};
    model.setDocument(&document);
    QCOMPARE(model.rowCount(), 3);
    const auto at = [&](int row, int column) { return model.index(row, column); };
    QVERIFY(model.setData(at(1, OutlineModel::Name), QStringLiteral("middle"), Qt::EditRole));
    QVERIFY(model.setData(at(1, OutlineModel::Partitions), 4, Qt::EditRole));
    QCOMPARE(document.spec().find("middle")->parallelism, std::uint32_t{4});
    QCOMPARE(at(2, OutlineModel::FedBy).data().toString(), QStringLiteral("middle.out"));
    QVERIFY(model.setData(at(2, OutlineModel::FedBy), QStringLiteral("middle.rest, source"), Qt::EditRole));
    QCOMPARE(at(2, OutlineModel::FedBy).data().toString(), QStringLiteral("middle.rest, source.out"));
    QCOMPARE(document.undoStack().count(), 3);
    document.push(removal(document, {"middle"}, {}));
    QCOMPARE(model.rowCount(), 2);
    document.undoStack().undo();
    QCOMPARE(model.rowCount(), 3);
    model.setDocument(nullptr);
    QCOMPARE(model.rowCount(), 0);
  }

  void cellsThatCannotBeTakenSayWhyAndChangeNothing() {
    Document document{sample()};
    OutlineModel model{m_catalogue};
    model.setDocument(&document);
    QSignalSpy refused{&model, &OutlineModel::refused};
    QVERIFY(!model.setData(model.index(0, OutlineModel::Name), QStringLiteral("no name!"), Qt::EditRole));
    QVERIFY(!model.setData(model.index(0, OutlineModel::Partitions), 0, Qt::EditRole));
    QVERIFY(!model.setData(model.index(1, OutlineModel::FedBy), QStringLiteral("nobody.out"), Qt::EditRole));
    QVERIFY(!model.setData(model.index(1, OutlineModel::FedBy), QStringLiteral("filter.rest"), Qt::EditRole));
    QCOMPARE(refused.size(), 4);
    QVERIFY(refused[2].first().toString().contains(QStringLiteral("nobody.out")));
    QCOMPARE(document.undoStack().count(), 0);
  }

  void problemsAreSortedAndNameTheirActorAndParameter() {
    ProblemsModel model;
    const QAbstractItemModelTester tester{&model, QAbstractItemModelTester::FailureReportingMode::QtTest};
    model.setProblems(readProblems(
        "{\"problems\": [{\"level\": \"warning\", \"where\": \"a.rest\", \"what\": \"open\", \"remedy\": \"\"},"
        "{\"level\": \"error\", \"where\": \"w\", \"what\": \"parameter 'size': no duration\", \"remedy\": \"r\"}]}"));
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.errorCount(), 1);
    QCOMPARE(model.at(0).actor, std::string{"w"});
    QCOMPARE(model.at(0).item, std::string{"size"});
    QCOMPARE(model.at(1).item, std::string{"rest"});
    model.setProblems(readProblems("nonsense"));
    QCOMPARE(model.rowCount(), 1);
  }

  void valuesAreTakenByTypeAndRange() {
    const ParamInfo keys = *m_catalogue.find("millrace.generator")->param("keys");
    QCOMPARE(**parseValue(keys, QStringLiteral("5")), param_value{std::int64_t{5}});
    QVERIFY(!parseValue(keys, QStringLiteral("0")).has_value());
    QVERIFY(!parseValue(keys, QStringLiteral("5.5")).has_value());
    QVERIFY(parseValue(keys, QStringLiteral("many")).error().message.find("whole number from 1") != std::string::npos);
    QVERIFY(!parseValue(keys, QString{})->has_value());
    const ParamInfo format = *m_catalogue.find("millrace.file_sink")->param("format");
    QVERIFY(parseValue(format, QStringLiteral("jsonl")).has_value());
    QVERIFY(!parseValue(format, QStringLiteral("xml")).has_value());
  }

  void aLayoutGoesFromLeftToRightAndCoversNothing() {
    topology t;
    for (int i = 0; i < 400; ++i) {
      t.add("n" + std::to_string(i), "t.x");
      if (i >= 8) t.connect("n" + std::to_string(i - 8 + i % 3), "n" + std::to_string(i));
    }
    const auto places = layeredLayout(t);
    QCOMPARE(places.size(), std::size_t{400});
    std::set<std::pair<double, double>> taken;
    for (const auto& [name, place] : places) QVERIFY(taken.emplace(place.x(), place.y()).second);
    for (const auto& s : t.streams) QVERIFY(places.at(s.from_actor).x() < places.at(s.to_actor).x());
  }

  void partsThatNothingJoinsStandTogetherAndBesideEachOther() {
    topology t;
    for (int i = 0; i < 30; ++i) {
      const auto n = std::to_string(i);
      t.add("a" + n, "t.x");
      t.add("b" + n, "t.x");
      t.connect("a" + n, "b" + n);
    }
    QCOMPARE(connectedParts(t).size(), std::size_t{30});
    const auto places = layeredLayout(t);
    QRectF all;
    for (int i = 0; i < 30; ++i) {
      const auto from = places.at("a" + std::to_string(i));
      QCOMPARE(places.at("b" + std::to_string(i)) - from, QPointF(columnPitch, 0));
      all |= QRectF{from, nodeSize};
    }
    QVERIFY(all.width() < 4 * all.height() && all.height() < 4 * all.width());
  }

private:
  static Drawing sample() {
    Drawing drawing;
    drawing.spec.name = "sample";
    drawing.spec.add("source", "millrace.generator");
    drawing.spec.add("filter", "millrace.filter", {{"field", std::string{"value"}}});
    drawing.spec.add("sink", "millrace.null_sink");
    drawing.spec.connect("source", "filter").connect("filter", "sink");
    return drawing;
  }
  ActorCatalogue m_catalogue;
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::ModelsTest)
#include "models_test.moc"
