#pragma once

#include <QLabel>
#include <QTabWidget>
#include <QTimer>
#include <QTreeView>
#include <QWidget>

#include "core/nodes_model.hpp"
#include "engine/command_link.hpp"
#include "panels/access_panel.hpp"

namespace millrace::workbench {

/// The nodes of the target: how they are, who runs what, their links; and, behind further tabs, keys and the audit log.
/// A node is dragged onto an actor to place it there. What the engine is asked goes out as `wanted`, its answers come
/// in by `take`. Thread: GUI.
class NodesPanel final : public QWidget {
  Q_OBJECT

public:
  explicit NodesPanel(QWidget* parent = nullptr);

  /// Whether somebody is there to be asked; while nobody is, the last that was told stays, and `why` is said.
  void setReachable(bool isReachable, const QString& why);
  /// Another target: what was told of the one before goes.
  void clear();
  void setRuns(const std::map<std::string, RunFigures>& runs);
  void take(const Command& command);
  void refresh();
  /// Also while it is not seen: others want to know which nodes there are. `known` tells them.
  void ask();
  [[nodiscard]] NodesModel& model() noexcept { return *m_model; }
  [[nodiscard]] QTreeView& view() noexcept { return *m_view; }
  [[nodiscard]] AccessPanel& access() noexcept { return *m_access; }
  [[nodiscard]] QTabWidget& pages() noexcept { return *m_pages; }
  [[nodiscard]] QString message() const { return m_message->text(); }
  /// The node of the current row; empty: none.
  [[nodiscard]] QString currentNode() const { return m_model->nodeAt(m_view->currentIndex()); }

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);
  void addWanted();
  void inviteWanted();
  /// Nodes were told anew.
  void known();
  /// The selected actors are to run on this node.
  void placeWanted(const QString& node);

protected:
  void showEvent(QShowEvent* event) override;

private:
  void show();

  NodesModel* m_model;
  QTreeView* m_view;
  AccessPanel* m_access;
  QTabWidget* m_pages;
  QLabel* m_message;
  QTimer m_poll;
  std::vector<NodeFacts> m_facts;  // without tasks
  std::map<std::string, RunFigures> m_runs;
  nlohmann::json m_node;
  bool m_isReachable = false, m_isAsking = false;
};

}  // namespace millrace::workbench
