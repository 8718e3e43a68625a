// Menus and keys. Keys of the canvas work only while it has the keyboard, so that they can be typed elsewhere.

#include <QAction>
#include <QMenuBar>
#include <QToolBar>
#include <algorithm>

#include "app/main_window.hpp"
#include "app/settings_dialog.hpp"

namespace millrace::workbench {
namespace {

constexpr double zoomStep = 1.25;

}  // namespace

QAction* MainWindow::add(QMenu* menu, const QString& text, const QKeySequence& key, std::function<void()> act) {
  auto* action = menu->addAction(text);
  action->setShortcut(key);
  connect(action, &QAction::triggered, this, [this, act = std::move(act)] {
    // A shortcut and a button of the tool bar leave the keyboard where it is.
    finishTyping();
    act();
  });
  return action;
}

/// Every action of the menus, as it was made, becomes a command.
void MainWindow::collectCommands(QMenu* menu, const QString& path) {
  for (auto* action : menu->actions()) {
    if (action->isSeparator()) continue;
    if (action->menu() != nullptr) {
      collectCommands(action->menu(), path);
    } else if (m_commands.find(path + QLatin1Char('/') + action->text()) == nullptr) {
      m_commands.add(path, action);
    }
  }
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
  makeChaosMenu();
  makeNodesMenu();
  for (auto* action : menuBar()->actions()) collectCommands(action->menu(), action->text().remove(QLatin1Char('&')));
}

void MainWindow::makeRunMenu() {
  auto* menu = menuBar()->addMenu(tr("&Run"));
  m_icons.emplace_back(add(menu, tr("&Run"), QKeySequence{Qt::Key_F5}, [this] { m_nodes.run(); }), ToolIcon::Run);
  add(menu, tr("&Deploy with a plan …"), QKeySequence{tr("Shift+F5")}, [this] { m_nodes.deploy(); });
  m_icons.emplace_back(add(menu, tr("&Stop"), QKeySequence{tr("Shift+F6")}, [this] { m_engine.stop(); }),
                       ToolIcon::Stop);
  add(menu, tr("&All runs …"), QKeySequence{tr("Ctrl+Shift+F6")}, [this] { m_nodes.stopByTyping(); });
  m_icons.emplace_back(
      add(menu, tr("&Pause or resume"), QKeySequence{Qt::Key_F6}, [this] { m_steering.togglePause(); }),
      ToolIcon::Pause);
  add(menu, tr("Apply &live parameters"), QKeySequence{tr("Ctrl+Return")}, [this] { m_steering.applyLive(); });
  addOnCanvas(menu, tr("&Mute or unmute"), QKeySequence{Qt::Key_M}, [this](DocumentTab&) { m_steering.toggleMute(); });
  menu->addSeparator();
  addOnCanvas(menu, tr("Look at the &wire"), QKeySequence{Qt::Key_T}, [this](DocumentTab&) {
    raisePanel(tr("Wire"));
    m_steering.wire()->setLooking(true);
  });
  add(menu, tr("&Breakpoint on the wire"), QKeySequence{Qt::Key_F9}, [this] {
    raisePanel(tr("Wire"));
    m_steering.wire()->setBreakpoint();
  });
  add(menu, tr("S&tep"), QKeySequence{Qt::Key_F10}, [this] { m_steering.wire()->step(false); });
  add(menu, tr("&Continue"), QKeySequence{Qt::Key_F8}, [this] { m_steering.wire()->step(true); });
  addOnCanvas(menu, tr("Dead &letters of the actor"), QKeySequence{Qt::Key_D}, [this](DocumentTab& tab) {
    const auto actors = tab.scene().meantActors();
    m_steering.showLetters(actors.size() == 1 ? actors.front() : std::string{});
  });
  add(menu, tr("Sa&vepoint"), QKeySequence{tr("Ctrl+Shift+P")}, [this] {
    raisePanel(tr("Savepoints"));
    m_steering.savepoints()->takeSavepoint();
  });
  menu->addSeparator();
  add(menu, tr("&Diagnose"), QKeySequence{tr("Ctrl+Shift+D")}, [this] { m_engine.diagnose(); });
  m_icons.emplace_back(add(menu, tr("S&napshot"), {}, [this] { m_engine.takeSnapshot(); }), ToolIcon::Snapshot);
}

void MainWindow::makeChaosMenu() {
  auto* menu = menuBar()->addMenu(tr("&Chaos"));
  addOnCanvas(menu, tr("&Inject a fault …"), QKeySequence{Qt::Key_X}, [this](DocumentTab&) { m_chaos.inject(); });
  auto* stop = add(menu, tr("&Stop all chaos"), QKeySequence{tr("Ctrl+Shift+.")}, [this] { m_chaos.stopAll(); });
  m_icons.emplace_back(stop, ToolIcon::StopChaos);
  menu->addSeparator();
  add(menu, tr("&New experiment"), {}, [this] { m_experiments.makeNew(); });
  add(menu, tr("&Open an experiment …"), {}, [this] { Q_EMIT m_experiments.panel()->openWanted(); });
  add(menu, tr("&Run an experiment …"), {}, [this] { Q_EMIT m_chaos.panel()->experimentWanted(); });
  add(menu, tr("&Cancel the experiment"), {}, [this] { m_experiments.cancel(); });
}

void MainWindow::makeNodesMenu() {
  auto* menu = menuBar()->addMenu(tr("&Nodes"));
  add(menu, tr("&Target …"), QKeySequence{tr("Ctrl+T")}, [this] { m_nodes.chooseByTyping(); });
  add(menu, tr("&Add a node …"), QKeySequence{tr("Ctrl+Shift+N")}, [this] { m_nodes.openAddDialog(); });
  menu->addSeparator();
  addOnCanvas(menu, tr("&Place on a node …"), QKeySequence{Qt::Key_N},
              [this](DocumentTab&) { m_nodes.placeByTyping(); });
  add(menu, tr("&Show nodes"), {}, [this] { raisePanel(tr("Nodes")); });
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
    if (icon == ToolIcon::Layout || icon == ToolIcon::StopChaos) bar->addSeparator();
    action->setIcon(toolIcon(icon));
    action->setIconVisibleInMenu(false);
    action->setIconText(action->text().remove(QLatin1Char('&')));
    bar->addAction(action);
    if (icon == ToolIcon::Fit) {
      bar->addSeparator();
      bar->addWidget(m_nodes.targetBox());
    }
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
  addOnCanvas(menu, tr("Select &all"), QKeySequence::SelectAll, [](DocumentTab& tab) { tab.scene().selectAll(); });
  menu->addSeparator();
  addOnCanvas(menu, tr("Add an act&or …"), QKeySequence{Qt::Key_Tab}, &DocumentTab::searchType);
  addOnCanvas(menu, tr("&Wire to …"), QKeySequence{Qt::Key_W}, &DocumentTab::wireByTyping);
  addOnCanvas(menu, tr("&Group"), QKeySequence{Qt::Key_G}, &DocumentTab::groupSelection);
  addOnCanvas(menu, tr("U&ngroup"), QKeySequence{tr("Shift+G")}, &DocumentTab::ungroupSelection);
  addOnCanvas(menu, tr("Collapse or &expand the group"), QKeySequence{Qt::Key_E}, &DocumentTab::toggleGroups);
  addOnCanvas(menu, tr("Co&mment"), QKeySequence{Qt::Key_C}, &DocumentTab::addComment);
  addOnCanvas(menu, tr("Edit what is &selected"), QKeySequence{Qt::Key_F2}, [this](DocumentTab&) { editSelection(); });
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
  menu->addSeparator();
  add(menu, tr("Settin&gs …"), QKeySequence{tr("Ctrl+,")}, [this] { openSettings(); });
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
  auto* differences = add(menu, tr("&Differences from what runs"), QKeySequence{tr("Ctrl+Shift+X")}, [] {});
  differences->setCheckable(true);
  connect(differences, &QAction::toggled, &m_engine, &EngineDesk::setDifferencesShown);
  connect(&m_engine, &EngineDesk::differencesShown, differences, &QAction::setChecked);
  m_light = add(menu, tr("Light &theme"), {}, [] {});
  m_light->setCheckable(true);
  connect(m_light, &QAction::toggled, this, [this](bool isLight) {
    m_settings.setDark(!isLight);
    setDark(!isLight);
  });
  add(menu, tr("&Palette filter"), QKeySequence{tr("Ctrl+L")}, [this] {
    m_palette->parentWidget()->show();
    m_palette->focusFilter();
  });
  auto* commands = new SearchBox{m_tabs};
  add(menu, tr("All &commands …"), QKeySequence{tr("Ctrl+K")}, [this, commands] { openPalette(*commands); });
  connect(commands, &SearchBox::chosen, this, [this](int, const QString& name) {
    current().setFocus();
    if (auto* action = m_commands.find(name)) action->trigger();
  });
  makeArrangementMenu(menu);
  m_windowMenu = menu->addMenu(tr("Pa&nels"));
  m_goMenu = menu->addMenu(tr("&Go to"));
  add(m_goMenu, tr("Canvas"), QKeySequence{tr("Alt+0")}, [this] { current().setFocus(); });
}

void MainWindow::openPalette(SearchBox& box) {
  std::vector<SearchBox::Entry> entries;
  for (const auto& command : m_commands.entries()) {
    if (!command.action->isEnabled()) continue;
    const auto menu = command.name.section(QLatin1Char('/'), 0, 0);
    const auto keys = command.action->shortcut().toString(QKeySequence::NativeText);
    // As the menu says it at this moment: "Undo Move".
    auto words = command.action->text();
    entries.push_back(
        {command.name, words.remove(QLatin1Char('&')), keys.isEmpty() ? menu : menu + QStringLiteral("    ") + keys});
  }
  box.open(0, tr("Type what to do"), std::move(entries));
}

void MainWindow::openSettings() {
  SettingsDialog dialog{m_settings, m_commands, this};
  connect(&dialog, &SettingsDialog::themeChosen, this, &MainWindow::setDark);
  dialog.exec();
}

}  // namespace millrace::workbench
