#include "panels/placement_table.hpp"

#include <QHeaderView>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/text.hpp"
#include "panels/health_icon.hpp"

namespace millrace::workbench {
namespace {

/// More rows are scrolled to.
constexpr int rowsShown = 6;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

PlacementTable::PlacementTable(QWidget* parent) : QTableWidget{parent} {
  setAccessibleName(tr("Where actors run"));
  setSelectionMode(QAbstractItemView::SingleSelection);
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setTabKeyNavigation(false);
  setShowGrid(false);
  horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  horizontalHeader()->setMinimumSectionSize(84);
  verticalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  connect(this, &QTableWidget::itemChanged, this, [this](const QTableWidgetItem* item) { tell(*item); });
}

void PlacementTable::show(const std::vector<std::string>& actors, const std::vector<NodeFacts>& nodes,
                          const TopologyLayout& layout) {
  const QSignalBlocker quiet{this};
  const auto row = currentRow(), column = currentColumn();
  clear();
  m_actors = actors;
  addColumns(nodes, layout);
  setRowCount(static_cast<int>(actors.size()) + 1);
  QStringList names{tr("all others")};
  for (const auto& actor : actors) names << toQt(actor);
  setVerticalHeaderLabels(names);
  verticalHeaderItem(0)->setToolTip(tr("Actors without a place of their own; none ticked: where it is deployed"));
  m_chosen = {layout.nodes};
  for (const auto& actor : actors) {
    const auto pins = layout.pins.find(actor);
    m_chosen.push_back(pins == layout.pins.end() ? std::vector<std::string>{} : pins->second);
  }
  for (int i = 0; i < rowCount(); ++i) {
    fillRow(i, m_chosen[static_cast<std::size_t>(i)], i == 0 ? std::vector<std::string>{} : layout.nodes);
  }
  setCurrentCell(std::clamp(row, 0, rowCount() - 1), std::clamp(column, 0, std::max(0, columnCount() - 1)));
  const int rows = std::min(rowCount(), rowsShown);
  setFixedHeight(horizontalHeader()->sizeHint().height() + rows * verticalHeader()->defaultSectionSize() +
                 2 * frameWidth() + 4);
}

void PlacementTable::addColumns(const std::vector<NodeFacts>& nodes, const TopologyLayout& layout) {
  m_nodes.clear();
  std::vector<std::string> named = layout.nodes;
  for (const auto& [actor, pins] : layout.pins) named.insert(named.end(), pins.begin(), pins.end());
  for (const auto& node : nodes) m_nodes.push_back(toStd(node.name));
  for (const auto& name : named) {
    if (!has(m_nodes, name)) m_nodes.push_back(name);
  }
  setColumnCount(static_cast<int>(m_nodes.size()));
  for (std::size_t i = 0; i < m_nodes.size(); ++i) {
    auto* header = new QTableWidgetItem{toQt(m_nodes[i])};
    if (i < nodes.size()) {
      header->setIcon(healthIcon(nodes[i].health));
      header->setToolTip(nodes[i].problem.isEmpty() ? nodes[i].state : nodes[i].problem);
    } else if (toQt(m_nodes[i]).contains(QLatin1Char('='))) {
      header->setToolTip(tr("all nodes with this label"));
    } else {
      header->setIcon(healthIcon(Health::Warning));
      header->setToolTip(tr("the target does not know this node"));
    }
    setHorizontalHeaderItem(static_cast<int>(i), header);
  }
}

void PlacementTable::fillRow(int row, const std::vector<std::string>& own, const std::vector<std::string>& followed) {
  const auto actor = verticalHeaderItem(row)->text();
  for (std::size_t i = 0; i < m_nodes.size(); ++i) {
    const bool isOn = has(own, m_nodes[i]);
    const bool isFollowed = own.empty() && has(followed, m_nodes[i]);
    auto* item = new QTableWidgetItem{isFollowed ? QStringLiteral("•") : QString{}};
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
    item->setCheckState(isOn ? Qt::Checked : Qt::Unchecked);
    item->setForeground(Theme::current().textDim);
    item->setData(Qt::AccessibleTextRole, tr("%1 on %2%3")
                                              .arg(actor, toQt(m_nodes[i]),
                                                   isOn         ? tr(": yes")
                                                   : isFollowed ? tr(": as all others")
                                                                : tr(": no")));
    setItem(row, static_cast<int>(i), item);
  }
}

/// Those that were there keep their turns, whatever the order of the columns.
void PlacementTable::tell(const QTableWidgetItem& ticked) {
  const auto row = static_cast<std::size_t>(ticked.row());
  const auto& node = m_nodes[static_cast<std::size_t>(ticked.column())];
  auto nodes = m_chosen[row];
  std::erase(nodes, node);
  if (ticked.checkState() == Qt::Checked) nodes.push_back(node);
  m_chosen[row] = nodes;
  Q_EMIT wanted(row == 0 ? std::string{} : m_actors[row - 1], nodes);
}

}  // namespace millrace::workbench
