#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QAccessible>
#include <QDockWidget>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QPointer>
#include <QTest>
#include <QToolBar>
#include <QVBoxLayout>
#include <set>

#include "app/example_dialog.hpp"
#include "app/settings_dialog.hpp"
#include "user.hpp"
#include "workplace.hpp"

namespace millrace::workbench {

using testing::patience;

/// That nobody needs a mouse: every command, every panel, every edit; and that whoever hears instead of seeing is told
/// what everything is.
class KeyboardTest : public QObject {
  Q_OBJECT

private Q_SLOTS:
  void init() { QVERIFY(m_place.open()); }
  void cleanup() { m_place.close(); }

  void everyActionIsInTheListOfCommandsAndHasANameOfItsOwn() {
    std::set<const QAction*> listed;
    std::set<QString> names;
    for (const auto& entry : window().commands().entries()) {
      listed.insert(entry.action);
      QVERIFY2(names.insert(entry.name).second, qPrintable(entry.name));
    }
    int actions = 0;
    const auto check = [&](const QList<QAction*>& all, auto self) -> void {
      for (const auto* action : all) {
        if (action->isSeparator()) continue;
        if (action->menu() != nullptr) {
          self(action->menu()->actions(), self);
          continue;
        }
        ++actions;
        QVERIFY2(listed.contains(action), qPrintable(action->text()));
      }
    };
    check(window().menuBar()->actions(), check);
    QVERIFY(actions > 60);
    for (const auto* bar : window().findChildren<QToolBar*>()) {
      for (auto* action : bar->actions()) {
        // A widget in a bar is no action: it is the box of targets, which Ctrl+T is for.
        if (action->isSeparator() || bar->widgetForAction(action) == window().nodes().targetBox()) continue;
        QVERIFY2(listed.contains(action), qPrintable(action->text()));
      }
    }
    QVERIFY(window().commands().find(QStringLiteral("Nodes/Target")) != nullptr);
    QVERIFY(Commands::clashes(window().commands().keys()).empty());
  }

  void theListOfCommandsHasAllThatCanBeDoneNow() {
    m_user.key(Qt::Key_K, Qt::ControlModifier);
    const auto* list = QApplication::focusWidget()->parentWidget()->findChild<QListWidget*>();
    QVERIFY(list != nullptr && list->isVisible());
    std::set<QString> shown;
    for (int row = 0; row < list->count(); ++row) shown.insert(list->item(row)->data(Qt::UserRole).toString());
    for (const auto& entry : window().commands().entries()) {
      QVERIFY2(shown.contains(entry.name) == entry.action->isEnabled(), qPrintable(entry.name));
    }
    m_user.key(Qt::Key_Escape);
    QVERIFY(tab().view().hasFocus());
  }

  /// By its command, then through all of it with Tab, and back to the canvas from anywhere in it.
  void everyPanelIsEnteredWalkedThroughAndLeftByKeys() {
    addType("gen");
    addType("map");
    for (auto* dock : window().findChildren<QDockWidget*>()) {
      const auto title = dock->objectName();
      enter(title);
      QVERIFY2(isWithin(*dock), qPrintable(title + at()));
      std::set<QWidget*> seen;
      walk(*dock, Qt::Key_Tab, seen, title);
      enter(title);
      walk(*dock, Qt::Key_Backtab, seen, title);
      for (auto* w : dock->widget()->findChildren<QWidget*>()) {
        if (isReachable(*w)) {
          QVERIFY2(seen.contains(w), qPrintable(title + QStringLiteral(": not ") + nameOf(w)));
        }
      }
    }
  }

  void nothingThatTakesTheKeyboardIsWithoutAName() {
    addType("gen");
    addType("map");
    tab().scene().selectStream(tab().document().spec().streams.front());
    checkNames(window(), "with a wire");
    tab().scene().select({"map"});
    checkNames(window(), "with an actor");
    for (auto* dock : window().findChildren<QDockWidget*>()) {
      window().raisePanel(dock->objectName());
      checkNames(*dock, qPrintable(dock->objectName()));
    }
    m_user.key(Qt::Key_K, Qt::ControlModifier);
    checkNames(window(), "commands");
    m_user.key(Qt::Key_Escape);
    SettingsDialog settings{window().settings(), window().commands(), &window()};
    settings.show();
    checkNames(settings, "settings");
    settings.close();
    ExampleDialog gallery{examples(window().catalogueSource().catalogue()), &window()};
    gallery.show();
    checkNames(gallery, "gallery");
  }

  /// Its own negative control: a button without words is found.
  void aWidgetWithoutANameIsFound() {
    QWidget panel;
    auto* layout = new QVBoxLayout{&panel};
    layout->addWidget(new QLineEdit);
    panel.show();
    QCOMPARE(nameless(panel).size(), 1);
  }

