#include "panels/watermark_view.hpp"

#include <QPainter>
#include <algorithm>

#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double labelWidth = 150, valueWidth = 80, rowHeight = 22, top = 22;

}  // namespace

WatermarkView::WatermarkView(QWidget* parent) : QWidget{parent} {
  setAccessibleName(tr("Watermarks"));
}

void WatermarkView::show(const RunFigures* run) {
  m_rows.clear();
  if (run != nullptr) {
    for (const auto& [name, f] : run->actors) {
      if (f.behindMs) m_rows.push_back({name, *f.behindMs});
    }
  }
  std::ranges::stable_sort(m_rows, std::ranges::greater{}, &Row::behindMs);
  QStringList words;
  for (const auto& row : m_rows) words << tr("%1 %2 behind").arg(toQt(row.actor), millisecondsText(row.behindMs));
  setAccessibleDescription(words.join(QStringLiteral(", ")));
  if (isVisible()) update();
}

void WatermarkView::paintEvent(QPaintEvent* /*event*/) {
  const auto& theme = Theme::current();
  QPainter painter{this};
  painter.setFont(ownFont(11));
  painter.setPen(theme.textDim);
  if (m_rows.empty()) {
    painter.drawText(rect(), Qt::AlignCenter, tr("no event times yet"));
    return;
  }
  painter.drawText(QRectF{labelWidth, 0, width() - labelWidth, top}, Qt::AlignLeft | Qt::AlignVCenter,
                   tr("event time behind the producer that has come furthest"));
  const double room = width() - labelWidth - valueWidth;
  const double largest = std::max(1.0, m_rows.front().behindMs);
  double y = top;
  std::size_t shown = 0;
  for (const auto& row : m_rows) {
    if (y + 2 * rowHeight > height() && shown + 1 < m_rows.size()) break;
    const auto name =
        painter.fontMetrics().elidedText(toQt(row.actor), Qt::ElideRight, static_cast<int>(labelWidth) - 12);
    painter.setPen(theme.text);
    painter.drawText(QRectF{0, y, labelWidth - 12, rowHeight}, Qt::AlignRight | Qt::AlignVCenter, name);
    const double length = room * row.behindMs / largest;
    painter.fillRect(QRectF{labelWidth, y + 6, std::max(1.0, length), rowHeight - 12},
                     theme.ofFill(row.behindMs / largest));
    painter.drawText(QRectF{labelWidth + std::max(1.0, length) + 8, y, valueWidth, rowHeight}, Qt::AlignVCenter,
                     millisecondsText(row.behindMs));
    y += rowHeight;
    ++shown;
  }
  if (shown == m_rows.size()) return;
  painter.setPen(theme.textDim);
  painter.drawText(QRectF{labelWidth, y, room, rowHeight}, Qt::AlignVCenter,
                   tr("and %1 that are less behind").arg(m_rows.size() - shown));
}

}  // namespace millrace::workbench
