#pragma once

#include <QComboBox>
#include <QObject>
#include <QPointer>

#include "app/engine_desk.hpp"
#include "app/settings.hpp"
#include "canvas/search_box.hpp"
#include "panels/nodes_panel.hpp"
#include "panels/plan_dialog.hpp"

namespace millrace::workbench {

/// Nodes: which one is the target, adding and forgetting them, deploying to it with a plan first, and placing actors on
/// them. Thread: GUI.
class NodesDesk final : public QObject {
  Q_OBJECT

public:
  NodesDesk(EngineDesk& engine, Settings& settings, QObject* parent = nullptr);

  [[nodiscard]] NodesPanel* panel() const noexcept { return m_panel; }
  /// For the tool bar: the target, to be chosen.
  [[nodiscard]] QWidget* targetBox() const noexcept { return m_frame; }
  [[nodiscard]] QComboBox& targets() noexcept { return *m_targets; }
  void setTab(DocumentTab* tab);

  /// Remembers a node and goes to it. One of the same address and key takes the place of the one before.
  void add(const Target& target);
  /// From now on this one; unknown names are passed over.
  void choose(const QString& name);
  /// Not written down: for this window alone.
  void visit(const Target& target);
  /// The target that is chosen is not known any more, and its own key file goes; the embedded engine takes over.
  void forgetTarget();
  /// Asks for one, by typing.
  void chooseByTyping();
  void openAddDialog();
  /// Shows what deploying the tab would change on the target; Enter does it.
  void deploy();
  /// On the embedded engine at once, elsewhere with a plan.
  void run();
  /// Lists all that runs on the target, whoever began it; the one that is chosen is stopped.
  void stopByTyping();
  /// Asks on which node the selected actors are to run.
  void placeByTyping();
  void place(const std::vector<std::string>& actors, const QString& node);

Q_SIGNALS:
  void hint(const QString& text);

private:
  [[nodiscard]] SearchBox& search();
  void showTargets();
  void showState();
  void take(const Command& command);
  void askForPlan();
  void showPlan(const Command& command);
  void showPlaces();
  void chosen(int purpose, const QString& id);
  void forgetAfterQuestion();

  EngineDesk& m_engine;
  Settings& m_settings;
  NodesPanel* m_panel;
  QWidget* m_frame;
  QComboBox* m_targets;
  QPointer<SearchBox> m_search;
  QPointer<PlanDialog> m_plan;
  DocumentTab* m_tab = nullptr;
};

}  // namespace millrace::workbench
