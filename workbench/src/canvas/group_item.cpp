#include "canvas/group_item.hpp"

#include <QPainter>
#include <QStyleOptionGraphicsItem>
#include <algorithm>

#include "canvas/node_geometry.hpp"
#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double padding = 20;
constexpr double titleHeight = 30;
constexpr double corner = 8;
/// From far away the title keeps its size on the screen, up to the frame's width.
constexpr double titlePixelsMin = 11;

}  // namespace

GroupItem::GroupItem(GroupContent content) {
  setFlags(ItemIsSelectable);
  setContent(std::move(content));
}

void GroupItem::setContent(GroupContent content) {
  m_content = std::move(content);
  setZValue(m_content.isCollapsed ? 1 : -2);
  update();
}

void GroupItem::surround(const QRectF& nodes) {
  const auto frame = m_content.isCollapsed
                         ? QRectF{nodes.topLeft(), QSizeF{NodeGeometry::width, NodeGeometry::heightMin}}
                         : nodes.adjusted(-padding, -padding - titleHeight, padding, padding);
  if (frame.size() != m_size) prepareGeometryChange();
  m_size = frame.size();
  setPos(frame.topLeft());
}

QPointF GroupItem::anchor(bool isOutput) const {
  return pos() + QPointF{isOutput ? m_size.width() : 0, m_size.height() / 2};
}

QRectF GroupItem::sign() {
  return {8, 6, 18, 18};
}

QRectF GroupItem::titleBox() const {
  return m_content.isCollapsed ? QRectF{{}, m_size} : QRectF{0, 0, m_size.width(), titleHeight};
}

QRectF GroupItem::boundingRect() const {
  return QRectF{{}, m_size}.adjusted(-2, -2, 2, 2);
}

QPainterPath GroupItem::shape() const {
  QPainterPath path;
  path.addRect(titleBox());
  return path;
}

void GroupItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const auto& theme = Theme::current();
  const double detail = QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform());
  const QRectF box{{}, m_size};
  const auto border = isSelected() ? theme.accent : theme.nodeBorder;
  painter->setPen(QPen{border, isSelected() ? 2.0 : 1.0, m_content.isCollapsed ? Qt::SolidLine : Qt::DashLine});
  auto ground = m_content.isCollapsed ? theme.node : theme.panel;
  if (!m_content.isCollapsed) ground.setAlphaF(0.55F);
  painter->setBrush(ground);
  if (m_content.isCollapsed) {
    // A second edge behind the box: more lies below it.
    painter->drawRoundedRect(box.adjusted(4, 4, 0, 0), corner, corner);
    painter->drawRoundedRect(box.adjusted(0, 0, -4, -4), corner, corner);
  } else {
    painter->drawRoundedRect(box, corner, corner);
  }
  paintTitle(*painter, detail);
}

void GroupItem::paintTitle(QPainter& painter, double detail) const {
  const auto& theme = Theme::current();
  painter.setRenderHint(QPainter::Antialiasing, detail >= detailedFrom);
  const auto at = sign().center();
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme.textDim);
  if (m_content.isCollapsed) {
    painter.drawPolygon(QPolygonF{{at + QPointF{-3, -5}, at + QPointF{4, 0}, at + QPointF{-3, 5}}});
  } else {
    painter.drawPolygon(QPolygonF{{at + QPointF{-5, -3}, at + QPointF{5, -3}, at + QPointF{0, 4}}});
  }
  const double left = sign().right() + 4;
  double right = m_size.width() - 12;
  if (m_content.health) {
    paintHealth(painter, {right - 5, at.y()}, 5, *m_content.health, theme);
    right -= 20;
  }
  const auto font = ownFont(std::clamp(titlePixelsMin / detail, 13.0, titleHeight * 0.8), true);
  painter.setFont(font);
  painter.setPen(theme.text);
  const auto title = QFontMetricsF{font}.elidedText(toQt(m_content.title), Qt::ElideRight, right - left);
  painter.drawText(QRectF{left, sign().top(), right - left, sign().height()}, Qt::AlignLeft | Qt::AlignVCenter, title);
  if (!m_content.isCollapsed || detail < detailedFrom) return;
  painter.setFont(ownFont(11));
  painter.setPen(theme.textDim);
  painter.drawText(QPointF{14, 46}, m_content.actors == 1 ? QStringLiteral("1 actor")
                                                          : QStringLiteral("%1 actors").arg(m_content.actors));
}

}  // namespace millrace::workbench
