#include "app/main_window.hpp"

#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QMenu>
#include <QStandardPaths>
#include <QStatusBar>

#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize windowSize{1440, 900};

/// Where a topology without a file keeps what it writes.
QString scratchFolder() {
  return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation) + QStringLiteral("/scratch");
}

}  // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow{parent},
      m_tabs{new QTabWidget{this}},
      m_palette{new PalettePanel{this}},
      m_hint{new QLabel{this}},
      m_saved{new QLabel{this}} {
  resize(windowSize);
  setDockNestingEnabled(true);
  m_tabs->setDocumentMode(true);
  m_tabs->setTabsClosable(true);
  m_tabs->setMovable(true);
  setCentralWidget(m_tabs);
  makeDocks();
  makeMenus();
  statusBar()->addWidget(m_hint, 1);
  statusBar()->addPermanentWidget(m_saved);
  statusBar()->setSizeGripEnabled(false);
  connect(m_tabs, &QTabWidget::currentChanged, this, &MainWindow::showCurrent);
  connect(m_tabs, &QTabWidget::tabCloseRequested, this, &MainWindow::closeTab);
  connect(m_palette, &PalettePanel::typeActivated, this, [this](const QString& type) { current().addType(type); });
  connect(&m_catalogue, &CatalogueSource::loaded, this, [this] {
    m_palette->setCatalogue(m_catalogue.catalogue());
    for (int i = 0; i < m_tabs->count(); ++i) static_cast<DocumentTab*>(m_tabs->widget(i))->scene().refresh();
  });
  connect(&m_catalogue, &CatalogueSource::failed, this, [this](const QString& why) {
    m_palette->setNotice(why);
    tell(why);
  });
  m_palette->setNotice(tr("asking the engine …"));
  m_catalogue.load();
  newDocument();
}

MainWindow::~MainWindow() {
  // Tabs use what this window holds, and tell it things while they go.
  m_tabs->disconnect(this);
  delete m_tabs;
}

QDockWidget* MainWindow::addDock(const QString& title, QWidget* panel, Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget{title, this};
  dock->setObjectName(title);
  dock->setWidget(panel);
  addDockWidget(area, dock);
  return dock;
}

QDockWidget* MainWindow::addBottomPanel(const QString& title, QWidget* panel) {
  auto* dock = addDock(title, panel, Qt::BottomDockWidgetArea);
  if (m_lastBottom != nullptr) tabifyDockWidget(m_lastBottom, dock);
  m_lastBottom = dock;
  m_windowMenu->addAction(dock->toggleViewAction());
  return dock;
}

void MainWindow::makeDocks() {
  auto* palette = addDock(tr("Palette"), m_palette, Qt::LeftDockWidgetArea);
  resizeDocks({palette}, {230}, Qt::Horizontal);
}

void MainWindow::addTab(DocumentTab* tab) {
  tab->document().setScratchFolder(scratchFolder());
  connect(&tab->document(), &Document::titleChanged, this, &MainWindow::showTitles);
  connect(&tab->document(), &Document::changed, this, &MainWindow::showTitles);
  connect(tab, &DocumentTab::hint, this, &MainWindow::tell);
  const int index = m_tabs->addTab(tab, {});
  m_tabs->setCurrentIndex(index);
  showCurrent();
  tab->view().fitAll();
  tab->setFocus();
}

DocumentTab& MainWindow::newDocument() {
  auto* tab = new DocumentTab{DocumentFile{++m_newCount}, m_catalogue.catalogue()};
  addTab(tab);
  return *tab;
}

DocumentTab& MainWindow::current() const {
  return *static_cast<DocumentTab*>(m_tabs->currentWidget());
}

void MainWindow::showCurrent() {
  if (m_tabs->currentWidget() == nullptr) return;
  showTitles();
  Q_EMIT currentTabChanged(&current());
}

void MainWindow::showTitles() {
  for (int i = 0; i < m_tabs->count(); ++i) {
    const auto& document = static_cast<DocumentTab*>(m_tabs->widget(i))->document();
    m_tabs->setTabText(i, document.title() + (document.isModified() ? QStringLiteral(" •") : QString{}));
    m_tabs->setTabToolTip(i, document.path());
  }
  const auto& document = current().document();
  setWindowTitle(tr("%1 — Millrace Workbench").arg(document.title()));
  m_saved->setText(document.isModified() ? tr("unsaved changes") : document.path().isEmpty() ? tr("new") : tr("saved"));
  const auto& stack = document.undoStack();
  m_undo->setEnabled(stack.canUndo());
  m_undo->setText(stack.canUndo() ? tr("&Undo %1").arg(stack.undoText()) : tr("&Undo"));
  m_redo->setEnabled(stack.canRedo());
  m_redo->setText(stack.canRedo() ? tr("&Redo %1").arg(stack.redoText()) : tr("&Redo"));
}

void MainWindow::tell(const QString& hint) {
  m_hint->setText(hint);
  m_hint->setToolTip(hint);
}

void MainWindow::setDark(bool isDark) {
  useTheme(*qobject_cast<QApplication*>(QCoreApplication::instance()), isDark);
  m_palette->repaintIcons();
  for (int i = 0; i < m_tabs->count(); ++i) static_cast<DocumentTab*>(m_tabs->widget(i))->scene().repaintAll();
}

void MainWindow::closeEvent(QCloseEvent* event) {
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
