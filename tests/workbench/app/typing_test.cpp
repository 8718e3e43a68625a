#include <QComboBox>
#include <QMessageBox>
#include <QScrollBar>
#include <QSpontaneKeyEvent>
#include <QStandardPaths>
#include <QTest>
#include <QTimer>
#include <QToolBar>
#include <QToolButton>
#include <QWheelEvent>
#include <algorithm>

#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// What is being typed, and has not been left by the keyboard yet, is what the user means; what only comes under the
/// pointer is not.
class TypingTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() {
    QVERIFY(m_place.open());
    m_place.drawFilter();
  }
  void cleanup() { m_place.close(); }

  void aScriptIsRunAsItStandsInTheEditor() {
    tab().scene().select({"filter_by"});
    type("value > 1");
    m_user.key(Qt::Key_Return, Qt::ControlModifier);
    type("value > 77");
    m_user.key(Qt::Key_F5);
    QCOMPARE(condition(), std::string{"value > 77"});
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures() != nullptr && !m_place.figures()->actors.empty(), patience);
    // What the engine has been given, as it keeps it.
    QVERIFY2(deployedText().contains("value > 77"), deployedText());
    QVERIFY(script().editor().hasFocus());
  }

  void aButtonOfTheToolBarCountsItToo() {
    tab().scene().select({"filter_by"});
    type("value > 5");
    auto* bar = m_place.window().findChild<QToolBar*>(QStringLiteral("tools"));
    auto* run = m_place.window().commands().find(QStringLiteral("Run/Run"));
    QVERIFY(bar != nullptr && run != nullptr && bar->widgetForAction(run) != nullptr);
    m_user.click(bar->widgetForAction(run));
    QCOMPARE(condition(), std::string{"value > 5"});
  }

  void whatIsSavedHasIt() {
    const auto path = m_place.path(QStringLiteral("kept.mill"));
    QVERIFY(tab().file().save(path).has_value());
    typeKeys("41");
    m_user.key(Qt::Key_S, Qt::ControlModifier);
    QFile file{path};
    QVERIFY(file.open(QIODevice::ReadOnly));
    const auto text = file.readAll();
    QVERIFY2(text.contains("\"keys\": 41"), text);
    QVERIFY(!tab().document().isModified());
    QVERIFY(field("keys")->hasFocus());
  }

  void aCellOfTheOutlineIsFinished() {
    auto& outline = m_place.window().outline();
    m_place.window().raisePanel(QStringLiteral("Outline"));
    outline.setCurrent("generator");
    outline.view().setFocus();
    m_user.key(Qt::Key_F2);
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.type("events");
    const auto path = m_place.path(QStringLiteral("kept.mill"));
    QVERIFY(tab().file().save(path).has_value());
    m_user.key(Qt::Key_S, Qt::ControlModifier);
    QVERIFY(tab().document().spec().find("events") != nullptr && !tab().document().isModified());
    QVERIFY(outline.view().hasFocus());
  }

  void closingAsksBeforeItIsLost_data() {
    QTest::addColumn<Qt::Key>("key");
    QTest::newRow("tab") << Qt::Key_W;
    QTest::newRow("window") << Qt::Key_Q;
  }
  void closingAsksBeforeItIsLost() {
    QFETCH(const Qt::Key, key);
    QVERIFY(tab().file().save(m_place.path(QStringLiteral("kept.mill"))).has_value());
    typeKeys("41");
    const auto asked = answering(QMessageBox::Cancel, [&] { m_user.key(key, Qt::ControlModifier); });
    QVERIFY2(asked.contains(QStringLiteral("unsaved changes")), qPrintable(asked));
    QCOMPARE(tab().document().spec().find("generator")->params.at("keys"), param_value{std::int64_t{41}});
  }

  /// It came back once; to make room for a file, or to close an empty tab, it must not go without a question.
  void whatCameBackAfterACrashIsNoEmptyTab() {
    m_place.close();
    QVERIFY(m_place.open());
    LostWork work;
    work.drawing.spec.name = "lost";
    work.drawing.spec.add("events", "millrace.generator");
    m_place.window().openRecovered(work);
    topology other;
    other.name = "other";
    other.add("events", "millrace.generator");
    const int before = m_place.window().tabCount();
    const auto asked = answering(QMessageBox::Discard, [&] { QVERIFY(m_place.open(other)); });
    QCOMPARE(asked, QString{});
    QCOMPARE(m_place.window().tabCount(), before + 1);
    QVERIFY(m_place.window().closeTab(before));
    QVERIFY(m_place.window().closeTab(0));
    QCOMPARE(tab().document().spec().name, std::string{"lost"});
    // Thrown away on purpose it is gone.
    QVERIFY(!answering(QMessageBox::Discard, [&] { m_user.key(Qt::Key_W, Qt::ControlModifier); }).isEmpty());
    QVERIFY(tab().document().spec().actors.empty());
  }

  void theWheelScrollsTheInspectorAndChoosesNothing() {
    tab().scene().select({"generator"});
    auto& inspector = m_place.window().inspector();
    m_place.window().resize(900, 500);
    QTRY_VERIFY_WITH_TIMEOUT(inspector.verticalScrollBar()->maximum() > 0, patience);
    const auto boxes = inspector.findChildren<QComboBox*>();
    const auto box =
        std::ranges::find_if(boxes, [](const auto* b) { return b->isVisible() && b->isEnabled() && b->count() > 1; });
    QVERIFY(box != boxes.end());
    const auto chosen = (*box)->currentIndex();
    const auto steps = tab().document().undoStack().count();
    for (const bool hasFocus : {false, true}) {
      if (hasFocus) (*box)->setFocus();
      inspector.verticalScrollBar()->setValue(0);
      scroll(**box, -120);
      QVERIFY(inspector.verticalScrollBar()->value() > 0);
      QCOMPARE((*box)->currentIndex(), chosen);
      QCOMPARE(tab().document().undoStack().count(), steps);
    }
    // By keys it is chosen as before.
    m_user.key(Qt::Key_Down);
    QVERIFY((*box)->currentIndex() != chosen || chosen == (*box)->count() - 1);
  }

  void theWheelOverTheTargetStaysAtIt() {
    m_place.window().settings().setTargets({{QStringLiteral("far"), QStringLiteral("tcp://h:1"), {}, {}}});
    auto& nodes = m_place.window().nodes();
    nodes.choose({});
    scroll(nodes.targets(), -120);
    QVERIFY(m_place.session().target().isEmbedded());
    QVERIFY(QApplication::activeModalWidget() == nullptr);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] ScriptPanel& script() const { return m_place.window().script(); }
  [[nodiscard]] std::string condition() const {
    const auto& params = tab().document().spec().find("filter_by")->params;
    const auto at = params.find("where");
    return at == params.end() ? std::string{} : std::get<std::string>(at->second);
  }

  /// Into the editor of Lua, which keeps the keyboard.
  void type(const char* text) {
    m_place.window().raisePanel(QStringLiteral("Script"));
    script().editor().setFocus();
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.type(text);
  }
  [[nodiscard]] QWidget* field(const char* name) const {
    const auto all = m_place.window().inspector().widget()->findChildren<QWidget*>();
    const auto at =
        std::ranges::find_if(all, [&](const auto* w) { return w->accessibleName() == QLatin1String(name); });
    return at == all.end() ? nullptr : *at;
  }
  /// Into a field of the generator, which keeps the keyboard.
  void typeKeys(const char* text) {
    tab().scene().select({"generator"});
    QVERIFY(field("keys") != nullptr);
    field("keys")->setFocus();
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.type(text);
  }
  /// What a question said that came meanwhile; empty: none came.
  [[nodiscard]] static QString answering(QMessageBox::StandardButton button, const std::function<void()>& act) {
    QString said;
    QTimer answer;
    connect(&answer, &QTimer::timeout, &answer, [&said, button] {
      auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
      if (box == nullptr) return;
      said = box->text();
      box->button(button)->click();
    });
    answer.start(10);
    act();
    return said;
  }
  static void scroll(QWidget& over, int delta) {
    const auto at = QPointF{over.rect().center()};
    QWheelEvent event{at, over.mapToGlobal(at), {}, {0, delta}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false};
    // As the system's own: others are not handed on to the widgets around.
    QSpontaneKeyEvent::setSpontaneous(&event);
    qApp->notify(&over, &event);
  }
  [[nodiscard]] QByteArray deployedText() const {
    const auto data = QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
    QFile file{data + QStringLiteral("/engines/1/topologies/topology-1/deployment.json")};
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray{};
  }

  testing::User m_user;
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::TypingTest)
#include "typing_test.moc"
