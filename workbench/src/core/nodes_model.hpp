#pragma once

#include <QAbstractItemModel>
#include <QString>
#include <QStringList>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/figures.hpp"

namespace millrace::workbench {

/// A node as the target knows it: itself, or one of its peers.
struct NodeFacts {
  QString name, address, version, fingerprint, labels;
  Health health = Health::Idle;
  QString state;    ///< "target", "linked", "not reached", …
  QString problem;  ///< of the link; empty: none
  bool isTarget = false;
  QStringList hosted;  ///< of the target: its topologies; of others: the target's that have tasks there
  QStringList tasks;   ///< "orders: sum/0"
  double roundTripMs = -1, bytesSent = 0, bytesReceived = 0, resent = 0, losses = 0;  ///< of the link; −1: none
};

/// From what a node answers to `node` and `peer_list`, the target first. What cannot be read is left out. Pure.
[[nodiscard]] std::vector<NodeFacts> readNodes(const nlohmann::json& node, const nlohmann::json& peers);
/// Puts to each node the tasks it runs; those without a node run on the target.
void addTasks(std::vector<NodeFacts>& nodes, const std::map<std::string, RunFigures>& runs);

/// The nodes of a target as a tree: a row a node, below it one for each task it runs. Thread: GUI.
class NodesModel final : public QAbstractItemModel {
  Q_OBJECT

public:
  enum Column { Name, State, Address, Version, Topologies, Tasks, RoundTrip, Traffic, Resent, ColumnCount };
  static constexpr int healthRole = Qt::UserRole + 1;  ///< Health as int
  /// What is dragged onto an actor: the node's name in UTF-8.
  static constexpr const char* nodeMime = "application/x-millrace-node";

  using QAbstractItemModel::QAbstractItemModel;
  void setNodes(std::vector<NodeFacts> nodes);
  [[nodiscard]] const std::vector<NodeFacts>& nodes() const noexcept { return m_nodes; }
  /// The node of a row, or of the task in it; empty: none.
  [[nodiscard]] QString nodeAt(const QModelIndex& index) const;

  [[nodiscard]] QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  [[nodiscard]] QModelIndex parent(const QModelIndex& child) const override;
  [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
  [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
  [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
  [[nodiscard]] QStringList mimeTypes() const override;
  [[nodiscard]] QMimeData* mimeData(const QModelIndexList& indexes) const override;

private:
  std::vector<NodeFacts> m_nodes;
};

}  // namespace millrace::workbench
