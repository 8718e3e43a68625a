#include "core/document.hpp"

#include <QSignalSpy>
#include <QTest>

#include "core/topology_edits.hpp"

namespace millrace::workbench {

class DocumentTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void everyEditIsUndoneToTheSameBytes() {
    Document document{sample()};
    std::vector<QByteArray> texts{document.text()};
    std::vector<std::map<std::string, QPointF>> places{document.layout().places};
    const auto push = [&](Edit edit) {
      QVERIFY(!edit.isEmpty());
      document.push(std::move(edit));
      texts.push_back(document.text());
      places.push_back(document.layout().places);
    };
    auto add = document.edit();
    add.addActor({"extra", "t.filter", 2, {{"field", std::string{"a"}}}, {}, {}}, {10, 20});
    add.addStream({"a", "out", "extra", "in"});
    push(add.take(QStringLiteral("add")));
    push(*renaming(document, "a", "renamed"));
    push(parameterChange(document, "extra", "field", param_value{std::int64_t{7}}));
    push(parallelismChange(document, "extra", 8));
    push(removal(document, {"renamed"}, {}));
    auto settings = document.edit();
    topology_settings fewer;
    fewer.key_groups = 16;
    settings.changeSettings(fewer);
    settings.rename("other");
    push(settings.take(QStringLiteral("settings")));
    for (auto i = texts.size(); i-- > 1;) {
      QCOMPARE(document.text(), texts[i]);
      document.undoStack().undo();
    }
    QCOMPARE(document.text(), texts.front());
    QCOMPARE(document.layout().places, places.front());
    for (std::size_t i = 1; i < texts.size(); ++i) {
      document.undoStack().redo();
      QCOMPARE(document.text(), texts[i]);
      QCOMPARE(document.layout().places, places[i]);
    }
  }

  void aRemovedActorTakesItsStreamsAlongAndBringsThemBackInPlace() {
    Document document{sample()};
    const auto before = document.text();
    document.push(removal(document, {"b"}, {}));
    QCOMPARE(document.spec().streams.size(), std::size_t{0});
    QVERIFY(!document.layout().places.contains("b"));
    document.undoStack().undo();
    QCOMPARE(document.text(), before);
  }

  void renamingReachesTheEndsOfStreamsAndThePlace() {
    Document document{sample()};
    document.push(*renaming(document, "b", "z"));
    QCOMPARE(document.spec().streams.at(0).to_actor, std::string{"z"});
    QCOMPARE(document.spec().streams.at(1).from_actor, std::string{"z"});
    QCOMPARE(document.layout().places.at("z"), QPointF(300, 0));
    QCOMPARE(document.undoStack().count(), 1);
  }

  void namesThatCannotBeAreRefusedWithTheReason() {
    Document document{sample()};
    const auto taken = renaming(document, "a", "b");
    QCOMPARE(taken.error().code, errc::already_exists);
    const auto wrong = renaming(document, "a", "a b");
    QCOMPARE(wrong.error().code, errc::invalid_argument);
    QVERIFY(wrong.error().message.find("a-z") != std::string::npos);
  }

  void anEmptyEditIsNoStep() {
    Document document{sample()};
    document.push(parallelismChange(document, "a", 1));
    QCOMPARE(document.undoStack().count(), 0);
    QVERIFY(!document.isModified());
  }

  void movingLeavesTheTopologyAlone() {
    Document document{sample()};
    const auto hash = document.contentHash();
    auto edit = document.edit();
    edit.move("a", {500, 500});
    document.push(edit.take(QStringLiteral("move")));
    QCOMPARE(document.contentHash(), hash);
    QVERIFY(document.isModified());
  }

  void aFragmentIsInsertedUnderFreeNamesWithItsInnerStreams() {
    Document document{sample()};
    auto part = parse_topology(fragmentText(document, {"a", "b"}), "part");
    QVERIFY(part.has_value());
    std::vector<std::string> added;
    document.push(
        insertion(document, {*part, layoutOf(document, {"a", "b"})}, {0, 500}, QStringLiteral("paste"), added));
    QCOMPARE(added, (std::vector<std::string>{"a-2", "b-2"}));
    QCOMPARE(document.layout().places.at("b-2"), QPointF(300, 500));
    QCOMPARE(document.spec().streams.back(), (stream_spec{"a-2", "out", "b-2", "in"}));
    QCOMPARE(document.spec().streams.size(), std::size_t{3});
  }

private:
  static Drawing sample() {
    Drawing drawing;
    drawing.spec.name = "sample";
    drawing.spec.add("a", "t.source");
    drawing.spec.add("b", "t.filter", {{"field", std::string{"x"}}});
    drawing.spec.add("c", "t.sink");
    drawing.spec.connect("a", "b").connect("b", "c");
    drawing.layout.places = {{"a", {0, 0}}, {"b", {300, 0}}, {"c", {600, 0}}};
    return drawing;
  }
};

}  // namespace millrace::workbench

QTEST_GUILESS_MAIN(millrace::workbench::DocumentTest)
#include "document_test.moc"
