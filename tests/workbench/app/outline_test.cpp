#include <QAbstractItemView>
#include <QPointer>
#include <QTest>

#include "engine_witness.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// A topology that is looked through and steered in the Outline alone, without the mouse and without the canvas.
class OutlineTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void aRunIsSteeredByTheKeyboardAndTheCanvasShowsIt() {
    topology t;
    t.name = "steered";
    t.add("source", "millrace.generator", {{"rate", 200.0}});
    t.add("sink", "millrace.null_sink");
    t.connect("source", "sink");
    QVERIFY(m_place.run(t));
    testing::EngineWitness engine{m_place.session().address()};
    const stream_spec wire{"source", "out", "sink", "in"};
    setDetail("source", "Muted", "yes");
    QTRY_VERIFY_WITH_TIMEOUT(m_place.figures()->actors.at("source").isMuted, patience);
    setDetail("source", "Muted", "no");
    QTRY_VERIFY_WITH_TIMEOUT(!m_place.figures()->actors.at("source").isMuted, patience);
    setDetail("sink", "Breakpoint on source.out → in", "number % 2 == 0");
    QTRY_VERIFY_WITH_TIMEOUT(tab().scene().wire(wire)->hasBreakpoint(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(tab().scene().wire(wire)->standing(), 1, patience);
    QCOMPARE(tab().scene().node("sink")->content().standing, 1);
    QCOMPARE(engine.ask("break_list", "steered").at("breakpoints").at(0).at("when").get<std::string>(),
             std::string{"number % 2 == 0"});
    setDetail("sink", "Breakpoint on source.out → in", "none");
    QTRY_VERIFY_WITH_TIMEOUT(!tab().scene().wire(wire)->hasBreakpoint(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(tab().scene().node("sink")->content().standing, 0, patience);
    QVERIFY(engine.ask("break_list", "steered").at("breakpoints").empty());
  }

  void bothTablesHaveNamesAndEveryCellIsReadAloud() {
    addType("gen");
    auto& outline = m_place.window().outline();
    QVERIFY(!outline.view().accessibleName().isEmpty());
    QVERIFY(!outline.detailView().accessibleName().isEmpty());
    goToRow("generator");
    auto& details = outline.details();
    QVERIFY(details.rowCount() > 20);
    for (int row = 0; row < details.rowCount(); ++row) {
      const auto property = details.index(row, DetailModel::Property).data().toString();
      const auto value = details.index(row, DetailModel::Value);
      QVERIFY2(value.data(Qt::AccessibleTextRole).toString().startsWith(property + QLatin1Char(':')),
               qPrintable(property));
      QVERIFY2(!value.data(Qt::AccessibleDescriptionRole).toString().isEmpty(), qPrintable(property));
    }
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }

  void goToOutline() const {
    const auto* go = m_place.window().commands().find(QStringLiteral("Go to/Outline"));
    QVERIFY(go != nullptr && !go->shortcut().isEmpty());
    QTest::keySequence(QApplication::focusWidget(), go->shortcut());
    const auto* focus = QApplication::focusWidget();
    QVERIFY2(m_place.window().outline().view().hasFocus(),
             focus == nullptr ? "nothing has the keyboard" : focus->metaObject()->className());
  }
  void addType(const char* letters) {
    goToOutline();
    m_user.key(Qt::Key_Insert);
    m_user.type(letters);
    m_user.key(Qt::Key_Return);
  }
  /// By the arrow keys, from the first row on.
  void goToRow(const std::string& actor) {
    goToOutline();
    auto& outline = m_place.window().outline();
    m_user.key(Qt::Key_Home);
    for (int i = 0; i < outline.model().rowCount(); ++i) {
      if (outline.view().currentIndex().isValid() &&
          outline.model().actorAt(outline.view().currentIndex().row()) == actor) {
        return;
      }
      m_user.key(Qt::Key_Down);
    }
    QFAIL("no row of that name");
  }
  void goToColumn(const QTreeView& view, int column) {
    for (int i = 0; i < view.model()->columnCount(); ++i) m_user.key(Qt::Key_Left);
    for (int i = 0; i < column; ++i) m_user.key(Qt::Key_Right);
    QCOMPARE(view.currentIndex().column(), column);
  }
  void write(const char* text) {
    m_user.key(Qt::Key_F2);
    const QPointer<QWidget> field{QApplication::focusWidget()};
    QVERIFY(qobject_cast<QAbstractItemView*>(field) == nullptr);
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.key(Qt::Key_Backspace);
    QTest::keyClicks(field, QString::fromUtf8(text));
    m_user.key(Qt::Key_Return);
    // The table takes it when it comes to its events again.
    QTRY_VERIFY_WITH_TIMEOUT(field == nullptr, patience);
  }
  void setDetail(const std::string& actor, const char* property, const char* text) {
    goToRow(actor);
    m_user.key(Qt::Key_Tab);
    auto& view = m_place.window().outline().detailView();
    QVERIFY(view.hasFocus());
    m_user.key(Qt::Key_Home);
    const int wanted = m_place.window().outline().details().rowOf(QString::fromUtf8(property));
    QVERIFY2(wanted >= 0, property);
    for (int i = 0; i < wanted || view.currentIndex().row() < wanted; ++i) {
      QVERIFY(i <= 2 * wanted);
      if (view.currentIndex().row() == wanted) break;
      m_user.key(Qt::Key_Down);
    }
    goToColumn(view, DetailModel::Value);
    QCOMPARE(view.currentIndex().row(), wanted);
    write(text);
  }

  testing::User m_user;
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::OutlineTest)
#include "outline_test.moc"
