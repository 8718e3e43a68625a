#include "panels/health_icon.hpp"

#include "canvas/node_painter.hpp"
#include "panels/painted_icon.hpp"

namespace millrace::workbench {

QIcon healthIcon(Health health) {
  return paintedIcon(12, [health](QPainter& p) { paintHealth(p, {6, 6}, 4.6, health, Theme::current()); });
}

void HealthDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  QStyledItemDelegate::initStyleOption(option, index);
  const auto health = index.data(m_role);
  if (!health.isValid()) return;
  option->features |= QStyleOptionViewItem::HasDecoration;
  option->icon = healthIcon(static_cast<Health>(health.toInt()));
  option->decorationSize = {12, 12};
}

}  // namespace millrace::workbench
