// Menus and keys. Keys of the canvas work only while it has the keyboard, so that they can be typed elsewhere.

#include <QAction>
#include <QMenuBar>

#include "app/main_window.hpp"

namespace millrace::workbench {
namespace {

constexpr double zoomStep = 1.25;

}  // namespace

QAction* MainWindow::add(QMenu* menu, const QString& text, const QKeySequence& key, std::function<void()> act) {
  auto* action = menu->addAction(text);
  action->setShortcut(key);
  connect(action, &QAction::triggered, this, [act = std::move(act)] { act(); });
  return action;
}

QAction* MainWindow::addOnCanvas(QMenu* menu, const QString& text, const QKeySequence& key,
                                 std::function<void(DocumentTab&)> act) {
  auto* action = add(menu, text, key, [this, act = std::move(act)] { act(current()); });
  action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
  m_tabs->addAction(action);
  return action;
}

void MainWindow::makeMenus() {
  makeFileMenu();
  makeEditMenu();
  makeViewMenu();
}

void MainWindow::makeEditMenu() {
  auto* menu = menuBar()->addMenu(tr("&Edit"));
  m_undo = add(menu, tr("&Undo"), QKeySequence::Undo, [this] { current().document().undoStack().undo(); });
  m_redo = add(menu, tr("&Redo"), {}, [this] { current().document().undoStack().redo(); });
  m_redo->setShortcuts({QKeySequence{tr("Ctrl+Shift+Z")}, QKeySequence{tr("Ctrl+Y")}});
  menu->addSeparator();
  addOnCanvas(menu, tr("Cu&t"), QKeySequence::Cut, &DocumentTab::cutSelection);
  addOnCanvas(menu, tr("&Copy"), QKeySequence::Copy, &DocumentTab::copySelection);
  addOnCanvas(menu, tr("&Paste"), QKeySequence::Paste, &DocumentTab::paste);
  addOnCanvas(menu, tr("D&uplicate"), QKeySequence{tr("Ctrl+D")}, &DocumentTab::duplicateSelection);
  addOnCanvas(menu, tr("&Delete"), QKeySequence{Qt::Key_Delete}, &DocumentTab::deleteSelection);
  addOnCanvas(menu, tr("Select &all"), QKeySequence::SelectAll, [](DocumentTab& tab) {
    for (auto* item : tab.scene().items()) item->setSelected(item->type() == NodeItem::Type);
  });
  menu->addSeparator();
  addOnCanvas(menu, tr("Add an act&or …"), QKeySequence{Qt::Key_Tab}, &DocumentTab::searchType);
  addOnCanvas(menu, tr("&Wire to …"), QKeySequence{Qt::Key_W}, &DocumentTab::wireByTyping);
  add(menu, tr("&Find an actor …"), QKeySequence::Find, [this] { current().findActor(); });
  menu->addSeparator();
  auto* align = menu->addMenu(tr("&Align"));
  const auto aligns = [this, align](const QString& text, Alignment how) {
    add(align, text, {}, [this, how] { current().align(how); });
  };
  aligns(tr("&Left edges"), Alignment::Left);
  aligns(tr("&Top edges"), Alignment::Top);
  aligns(tr("Distribute &across"), Alignment::DistributeAcross);
  aligns(tr("Distribute &down"), Alignment::DistributeDown);
}

void MainWindow::makeViewMenu() {
  auto* menu = menuBar()->addMenu(tr("&View"));
  addOnCanvas(menu, tr("&Fit all"), QKeySequence{Qt::Key_F}, [](DocumentTab& tab) { tab.view().fitAll(); });
  addOnCanvas(menu, tr("Fit &selection"), QKeySequence{tr("Shift+F")},
              [](DocumentTab& tab) { tab.view().fitSelection(); });
  add(menu, tr("&Life size"), QKeySequence{tr("Ctrl+0")}, [this] { current().view().zoomTo(1); });
  auto* in = add(menu, tr("Zoom &in"), {}, [this] { current().view().zoomBy(zoomStep); });
  in->setShortcuts({QKeySequence{tr("Ctrl++")}, QKeySequence{tr("Ctrl+=")}});
  add(menu, tr("Zoom &out"), QKeySequence{tr("Ctrl+-")}, [this] { current().view().zoomBy(1 / zoomStep); });
  menu->addSeparator();
  auto* light = add(menu, tr("Light &theme"), {}, [] {});
  light->setCheckable(true);
  connect(light, &QAction::toggled, this, [this](bool isLight) { setDark(!isLight); });
  add(menu, tr("&Palette filter"), QKeySequence{tr("Ctrl+L")}, [this] { m_palette->focusFilter(); });
  m_windowMenu = menu->addMenu(tr("Pa&nels"));
}

}  // namespace millrace::workbench
