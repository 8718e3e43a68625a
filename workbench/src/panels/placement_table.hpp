#pragma once

#include <QTableWidget>
#include <vector>

#include "core/nodes_model.hpp"
#include "core/topology_layout.hpp"

namespace millrace::workbench {

/// Where actors run, as a table of boxes: a column a node, a row an actor, and above them one for all that have no
/// place of their own. With several boxes in a row partitions take turns; with none an actor follows the first row,
/// whose nodes are dots there. What is ticked goes out as a wish; the table shows what it is given. Thread: GUI.
class PlacementTable final : public QTableWidget {
  Q_OBJECT

public:
  explicit PlacementTable(QWidget* parent = nullptr);

  /// Nodes that the drawing names and nobody knows get a column, too.
  void show(const std::vector<std::string>& actors, const std::vector<NodeFacts>& nodes, const TopologyLayout& layout);
  /// Whether there is anything to choose.
  [[nodiscard]] bool hasChoice() const { return columnCount() > 1; }

Q_SIGNALS:
  /// `actor` empty: all that have no place of their own.
  void wanted(const std::string& actor, const std::vector<std::string>& nodes);

private:
  void addColumns(const std::vector<NodeFacts>& nodes, const TopologyLayout& layout);
  void fillRow(int row, const std::vector<std::string>& own, const std::vector<std::string>& followed);
  void tell(const QTableWidgetItem& ticked);

  std::vector<std::string> m_actors;               // by row, after the first
  std::vector<std::string> m_nodes;                // by column
  std::vector<std::vector<std::string>> m_chosen;  // by row, in the order in which partitions take turns
};

}  // namespace millrace::workbench
