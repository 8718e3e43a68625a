#pragma once

#include <QLabel>
#include <QMainWindow>
#include <QTabWidget>
#include <functional>

#include "app/document_tab.hpp"
#include "app/engine_desk.hpp"
#include "engine/catalogue_source.hpp"
#include "panels/inspector_panel.hpp"
#include "panels/outline_panel.hpp"
#include "panels/palette_panel.hpp"
#include "panels/problems_panel.hpp"
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
  /// Offers what an earlier workbench had not saved, one question each.
  void offerLostWork();
  void openRecovered(const LostWork& work);
  /// The tab in front; there is always one.
  [[nodiscard]] DocumentTab& current() const;
  [[nodiscard]] int tabCount() const { return m_tabs->count(); }
  [[nodiscard]] const CatalogueSource& catalogueSource() const noexcept { return m_catalogue; }
  /// A dock at the bottom, with the others there.
  QDockWidget* addBottomPanel(const QString& title, QWidget* panel);
  void setDark(bool isDark);
  [[nodiscard]] EngineDesk& engine() noexcept { return m_engine; }
  [[nodiscard]] InspectorPanel& inspector() noexcept { return *m_inspector; }
  [[nodiscard]] OutlinePanel& outline() noexcept { return *m_outline; }
  [[nodiscard]] ProblemsPanel& problems() noexcept { return *m_problems; }

  bool save();
  bool saveAs();
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
  void makeRunMenu();
  void makeToolBar();
  void paintIcons();
  void connectPanels();
  void connectTab(DocumentTab& tab);
  void showSelection();
  void showProblems();
  void makeDocks();
  QAction* add(QMenu* menu, const QString& text, const QKeySequence& key, std::function<void()> act);
  /// As `add`, for keys that belong to the canvas.
  QAction* addOnCanvas(QMenu* menu, const QString& text, const QKeySequence& key,
                       std::function<void(DocumentTab&)> act);
  QDockWidget* addDock(const QString& title, QWidget* panel, Qt::DockWidgetArea area);
  void addTab(DocumentTab* tab);
  void showCurrent();
  void showTitles();
  [[nodiscard]] bool mayOverwrite(const QString& why);
  bool saveTo(DocumentTab& tab, const QString& path);
  void tellError(const QString& text);
  void tell(const QString& hint);

  CatalogueSource m_catalogue;
  EngineDesk m_engine;
  QTabWidget* m_tabs;
  PalettePanel* m_palette;
  InspectorPanel* m_inspector;
  ProblemsPanel* m_problems;
  OutlinePanel* m_outline;
  QDockWidget* m_problemsDock = nullptr;
  QDockWidget* m_diagnoseDock = nullptr;
  QLabel* m_hint;
  std::vector<std::pair<QAction*, ToolIcon>> m_icons;
  QDockWidget* m_lastBottom = nullptr;
  QMenu* m_windowMenu = nullptr;
  QAction* m_undo = nullptr;
  QAction* m_redo = nullptr;
  int m_newCount = 0;
};

}  // namespace millrace::workbench
