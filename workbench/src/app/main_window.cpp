#include "app/main_window.hpp"

#include <QApplication>
#include <QCloseEvent>
#include <QDir>
#include <QDockWidget>
#include <QMenu>
#include <QStandardPaths>
#include <QStatusBar>
#include <QVBoxLayout>

#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize windowSize{1440, 900};

/// Where topologies without a file keep what they write, each in a folder of its name.
QString scratchFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/scratch");
}

}  // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow{parent},
      m_tabs{new QTabWidget},
      m_palette{new PalettePanel},
      m_inspector{new InspectorPanel{m_catalogue.catalogue()}},
      m_problems{new ProblemsPanel},
      m_outline{new OutlinePanel{m_catalogue.catalogue()}},
      m_script{new ScriptPanel{m_catalogue.catalogue()}},
      m_hint{new ShortLabel} {
  resize(windowSize);
  setDockNestingEnabled(true);
  m_tabs->setDocumentMode(true);
  m_tabs->setTabsClosable(true);
  m_tabs->setMovable(true);
  auto* middle = new QWidget{this};
  auto* column = new QVBoxLayout{middle};
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_engine.banner());
  column->addWidget(m_tabs, 1);
  setCentralWidget(middle);
  makeMenus();
  makeToolBar();
  makeDocks();
  statusBar()->addWidget(m_hint, 1);
  statusBar()->addPermanentWidget(m_engine.statusLine());
  statusBar()->setSizeGripEnabled(false);
  connectPanels();
  if (m_settings.isDark() != Theme::current().isDark) setDark(m_settings.isDark());
  m_catalogue.load();
  newDocument();
}

MainWindow::~MainWindow() {
  // Tabs use what this window holds, and tell it things while they go.
  m_tabs->disconnect(this);
  m_engine.disconnect(this);
  m_chaos.disconnect(this);
  m_chaos.setTab(nullptr);
  m_experiments.disconnect(this);
  m_steering.disconnect(this);
  m_steering.setTab(nullptr);
  m_nodes.disconnect(this);
  m_nodes.setTab(nullptr);
  m_watch.disconnect(this);
  m_watch.setTab(nullptr);
  m_ownActors.disconnect(this);
  m_engine.setTab(nullptr);
  m_inspector->setDocument(nullptr);
  m_outline->setDocument(nullptr);
  m_script->setDocument(nullptr);
  delete m_tabs;
}

QDockWidget* MainWindow::addDock(const QString& title, QWidget* panel, Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget{title, this};
  dock->setObjectName(title);
  dock->setWidget(panel);
  addDockWidget(area, dock);
  m_windowMenu->addAction(dock->toggleViewAction());
  m_commands.add(tr("Panels"), dock->toggleViewAction());
  addGoTo(dock);
  return dock;
}

/// A command that shows a panel and gives it the keyboard; the first nine have keys.
void MainWindow::addGoTo(QDockWidget* dock) {
  const auto number = m_goMenu->actions().size();
  const auto key = number <= 9 ? QKeySequence{Qt::ALT | static_cast<Qt::Key>(Qt::Key_0 + number)} : QKeySequence{};
  auto* go = add(m_goMenu, dock->windowTitle(), key, [dock] {
    dock->show();
    dock->raise();
    if (auto* first = dock->widget()->focusProxy()) {
      first->setFocus(Qt::ShortcutFocusReason);
      return;
    }
    for (auto* child : dock->widget()->findChildren<QWidget*>()) {
      if (!(child->focusPolicy() & Qt::TabFocus) || !child->isVisibleTo(dock) || !child->isEnabled()) continue;
      child->setFocus(Qt::ShortcutFocusReason);
      return;
    }
    // One that has nothing to work with yet still says why.
    dock->widget()->setFocusPolicy(Qt::StrongFocus);
    dock->widget()->setFocus(Qt::ShortcutFocusReason);
  });
  m_commands.add(tr("Go to"), go);
}

QDockWidget* MainWindow::addBottomPanel(const QString& title, QWidget* panel) {
  auto* dock = addDock(title, panel, Qt::BottomDockWidgetArea);
  if (m_lastBottom != nullptr) tabifyDockWidget(m_lastBottom, dock);
  m_lastBottom = dock;
  return dock;
}

