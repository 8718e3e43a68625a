// Menus and keys. Keys of the canvas work only while it has the keyboard, so that they can be typed elsewhere.

#include <QAction>
#include <QMenuBar>
#include <QPointer>
#include <QToolBar>
#include <algorithm>
#include <memory>

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
  makeRunMenu();
}

void MainWindow::makeRunMenu() {
  auto* menu = menuBar()->addMenu(tr("&Run"));
  m_icons.emplace_back(add(menu, tr("&Run"), QKeySequence{Qt::Key_F5}, [this] { m_engine.run(); }), ToolIcon::Run);
  m_icons.emplace_back(add(menu, tr("&Stop"), QKeySequence{tr("Shift+F6")}, [this] { m_engine.stop(); }),
                       ToolIcon::Stop);
  menu->addSeparator();
  add(menu, tr("&Diagnose"), QKeySequence{tr("Ctrl+Shift+D")}, [this] { m_engine.diagnose(); });
  m_icons.emplace_back(add(menu, tr("S&napshot"), {}, [this] { m_engine.takeSnapshot(); }), ToolIcon::Snapshot);
}

void MainWindow::makeToolBar() {
  auto* bar = addToolBar(tr("Tools"));
  bar->setObjectName(QStringLiteral("tools"));
  bar->setMovable(false);
  bar->setIconSize({18, 18});
  bar->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  // The run first, as on every machine with such a button.
  std::ranges::stable_sort(m_icons, {}, &std::pair<QAction*, ToolIcon>::second);
  for (const auto& [action, icon] : m_icons) {
    if (icon == ToolIcon::Layout) bar->addSeparator();
    bar->addAction(action);
  }
  paintIcons();
}

void MainWindow::paintIcons() {
  for (const auto& [action, icon] : m_icons) {
    action->setIcon(toolIcon(icon));
    action->setIconVisibleInMenu(false);
    action->setIconText(action->text().remove(QLatin1Char('&')));
  }
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
  auto* fit = addOnCanvas(menu, tr("&Fit"), QKeySequence{Qt::Key_F}, [](DocumentTab& tab) { tab.view().fitAll(); });
  addOnCanvas(menu, tr("Fit &selection"), QKeySequence{tr("Shift+F")},
              [](DocumentTab& tab) { tab.view().fitSelection(); });
  add(menu, tr("&Life size"), QKeySequence{tr("Ctrl+0")}, [this] { current().view().zoomTo(1); });
  auto* in = add(menu, tr("Zoom &in"), {}, [this] { current().view().zoomBy(zoomStep); });
  in->setShortcuts({QKeySequence{tr("Ctrl++")}, QKeySequence{tr("Ctrl+=")}});
  add(menu, tr("Zoom &out"), QKeySequence{tr("Ctrl+-")}, [this] { current().view().zoomBy(1 / zoomStep); });
  menu->addSeparator();
  auto* layout = add(menu, tr("&Layout"), QKeySequence{tr("Ctrl+Shift+L")}, [this] { current().layOut(); });
  m_icons.emplace_back(layout, ToolIcon::Layout);
  m_icons.emplace_back(fit, ToolIcon::Fit);
  auto* light = add(menu, tr("Light &theme"), {}, [] {});
  light->setCheckable(true);
  connect(light, &QAction::toggled, this, [this](bool isLight) { setDark(!isLight); });
  add(menu, tr("&Palette filter"), QKeySequence{tr("Ctrl+L")}, [this] { m_palette->focusFilter(); });
  auto* commands = new SearchBox{m_tabs};
  const auto listed = std::make_shared<std::vector<QPointer<QAction>>>();  // as the box shows them
  add(menu, tr("All &commands …"), QKeySequence{tr("Ctrl+K")}, [this, commands, listed] {
    std::vector<SearchBox::Entry> entries;
    listed->clear();
    for (auto* action : findChildren<QAction*>()) {
      if (action->isSeparator() || action->menu() != nullptr || action->text().isEmpty()) continue;
      entries.push_back({QString::number(listed->size()), action->text().remove(QLatin1Char('&')),
                         action->shortcut().toString(QKeySequence::NativeText)});
      listed->emplace_back(action);
    }
    commands->open(0, tr("Type what to do"), std::move(entries));
  });
  connect(commands, &SearchBox::chosen, this, [this, listed](int, const QString& id) {
    current().setFocus();
    const auto index = id.toULongLong();
    if (index < listed->size() && !(*listed)[index].isNull()) (*listed)[index]->trigger();
  });
  m_windowMenu = menu->addMenu(tr("Pa&nels"));
}

}  // namespace millrace::workbench
