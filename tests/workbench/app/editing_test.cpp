#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

#include "core/topology_edits.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// What mouse and keys do to a topology, from the window on.
class EditingTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void threeActorsAreAddedByTypingAndUndoneOneByOne() {
    addTypes({"gen", "win", "fsi"});
    QCOMPARE(spec().actors.size(), std::size_t{4});
    QCOMPARE(spec().streams.size(), std::size_t{3});
    QTRY_VERIFY_WITH_TIMEOUT(tab().validator().isCurrent(), patience);
    QVERIFY(tab().validator().problems().empty());
    key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(spec().actors.size(), std::size_t{3});
    key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(spec().actors.size(), std::size_t{1});
    key(Qt::Key_Y, Qt::ControlModifier);
    QCOMPARE(spec().actors.size(), std::size_t{3});
  }

  void aWireIsPulledFromPortToPort() {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    tab().addTypeAt(QStringLiteral("millrace.filter"), {400, 0});
    tab().view().fitAll();
    drag(port("generator", true), port("filter", false));
    QCOMPARE(spec().streams, (std::vector<stream_spec>{{"generator", "out", "filter", "in"}}));
    QCOMPARE(tab().document().undoStack().undoText(), QStringLiteral("Connect generator to filter"));
  }

  void theInspectorTellsWhatAWireCarriesAlsoWhereParametersDecide() {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    tab().addType(QStringLiteral("millrace.map"));
    tab().addType(QStringLiteral("millrace.null_sink"));
    const auto set = [&](const char* text) {
      tab().document().push(parameterChange(tab().document(), "map", "set", param_value{std::string{text}}));
    };
    set("twice = value * 2");
    tab().scene().selectStream({"map", "out", "null_sink", "in"});
    const auto says = [&](const char* what) {
      return std::ranges::any_of(m_place.window().inspector().findChildren<QLabel*>(),
                                 [&](const QLabel* l) { return l->text().contains(QLatin1String(what)); });
    };
    QTRY_VERIFY_WITH_TIMEOUT(says("twice:float64"), patience);
    set("thrice = value * 3");
    QTRY_VERIFY_WITH_TIMEOUT(says("thrice:float64"), patience);
    set("thrice = valu * 3");
    QVERIFY(!tab().validator().isCurrent());
    QTRY_VERIFY_WITH_TIMEOUT(tab().validator().isCurrent(), patience);
    QVERIFY(says("known when"));
    QVERIFY(!says("thrice:float64"));
  }

  void aRefusedWireSaysWhyAndChangesNothing() {
    tab().addTypeAt(QStringLiteral("millrace.filter"), {0, 0});
    tab().addTypeAt(QStringLiteral("millrace.filter"), {400, 0});
    tab().view().fitAll();
    drag(port("filter", true), port("filter-2", false));
    QSignalSpy hints{&tab().scene(), &CanvasScene::hint};
    const auto steps = tab().document().undoStack().count();
    drag(port("filter-2", true), port("filter", false));
    QCOMPARE(tab().document().undoStack().count(), steps);
    const auto isReason = [](const QList<QVariant>& hint) {
      return hint.first().toString().contains(QStringLiteral("circles"));
    };
    QVERIFY(std::ranges::any_of(hints, isReason));
  }

  void draggingANodeIsOneStepAndTouchesOnlyTheLayout() {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    tab().view().fitAll();
    const auto hash = tab().document().contentHash();
    const auto middle = tab().view().mapFromScene(tab().scene().node("generator")->geometry().box().center());
    drag(middle, middle + QPoint{64, 48});
    QCOMPARE(tab().document().undoStack().count(), 2);
    QCOMPARE(tab().document().layout().places.at("generator"), QPointF(64, 48));
    QCOMPARE(tab().document().contentHash(), hash);
  }

  void deletingANodeTakesItsWiresAndUndoBringsThemBack() {
    addTypes({"gen", "fil"});
    const auto before = tab().document().text();
    tab().scene().select({"generator"});
    key(Qt::Key_Delete);
    QCOMPARE(spec().actors.size(), std::size_t{1});
    QVERIFY(spec().streams.empty());
    key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(tab().document().text(), before);
  }

  /// What hears of the deletion looks at all wires, while this one is going.
  void aSelectedWireIsDeletedAndComesBack() {
    addTypes({"gen", "nul"});
    const auto before = tab().document().text();
    tab().scene().clearSelection();
    for (auto* item : tab().scene().items()) {
      if (auto* wire = dynamic_cast<WireItem*>(item)) wire->setSelected(true);
    }
    QCOMPARE(tab().scene().selectedStreams().size(), std::size_t{1});
    tab().setFocus();
    key(Qt::Key_Delete);
    QVERIFY(spec().streams.empty());
    QCOMPARE(spec().actors.size(), std::size_t{2});
    key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(tab().document().text(), before);
  }

  /// The form is made anew while the field that asked for it is telling of its change.
  void anActorIsRenamedInTheInspector() {
    addTypes({"gen", "nul"});
    tab().scene().select({"generator"});
    QLineEdit* field = nullptr;
    for (auto* e : m_place.window().findChildren<QLineEdit*>()) {
      if (e->text() == QStringLiteral("generator") && e->isVisible()) field = e;
    }
    QVERIFY(field != nullptr);
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, QStringLiteral("numbers"));
    QTest::keyClick(field, Qt::Key_Return);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCOMPARE(spec().actors.front().name, std::string{"numbers"});
    QCOMPARE(spec().streams.front().from_actor, std::string{"numbers"});
  }

  void copiesGoThroughTheClipboardAsText() {
    addTypes({"gen", "nul"});
    tab().scene().select({"generator", "null_sink"});
    key(Qt::Key_C, Qt::ControlModifier);
    QVERIFY(parse_topology(QGuiApplication::clipboard()->text().toStdString(), "clipboard").has_value());
    m_place.window().newDocument();
    key(Qt::Key_V, Qt::ControlModifier);
    QCOMPARE(spec().actors.size(), std::size_t{2});
    QCOMPARE(spec().streams.size(), std::size_t{1});
  }

  void theExampleOpensWithoutProblemsAndCommandsAreFoundByTyping() {
    key(Qt::Key_K, Qt::ControlModifier);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("examples"));
    key(Qt::Key_Return);
    QVERIFY(m_place.waitForDialog());
    // The first one, without another key.
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    QCOMPARE(spec().name, std::string{"orders"});
    QCOMPARE(spec().actors.size(), std::size_t{6});
    QTRY_VERIFY_WITH_TIMEOUT(tab().validator().isCurrent(), patience);
    QVERIFY(tab().validator().problems().empty());
  }

  void aWrongParameterIsRefusedWhereItIsTyped() {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    const auto editors = m_place.window().inspector().findChildren<ParamEditor*>();
    const auto keys = std::ranges::find_if(editors, [](const auto* e) { return e->param().name == "keys"; });
    QVERIFY(keys != editors.end());
    const auto steps = tab().document().undoStack().count();
    auto* field = (*keys)->findChild<QLineEdit*>();
    field->setFocus();
    QTest::keyClicks(field, QStringLiteral("0"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(tab().document().undoStack().count(), steps);
    QVERIFY((*keys)->findChild<QLabel*>()->text().contains(QStringLiteral("from 1 to")));
    field->selectAll();
    QTest::keyClicks(field, QStringLiteral("7"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(spec().find("generator")->params.at("keys"), param_value{std::int64_t{7}});
  }

  void parametersComeIntoSightWithTheChoiceTheyBelongTo() {
    tab().addTypeAt(QStringLiteral("millrace.generator"), {0, 0});
    QVERIFY(!editor("amplitude")->isVisible());
    tab().document().push(
        parameterChange(tab().document(), "generator", "distribution", param_value{std::string{"sine"}}));
    QTRY_VERIFY(editor("amplitude")->isVisible());
    tab().document().undoStack().undo();
    QTRY_VERIFY(!editor("amplitude")->isVisible());
  }

  void aSecretIsTypedBehindDots() {
    tab().addTypeAt(QStringLiteral("millrace.http_sink"), {0, 0});
    auto* field = editor("headers")->findChild<QLineEdit*>();
    QCOMPARE(field->echoMode(), QLineEdit::Password);
    field->setFocus();
    QTest::keyClicks(field, QStringLiteral("X-Key: 4711"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(spec().find("http_sink")->params.at("headers"), param_value{std::string{"X-Key: 4711"}});
    QVERIFY(!field->displayText().contains(QStringLiteral("4711")));
  }

  void theFailurePolicyIsEditedFieldByFieldAndEachIsAStep() {
    addTypes({"gen", "nul"});
    tab().scene().select({"null_sink"});
    QVERIFY(row("Attempts")->isHidden());
    auto* action = qobject_cast<QComboBox*>(row("On failure"));
    QVERIFY(action != nullptr);
    const auto steps = tab().document().undoStack().count();
    while (action->currentText() != QLatin1String("retry")) QTest::keyClick(action, Qt::Key_Down);
    QVERIFY(row("Attempts")->isVisible());
    QVERIFY(row("Goes back with it")->isHidden());
    write("Attempts", "9");
    QCOMPARE(spec().find("null_sink")->on_failure.max_attempts, std::uint32_t{9});
    QVERIFY(tab().document().undoStack().count() >= steps + 2);
    tab().setFocus();  // a field that has the keyboard takes back what was typed into it
    key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(spec().find("null_sink")->on_failure.max_attempts, std::uint32_t{3});
    // What cannot be is refused; what the engine finds wrong is said below.
    write("Attempts", "0");
    QCOMPARE(spec().find("null_sink")->on_failure.max_attempts, std::uint32_t{3});
    QCOMPARE(qobject_cast<QLineEdit*>(row("Attempts"))->text(), QStringLiteral("3"));
    write("First pause", "1h");
    auto* said = m_place.window().inspector().findChild<QLabel*>(QStringLiteral("policyProblem"));
    QVERIFY(said != nullptr);
    QTRY_VERIFY_WITH_TIMEOUT(said->isVisible() && said->text().contains(QStringLiteral("backoff")), patience);
  }

  void whatIsSeenOfTheInspectorStaysWhenTheThemeChangesAndBeginsAnewForAnotherActor() {
    addTypes({"gen", "nul"});
    auto& window = m_place.window();
    tab().scene().select({"generator"});
    QCoreApplication::processEvents();
    auto* bar = window.inspector().verticalScrollBar();
    QVERIFY(bar->maximum() > 0);
    bar->setValue(bar->maximum() / 2);
    const int place = bar->value();
    window.setDark(false);
    QCoreApplication::processEvents();
    QCOMPARE(bar->value(), place);
    window.setDark(true);
    tab().scene().select({"null_sink"});
    QCoreApplication::processEvents();
    QCOMPARE(bar->value(), 0);
  }

  void groupsOfSupervisionAreMadeFromActorsAndFrames() {
    addTypes({"gen", "nul"});
    tab().scene().select({"null_sink"});
    write("Supervised with", "pair");
    QCOMPARE(spec().group_of("null_sink")->name, std::string{"pair"});
    write("Restarts at most", "2");
    QCOMPARE(spec().groups.front().restarts.max_restarts, std::uint32_t{2});
    tab().scene().select({"generator", "null_sink"});
    tab().groupSelection();
    tab().scene().clearSelection();
    tab().scene().selectGroup("Group");
    auto* box = qobject_cast<QCheckBox*>(row("supervised as one"));
    QVERIFY(box != nullptr && !box->isChecked());
    QTest::keyClick(box, Qt::Key_Space);
    QCOMPARE(spec().groups.size(), std::size_t{1});  // the sink left its own
    QCOMPARE(spec().groups.front().actors, (std::vector<std::string>{"generator", "null_sink"}));
    QVERIFY(parse_topology(to_text(spec()), "saved")->groups == spec().groups);
    QTest::keyClick(box, Qt::Key_Space);
    QVERIFY(spec().groups.empty());
  }

  void aTopologyIsSavedAndOpenedAgain() {
    addTypes({"gen", "nul"});
    const auto path = m_place.path(QStringLiteral("saved.mill"));
    QVERIFY(tab().file().save(path).has_value());
    const auto text = tab().document().text();
    MainWindow other;
    QVERIFY(other.openFile(path));
    QCOMPARE(other.tabCount(), 1);
    QCOMPARE(other.current().document().text(), text);
    QCOMPARE(other.current().document().layout().places, tab().document().layout().places);
  }

private:
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] const topology& spec() const { return tab().document().spec(); }

  [[nodiscard]] ParamEditor* editor(const char* param) {
    const auto all = m_place.window().inspector().findChildren<ParamEditor*>();
    const auto at = std::ranges::find_if(all, [&](const auto* e) { return e->param().name == param; });
    return at == all.end() ? nullptr : *at;
  }
  /// What the inspector has for a label: the one that is seen, where there are several.
  [[nodiscard]] QWidget* row(const char* label) const {
    QWidget* found = nullptr;
    for (auto* w : m_place.window().inspector().widget()->findChildren<QWidget*>()) {
      const auto* box = qobject_cast<QCheckBox*>(w);
      const bool isIt =
          w->accessibleName() == QLatin1String(label) || (box != nullptr && box->text() == QLatin1String(label));
      if (isIt && (found == nullptr || w->isVisible())) found = w;
    }
    return found;
  }
  void write(const char* label, const char* text) const {
    auto* field = qobject_cast<QLineEdit*>(row(label));
    QVERIFY2(field != nullptr && field->isVisible(), label);
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, QString::fromLatin1(text));
    QTest::keyClick(field, Qt::Key_Return);
  }
  static void key(Qt::Key k, Qt::KeyboardModifiers modifiers = {}) {
    QTest::keyClick(QApplication::focusWidget(), k, modifiers);
  }
  static void addTypes(const std::vector<const char*>& names) {
    for (const auto* name : names) {
      key(Qt::Key_Tab);
      QTest::keyClicks(QApplication::focusWidget(), QString::fromLatin1(name));
      key(Qt::Key_Return);
    }
  }
  [[nodiscard]] QPoint port(const std::string& actor, bool isOutput) const {
    const auto* node = tab().scene().node(actor);
    return tab().view().mapFromScene(node->anchorOf(isOutput ? "out" : "in", isOutput));
  }
  void drag(QPoint from, QPoint to) const {
    auto* viewport = tab().view().viewport();
    QTest::mousePress(viewport, Qt::LeftButton, {}, from);
    QTest::mouseMove(viewport, (from + to) / 2);
    QTest::mouseMove(viewport, to);
    QTest::mouseRelease(viewport, Qt::LeftButton, {}, to);
  }

  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::EditingTest)
#include "editing_test.moc"