void MainWindow::makeDocks() {
  // The panels at the bottom have the whole width: they are tables, and there are many of them.
  setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);
  setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
  auto* palette = addDock(tr("Palette"), m_palette, Qt::LeftDockWidgetArea);
  auto* inspector = addDock(tr("Inspector"), m_inspector, Qt::RightDockWidgetArea);
  m_problemsDock = addDock(tr("Problems"), m_problems, Qt::RightDockWidgetArea);
  auto* outline = addBottomPanel(tr("Outline"), m_outline);
  addBottomPanel(tr("Script"), m_script);
  m_diagnoseDock = addBottomPanel(tr("Diagnose"), m_engine.diagnosis());
  m_differenceDock = addBottomPanel(tr("Changes"), m_engine.differencePanel());
  addBottomPanel(tr("Chaos"), m_chaos.panel());
  addBottomPanel(tr("Experiment"), m_experiments.panel());
  addBottomPanel(tr("Wire"), m_steering.wire());
  addBottomPanel(tr("Dead letters"), m_steering.letters());
  addBottomPanel(tr("Savepoints"), m_steering.savepoints());
  addBottomPanel(tr("Nodes"), m_nodes.panel());
  addBottomPanel(tr("Events"), m_watch.events());
  addBottomPanel(tr("Run log"), m_watch.log());
  addBottomPanel(tr("Own actors"), m_ownActors.panel());
  addBottomPanel(tr("Log"), m_engine.log());
  outline->raise();
  m_palette->setMinimumWidth(200);
  m_inspector->setMinimumWidth(290);
  resizeDocks({palette, inspector}, {210, 310}, Qt::Horizontal);
  resizeDocks({outline}, {220}, Qt::Vertical);
  resizeDocks({inspector, m_problemsDock}, {600, 150}, Qt::Vertical);
}

void MainWindow::addTab(DocumentTab* tab) {
  tab->document().setScratchFolder(scratchFolder());
  connect(&tab->document(), &Document::titleChanged, this, &MainWindow::showTitles);
  // Not the document's own change: only after it the stack knows what can be undone and redone.
  connect(&tab->document().undoStack(), &QUndoStack::indexChanged, this, &MainWindow::showTitles);
  connectTab(*tab);
  const int index = m_tabs->addTab(tab, {});
  m_tabs->setCurrentIndex(index);
  showCurrent();
  tab->view().fitAll();
  tab->setFocus();
}

/// Whether something is left of a topology of that name, which a new one would go on from or write to.
bool MainWindow::isNameTaken(const std::string& name) const {
  for (int i = 0; i < m_tabs->count(); ++i) {
    if (static_cast<DocumentTab*>(m_tabs->widget(i))->document().spec().name == name) return true;
  }
  return EngineProcess::knows(toQt(name)) || QDir{scratchFolder()}.exists(toQt(name));
}

DocumentTab& MainWindow::newDocument() {
  auto file = DocumentFile{++m_newCount};
  while (isNameTaken(file.document().spec().name)) file = DocumentFile{++m_newCount};
  auto* tab = new DocumentTab{std::move(file), m_catalogue.catalogue()};
  addTab(tab);
  return *tab;
}

DocumentTab& MainWindow::current() const {
  return *static_cast<DocumentTab*>(m_tabs->currentWidget());
}

void MainWindow::showCurrent() {
  if (m_tabs->currentWidget() == nullptr) return;
  auto& tab = current();
  m_inspector->setDocument(&tab.document());
  m_outline->setDocument(&tab.document());
  m_script->setDocument(&tab.document());
  m_engine.setTab(&tab);
  m_chaos.setTab(&tab);
  m_experiments.setTab(&tab);
  m_steering.setTab(&tab);
  m_nodes.setTab(&tab);
  m_watch.setTab(&tab);
  showTitles();
  showSelection();
  showProblems();
  Q_EMIT currentTabChanged(&tab);
}

void MainWindow::showTitles() {
  for (int i = 0; i < m_tabs->count(); ++i) {
    const auto& document = static_cast<DocumentTab*>(m_tabs->widget(i))->document();
    m_tabs->setTabText(i, document.title() + (document.isModified() ? QStringLiteral(" •") : QString{}));
    m_tabs->setTabToolTip(i, document.path());
  }
  const auto& document = current().document();
  setWindowTitle(tr("%1 — Millrace Workbench").arg(document.title()));
  const auto& stack = document.undoStack();
  m_undo->setEnabled(stack.canUndo());
  m_undo->setText(stack.canUndo() ? tr("&Undo %1").arg(stack.undoText()) : tr("&Undo"));
  m_redo->setEnabled(stack.canRedo());
  m_redo->setText(stack.canRedo() ? tr("&Redo %1").arg(stack.redoText()) : tr("&Redo"));
}

void MainWindow::tell(const QString& hint) {
  m_hint->show(hint);
}

void MainWindow::setDark(bool isDark) {
  const QSignalBlocker quiet{m_light};
  m_light->setChecked(!isDark);
  useTheme(*qobject_cast<QApplication*>(QCoreApplication::instance()), isDark);
  m_palette->repaintTitles();
  m_inspector->rebuild();
  m_script->repaintAll();
  m_chaos.panel()->repaintAll();
  m_experiments.panel()->repaintAll();
  Q_EMIT themeChanged();
  for (int i = 0; i < m_tabs->count(); ++i) static_cast<DocumentTab*>(m_tabs->widget(i))->scene().repaintAll();
}

void MainWindow::closeEvent(QCloseEvent* event) {
  keepArrangement();
  finishTyping();
  if (!m_experiments.mayGoOn() || !m_ownActors.panel()->save()) {
    event->ignore();
    return;
  }
  while (m_tabs->count() > 0) {
    const int before = m_tabs->count();
    if (!closeTab(before - 1)) {
      event->ignore();
      return;
    }
    if (m_tabs->count() == before) break;  // the last one stays, empty
  }
  event->accept();
}

}  // namespace millrace::workbench
