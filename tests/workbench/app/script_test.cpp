#include <QTest>

#include "app/main_window.hpp"
#include "workbench_setup.hpp"

namespace millrace::workbench {
namespace {

constexpr int patience = 60'000;

}  // namespace

/// Writing Lua, with the engine's own word on it and a trial in a process of its own.
class ScriptTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    m_surroundings.emplace();
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->catalogueSource().catalogue().isEmpty(), patience);
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    tab().addType(QStringLiteral("millrace.filter_by"));
    tab().addType(QStringLiteral("millrace.null_sink"));
    tab().scene().select({"filter_by"});
    m_window->findChild<QWidget*>(QStringLiteral("Script"))->raise();
  }
  void cleanup() {
    m_window.reset();
    m_surroundings.reset();
  }

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
  [[nodiscard]] DocumentTab& tab() const { return m_window->current(); }
  [[nodiscard]] ScriptPanel& script() const { return m_window->script(); }

  void type(const char* text) {
    auto& editor = script().editor();
    editor.selectAll();
    QTest::keyClicks(&editor, QString::fromLatin1(text));
    QTest::keyClick(&editor, Qt::Key_Return, Qt::ControlModifier);
  }

  std::optional<testing::Surroundings> m_surroundings;
  std::unique_ptr<MainWindow> m_window;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::ScriptTest)
#include "script_test.moc"
