#include "panels/health_icon.hpp"

#include <QPainter>

#include "canvas/node_painter.hpp"

namespace millrace::workbench {

QIcon healthIcon(Health health) {
  constexpr int size = 12;
  QIcon icon;
  for (const int scale : {1, 2}) {
    QPixmap pixmap{size * scale, size * scale};
    pixmap.setDevicePixelRatio(scale);
    pixmap.fill(Qt::transparent);
    QPainter painter{&pixmap};
    painter.setRenderHint(QPainter::Antialiasing);
    paintHealth(painter, {size / 2.0, size / 2.0}, 4.6, health, Theme::current());
    icon.addPixmap(pixmap);
  }
  return icon;
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
