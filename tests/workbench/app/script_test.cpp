#include <QTest>

#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// Writing Lua, with the engine's own word on it and a trial in a process of its own.
class ScriptTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    QVERIFY(m_place.open());
    m_place.drawFilter();
    tab().scene().select({"filter_by"});
    m_place.window().findChild<QWidget*>(QStringLiteral("Script"))->raise();
  }
  void cleanup() { m_place.close(); }

  void aMistakeIsMarkedWhereItStands() {
    QVERIFY(script().hasScript());
    const auto steps = tab().document().undoStack().count();
    type("value > 1 and prize == 2");
    QCOMPARE(tab().document().undoStack().count(), steps + 1);
    QTRY_VERIFY_WITH_TIMEOUT(script().editor().problem().has_value(), patience);
    QCOMPARE(script().editor().problem()->column, 15);
    type("value > 1");
    QTRY_VERIFY_WITH_TIMEOUT(!script().editor().problem().has_value(), patience);
    tab().document().undoStack().undo();
    QCOMPARE(script().editor().toPlainText(), QStringLiteral("value > 1 and prize == 2"));
  }

  void sampleEventsGoThrough() {
    type("value > 10");
    script().setSample(QStringLiteral("name:string,value:float64"),
                       QStringLiteral("{\"name\":\"small\",\"value\":3}\n{\"name\":\"large\",\"value\":30}"));
    script().tryIt();
    QTRY_VERIFY_WITH_TIMEOUT(script().results().contains(QStringLiteral("large")), patience);
    QVERIFY(!script().results().contains(QStringLiteral("{\"name\":\"small\"")) ||
            script().results().contains(QStringLiteral("rest")));
  }

  void anEventItFailsAtSaysWhy() {
    type("value > 10");
    script().setSample(QStringLiteral("name:string,value:float64?"), QStringLiteral("{\"name\":\"none\"}"));
    script().tryIt();
    QTRY_VERIFY_WITH_TIMEOUT(script().results().contains(QStringLiteral("column")), patience);
  }

  void whatCannotBeTriedIsSaid() {
    type("value >");
    script().setSample(QStringLiteral("value:float64"), QStringLiteral("{\"value\":3}"));
    script().tryIt();
    QTRY_VERIFY_WITH_TIMEOUT(script().results().contains(QStringLiteral("where")), patience);
    script().setSample({}, {});
    script().tryIt();
    QVERIFY(script().results().contains(QStringLiteral("give names and types")));
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] ScriptPanel& script() const { return m_place.window().script(); }

  void type(const char* text) {
    auto& editor = script().editor();
    editor.selectAll();
    QTest::keyClicks(&editor, QString::fromLatin1(text));
    QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::ScriptTest)
#include "script_test.moc"
