#pragma once

#include <QLabel>
#include <QMainWindow>
#include <QTabWidget>
#include <functional>

#include "app/chaos_desk.hpp"
#include "app/commands.hpp"
#include "app/document_tab.hpp"
#include "app/engine_desk.hpp"
#include "app/experiment_desk.hpp"
#include "app/nodes_desk.hpp"
#include "app/own_actor_desk.hpp"
#include "app/settings.hpp"
#include "app/steering_desk.hpp"
#include "app/watch_desk.hpp"
#include "core/examples.hpp"
#include "engine/catalogue_source.hpp"
#include "panels/inspector_panel.hpp"
#include "panels/outline_panel.hpp"
#include "panels/palette_panel.hpp"
#include "panels/problems_panel.hpp"
#include "panels/script_panel.hpp"
#include "panels/short_label.hpp"
#include "panels/tool_icons.hpp"

class QAction;
class QDockWidget;
class QMenu;

namespace millrace::workbench {

/// The window: canvases in tabs, panels in docks around them, menus and keys. It connects what the parts tell each
/// other and knows nothing of how they do their work. Thread: GUI.
class MainWindow final : public QMainWindow {
  Q_OBJECT

public:
  explicit MainWindow(QWidget* parent = nullptr);
  ~MainWindow() override;

  /// Opens a file in a tab of its own, or goes to the tab that has it. False: it cannot be read, and the user was told.
  bool openFile(const QString& path);
  DocumentTab& newDocument();
  /// The gallery of examples.
  void showExamples();
  /// Opens a copy of an example, with its data, in the user's own folder. False: it cannot be, and the user was told.
  bool openExample(const Example& example);
  /// Offers what an earlier workbench had not saved, one question each.
  void offerLostWork();
  void openRecovered(const LostWork& work);
  /// The tab in front; there is always one.
  [[nodiscard]] DocumentTab& current() const;
  [[nodiscard]] int tabCount() const { return m_tabs->count(); }
  [[nodiscard]] const CatalogueSource& catalogueSource() const noexcept { return m_catalogue; }
  /// A dock at the bottom, with the others there.
  QDockWidget* addBottomPanel(const QString& title, QWidget* panel);
  /// Brings a panel to the front, by its title.
  void raisePanel(const QString& title);
  void setDark(bool isDark);
  [[nodiscard]] EngineDesk& engine() noexcept { return m_engine; }
  [[nodiscard]] ChaosDesk& chaos() noexcept { return m_chaos; }
  [[nodiscard]] ExperimentDesk& experiments() noexcept { return m_experiments; }
  [[nodiscard]] SteeringDesk& steering() noexcept { return m_steering; }
  [[nodiscard]] NodesDesk& nodes() noexcept { return m_nodes; }
  [[nodiscard]] WatchDesk& watch() noexcept { return m_watch; }
  [[nodiscard]] OwnActorDesk& ownActors() noexcept { return m_ownActors; }
  [[nodiscard]] PalettePanel& palette() noexcept { return *m_palette; }
  [[nodiscard]] InspectorPanel& inspector() noexcept { return *m_inspector; }
  [[nodiscard]] OutlinePanel& outline() noexcept { return *m_outline; }
  [[nodiscard]] ProblemsPanel& problems() noexcept { return *m_problems; }
  [[nodiscard]] ScriptPanel& script() noexcept { return *m_script; }

  [[nodiscard]] Commands& commands() noexcept { return m_commands; }
  [[nodiscard]] Settings& settings() noexcept { return m_settings; }
  /// Arrangements of the panels, each with what its user made of it.
  enum class Arrangement { Build, Observe, Chaos, Debug };
  void arrange(Arrangement wanted);
  [[nodiscard]] Arrangement arrangement() const noexcept { return m_arrangement; }

  bool save();
  bool saveAs();
  /// What is being typed in a panel counts from now on, as if the keyboard had left its field; it stays there.
  void finishTyping();
  /// Asks about unsaved changes; false: the user wants to stay.
  bool closeTab(int index);

Q_SIGNALS:
  void themeChanged();
  void currentTabChanged(millrace::workbench::DocumentTab* tab);

protected:
  void closeEvent(QCloseEvent* event) override;

private:
  void makeMenus();
  void makeFileMenu();
  void makeEditMenu();
  void makeViewMenu();
  void makeArrangementMenu(QMenu* view);
  void makeRunMenu();
  void makeChaosMenu();
  void makeNodesMenu();
  void makeToolBar();
  void openPalette(SearchBox& box);
  void openSettings();
  void keepArrangement();
  void arrangeAsUsual();
  void editSelection();
  void connectPanels();
  void connectTab(DocumentTab& tab);
  void showSelection();
  void showProblems();
  void makeDocks();
  void collectCommands(QMenu* menu, const QString& path);
  QAction* add(QMenu* menu, const QString& text, const QKeySequence& key, std::function<void()> act);
  /// As `add`, for keys that belong to the canvas.
  QAction* addOnCanvas(QMenu* menu, const QString& text, const QKeySequence& key,
                       std::function<void(DocumentTab&)> act);
  QDockWidget* addDock(const QString& title, QWidget* panel, Qt::DockWidgetArea area);
  void addGoTo(QDockWidget* dock);
  void addTab(DocumentTab* tab);
  void showCurrent();
  void showTitles();
  [[nodiscard]] bool isNameTaken(const std::string& name) const;
  [[nodiscard]] bool mayOverwrite(const QString& why);
  bool saveTo(DocumentTab& tab, const QString& path);
  void tellError(const QString& text);
  void tell(const QString& hint);

  Settings m_settings;
  Commands m_commands{m_settings};
  CatalogueSource m_catalogue;
  EngineDesk m_engine;
  ChaosDesk m_chaos{m_engine};
  ExperimentDesk m_experiments{*m_chaos.panel()};
  SteeringDesk m_steering{m_engine, m_catalogue.catalogue()};
  NodesDesk m_nodes{m_engine, m_settings};
  WatchDesk m_watch{m_engine};
  OwnActorDesk m_ownActors{m_engine, m_catalogue};
  QTabWidget* m_tabs;
  PalettePanel* m_palette;
  InspectorPanel* m_inspector;
  ProblemsPanel* m_problems;
  OutlinePanel* m_outline;
  ScriptPanel* m_script;
  QDockWidget* m_problemsDock = nullptr;
  QDockWidget* m_diagnoseDock = nullptr;
  QDockWidget* m_differenceDock = nullptr;
  ShortLabel* m_hint;
  std::vector<std::pair<QAction*, ToolIcon>> m_icons;
  QDockWidget* m_lastBottom = nullptr;
  Arrangement m_arrangement = Arrangement::Build;
  QAction* m_light = nullptr;
  QMenu* m_windowMenu = nullptr;
  QMenu* m_goMenu = nullptr;
  QAction* m_undo = nullptr;
  QAction* m_redo = nullptr;
  int m_newCount = 0;
};

}  // namespace millrace::workbench