  /// A topology made, wired, grouped, changed and taken apart in the outline alone.
  void theOutlineDoesEveryEditByKeysAlone() {
    enter(QStringLiteral("Outline"));
    for (const auto* letters : {"gen", "fil", "nul"}) {
      m_user.key(Qt::Key_Insert);
      m_user.type(letters);
      m_user.key(Qt::Key_Return);
      QVERIFY(window().outline().view().hasFocus());
    }
    QCOMPARE(spec().actors.size(), std::size_t{3});
    edit("generator", OutlineModel::Name, "numbers");
    QVERIFY(spec().find("numbers") != nullptr);
    edit("null_sink", OutlineModel::FedBy, "");
    QCOMPARE(spec().streams.size(), std::size_t{1});
    edit("null_sink", OutlineModel::FedBy, "numbers");
    QVERIFY(std::ranges::count(spec().streams, stream_spec{"numbers", "out", "null_sink", "in"}) == 1);
    edit("filter", OutlineModel::Partitions, "3");
    QCOMPARE(spec().find("filter")->parallelism, std::uint32_t{3});
    edit("filter", OutlineModel::Place, "480, 240");
    QCOMPARE(layout().places.at("filter"), QPointF(480, 240));
    for (const auto* actor : {"filter", "null_sink"}) edit(actor, OutlineModel::Group, "ends");
    QCOMPARE(layout().groups.at("ends").actors.size(), std::size_t{2});
    edit("ends", OutlineModel::State, "collapsed");
    QVERIFY(layout().groups.at("ends").isCollapsed);
    edit("ends", OutlineModel::Name, "Ends");
    QVERIFY(layout().groups.contains("Ends"));
    edit("Ends", OutlineModel::FedBy, "filter");
    QCOMPARE(layout().groups.at("Ends").actors.size(), std::size_t{1});

    detail("numbers", QStringLiteral("rate"), "7");
    QCOMPARE(spec().find("numbers")->params.at("rate"), param_value{7.0});
    detail("filter", QStringLiteral("On failure"), "resume");
    detail("filter", QStringLiteral("Runs on"), "east, west");
    QCOMPARE(layout().pins.at("filter"), (std::vector<std::string>{"east", "west"}));
    detail("filter", QStringLiteral("Supervised with"), "pair");
    QCOMPARE(spec().group_of("filter")->name, std::string{"pair"});

    // A row of a group, of an actor; and everything comes back, a step at a time.
    const auto before = tab().document().text();
    const auto places = layout();
    goTo("Ends");
    m_user.key(Qt::Key_Delete);
    QVERIFY(layout().groups.empty());
    // The row that took its place is the current one: nobody begins at the top again.
    QCOMPARE(window().outline().view().currentIndex().row(), window().outline().model().rowCount() - 1);
    goTo("filter");
    m_user.key(Qt::Key_Delete);
    QVERIFY(spec().find("filter") == nullptr);
    m_user.key(Qt::Key_Z, Qt::ControlModifier);
    m_user.key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(tab().document().text(), before);
    QVERIFY(layout() == places);
    while (tab().document().undoStack().canUndo()) m_user.key(Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(spec().actors.empty());
  }

  /// From the list of commands, as from the outline, a comment is written without the mouse.
  void aCommentIsMadeWrittenAndRemovedByKeys() {
    addType("gen");
    enter(QStringLiteral("Outline"));
    run("Edit/Comment");
    m_user.type("mind the gap");
    enter(QStringLiteral("Outline"));
    QCOMPARE(layout().comments.size(), std::size_t{1});
    QCOMPARE(layout().comments.begin()->second.text, std::string{"mind the gap"});
    edit("mind the gap", OutlineModel::Name, "mind the step");
    QCOMPARE(layout().comments.begin()->second.text, std::string{"mind the step"});
    goTo("mind the step");
    m_user.key(Qt::Key_Delete);
    QVERIFY(layout().comments.empty());
    QCOMPARE(spec().actors.size(), std::size_t{1});
  }

  void theKeysOfUndoAreTheDocumentsUnlessAFieldHoldsNewText() {
    addType("gen");
    addType("nul");
    tab().scene().select({"generator"});
    enter(QStringLiteral("Inspector"));
    auto* field = fieldOf("keys");
    QVERIFY(field != nullptr);
    field->setFocus();
    const auto before = field->text();
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.type("123");
    const int steps = tab().document().undoStack().index();
    // What nobody took yet is only text.
    while (field->isModified()) {
      m_user.key(Qt::Key_Z, Qt::ControlModifier);
      QCOMPARE(tab().document().undoStack().index(), steps);
    }
    QCOMPARE(field->text(), before);
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.type("77");
    m_user.key(Qt::Key_Return);
    QCOMPARE(spec().find("generator")->params.at("keys"), param_value{std::int64_t{77}});
    // What was taken is a step of the document's, and the field goes back with it.
    m_user.key(Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(!spec().find("generator")->params.contains("keys"));
    QCOMPARE(field->text(), before);
    QVERIFY(field->hasFocus());
    m_user.key(Qt::Key_Y, Qt::ControlModifier);
    QCOMPARE(field->text(), QStringLiteral("77"));
    m_user.key(Qt::Key_Z, Qt::ControlModifier);
    m_user.key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(spec().actors.size(), std::size_t{1});
    QCOMPARE(tab().document().undoStack().index(), steps - 1);
  }

  void undoingWhileACommentIsWrittenLosesNothing() {
    addType("gen");
    tab().addComment();
    m_user.type("one");
    tab().setFocus();
    tab().scene().selectComment(layout().comments.begin()->first);
    enter(QStringLiteral("Inspector"));
    m_user.key(Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(layout().comments.begin()->second.text, std::string{});
    // Leaving the field writes nothing that was not typed.
    tab().setFocus();
    QVERIFY(tab().document().undoStack().canRedo());
    m_user.key(Qt::Key_Y, Qt::ControlModifier);
    QCOMPARE(layout().comments.begin()->second.text, std::string{"one"});
  }

private:
  [[nodiscard]] MainWindow& window() const { return m_place.window(); }
  [[nodiscard]] DocumentTab& tab() const { return m_place.tab(); }
  [[nodiscard]] const topology& spec() const { return tab().document().spec(); }
  [[nodiscard]] const TopologyLayout& layout() const { return tab().document().layout(); }

  [[nodiscard]] static QString nameOf(const QWidget* w) {
    return w == nullptr ? QStringLiteral("nothing")
                        : QString::fromLatin1(w->metaObject()->className()) + QLatin1Char(' ') + w->accessibleName();
  }
  [[nodiscard]] static QString at() { return QStringLiteral(": at ") + nameOf(QApplication::focusWidget()); }
  [[nodiscard]] static bool isWithin(const QDockWidget& dock) {
    return QApplication::focusWidget() != nullptr && dock.isAncestorOf(QApplication::focusWidget());
  }
  /// Whether Tab should come to a widget.
  [[nodiscard]] static bool isReachable(const QWidget& w) {
    return (w.focusPolicy() & Qt::TabFocus) == Qt::TabFocus && w.isVisible() && w.isEnabled() &&
           w.focusProxy() == nullptr;
  }

  void addType(const char* letters) {
    tab().setFocus();
    m_user.key(Qt::Key_Tab);
    m_user.type(letters);
    m_user.key(Qt::Key_Return);
  }
  /// Any command, by typing its name.
  void run(const char* name) {
    const auto* action = window().commands().find(QString::fromLatin1(name));
    QVERIFY2(action != nullptr && action->isEnabled(), name);
    m_user.key(Qt::Key_K, Qt::ControlModifier);
    auto* list = QApplication::focusWidget()->parentWidget()->findChild<QListWidget*>();
    for (int i = 0; i < list->count(); ++i) {
      if (list->currentItem()->data(Qt::UserRole).toString() == QLatin1String(name)) break;
      m_user.key(Qt::Key_Down);
    }
    m_user.key(Qt::Key_Return);
  }
  void enter(const QString& title) { run(("Go to/" + title.toStdString()).c_str()); }

  /// Through a panel until its end, or around it; and from everything in it back to the canvas.
  void walk(const QDockWidget& dock, Qt::Key key, std::set<QWidget*>& seen, const QString& title) {
    for (int i = 0; i < 200 && isWithin(dock); ++i) {
      const QPointer<QWidget> here{QApplication::focusWidget()};
      if (!seen.insert(here.data()).second && i > 0 && key == Qt::Key_Tab) break;
      m_user.key(Qt::Key_0, Qt::AltModifier);
      QVERIFY2(tab().view().hasFocus(), qPrintable(title + QStringLiteral(": it does not let go") + at()));
      QVERIFY(here != nullptr);
      here->setFocus();
      m_user.key(key, key == Qt::Key_Backtab ? Qt::ShiftModifier : Qt::NoModifier);
      if (QApplication::focusWidget() != here) continue;
      // A text takes Tab for itself; Escape leaves it.
      m_user.key(Qt::Key_Z, Qt::ControlModifier);
      m_user.key(Qt::Key_Escape);
      QVERIFY2(QApplication::focusWidget() != here, qPrintable(title + QStringLiteral(": a trap") + at()));
    }
  }

  void goTo(const char* name) {
    enter(QStringLiteral("Outline"));
    auto& view = window().outline().view();
    QVERIFY(view.hasFocus());
    m_user.key(Qt::Key_Home);
    const auto isThere = [&] {
      return view.currentIndex().siblingAtColumn(OutlineModel::Name).data().toString() == QLatin1String(name);
    };
    for (int i = 0; i < window().outline().model().rowCount() && !isThere(); ++i) m_user.key(Qt::Key_Down);
    QVERIFY2(isThere(), name);
  }
  void goToColumn(const QTreeView& view, int column) {
    for (int i = 0; i < view.model()->columnCount(); ++i) m_user.key(Qt::Key_Left);
    for (int i = 0; i < column; ++i) m_user.key(Qt::Key_Right);
    QCOMPARE(view.currentIndex().column(), column);
  }
  void write(const char* text) {
    m_user.key(Qt::Key_F2);
    const QPointer<QWidget> field{QApplication::focusWidget()};
    QVERIFY2(qobject_cast<QAbstractItemView*>(field) == nullptr, "the cell is not edited");
    m_user.key(Qt::Key_A, Qt::ControlModifier);
    m_user.key(Qt::Key_Backspace);
    QTest::keyClicks(field, QString::fromLatin1(text));
    m_user.key(Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(field == nullptr, patience);
  }
  void edit(const char* name, int column, const char* text) {
    goTo(name);
    goToColumn(window().outline().view(), column);
    write(text);
  }
  void detail(const char* actor, const QString& property, const char* text) {
    goTo(actor);
    m_user.key(Qt::Key_Tab);
    auto& view = window().outline().detailView();
    QVERIFY(view.hasFocus());
    m_user.key(Qt::Key_Home);
    const int wanted = window().outline().details().rowOf(property);
    QVERIFY2(wanted >= 0, qPrintable(property));
    for (int i = 0; i < 2 * wanted && view.currentIndex().row() != wanted; ++i) m_user.key(Qt::Key_Down);
    QCOMPARE(view.currentIndex().row(), wanted);
    goToColumn(view, DetailModel::Value);
    write(text);
  }
  [[nodiscard]] QLineEdit* fieldOf(const char* name) const {
    for (auto* e : window().inspector().widget()->findChildren<QLineEdit*>()) {
      if (e->accessibleName() == QLatin1String(name)) return e;
    }
    return nullptr;
  }

  /// What takes the keyboard or is pressed, and says nothing of itself, as a screen reader gets to know it.
  [[nodiscard]] static QStringList nameless(QWidget& root) {
    QStringList found;
    const auto visit = [&](QAccessibleInterface* node, auto self) -> void {
      if (node == nullptr || node->state().invisible) return;
      auto* w = qobject_cast<QWidget*>(node->object());
      if (w != nullptr && !w->isVisible()) return;
      const auto role = node->role();
      const bool isInteractive = (w != nullptr && w->focusPolicy() != Qt::NoFocus && w->focusProxy() == nullptr) ||
                                 role == QAccessible::Button || role == QAccessible::CheckBox ||
                                 role == QAccessible::ComboBox || role == QAccessible::PageTab ||
                                 role == QAccessible::MenuItem;
      // Areas that scroll and bars of tabs are ways to what is in them, and that has names.
      const bool isOnlyAround = w != nullptr && (QByteArray{w->metaObject()->className()} == "QScrollArea" ||
                                                 QByteArray{w->metaObject()->className()} == "QTabWidget" ||
                                                 QByteArray{w->metaObject()->className()} == "QTabBar");
      if (isInteractive && !isOnlyAround && !node->state().disabled &&
          node->text(QAccessible::Name).trimmed().isEmpty()) {
        auto* above = w == nullptr ? nullptr : w->parentWidget();
        found << QStringLiteral("%1 in %2")
                     .arg(w == nullptr ? QStringLiteral("role %1").arg(role) : nameOf(w), nameOf(above));
      }
      // The cells of tables and trees are the models' matter.
      if (qobject_cast<QAbstractItemView*>(w) != nullptr) return;
      for (int i = 0; i < node->childCount(); ++i) self(node->child(i), self);
    };
    visit(QAccessible::queryAccessibleInterface(&root), visit);
    return found;
  }
  static void checkNames(QWidget& root, const char* where) {
    QCoreApplication::processEvents();
    const auto found = nameless(root);
    QVERIFY2(found.isEmpty(),
             qPrintable(QString::fromLatin1(where) + QStringLiteral(": ") + found.join(QStringLiteral("; "))));
  }

  testing::User m_user;
  testing::Workplace m_place;
};

}  // namespace millrace::workbench

QTEST_MAIN(millrace::workbench::KeyboardTest)
#include "keyboard_test.moc"
