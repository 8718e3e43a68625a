#include "canvas/wire_item.hpp"

#include <QPainter>
#include <QStyleOptionGraphicsItem>
#include <algorithm>
#include <cmath>

#include "canvas/node_geometry.hpp"
#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double widthMin = 1.5;
constexpr double widthMax = 5;
constexpr double hotFill = 0.85;
constexpr double labelHeight = 16;
/// Of a label above its wire, and above the sign of a breakpoint.
constexpr double labelGap = 6;
constexpr double breakpointGap = 12;
/// Labels keep this far from both ports.
constexpr double labelClearance = NodeGeometry::portReach + 6;

double widthOf(double perSecond) {
  return std::min(widthMax, widthMin + 0.5 * std::log10(1 + std::max(0.0, perSecond)));
}

}  // namespace

WireItem::WireItem(stream_spec stream) : m_stream{std::move(stream)} {
  setFlags(ItemIsSelectable);
  setAcceptHoverEvents(true);
  setZValue(0);
}

QPainterPath WireItem::curve(QPointF from, QPointF to) {
  const double dx = to.x() - from.x();
  const double reach = dx > 0 ? std::max(24.0, dx / 2) : std::min(160.0, 60 - dx / 3);
  QPainterPath path{from};
  // Backwards it goes around below, where it can be told from the wires that go forwards.
  const QPointF sag{0, dx > 0 ? 0.0 : 120.0};
  path.cubicTo(from + QPointF{reach, 0} + sag, to - QPointF{reach, 0} + sag, to);
  return path;
}

void WireItem::setEnds(QPointF from, QPointF to) {
  if (from == m_from && to == m_to) return;
  prepareGeometryChange();
  m_from = from;
  m_to = to;
  m_path = curve(from, to);
}

void WireItem::setLoad(std::optional<WireLoad> load) {
  m_load = load;
  update();
}

void WireItem::setChange(std::optional<ChangeKind> change) {
  m_change = change;
  update();
}

void WireItem::setBreakpoint(bool isSet, int standing) {
  if (isSet == m_hasBreakpoint && standing == m_standing) return;
  m_hasBreakpoint = isSet;
  m_standing = standing;
  update();
}

QRectF WireItem::boundingRect() const {
  const auto curved = m_path.boundingRect();
  return curved.adjusted(-6, -6 - labelHeight, 6, 6).united(QRectF{curved.center() - QPointF{70, 70}, QSizeF{140, 90}});
}

QPainterPath WireItem::shape() const {
  QPainterPathStroker stroker;
  stroker.setWidth(12);
  return stroker.createStroke(m_path);
}

QPen WireItem::pen() const {
  const auto& theme = Theme::current();
  if (m_change) return {theme.of(*m_change), 3};
  if (!m_load || m_load->isStale) return {isSelected() ? theme.accent : theme.wire, isSelected() ? 2.5 : 1.6};
  QPen pen{theme.ofFill(m_load->fill), widthOf(m_load->perSecond)};
  if (m_load->fill >= hotFill) pen.setDashPattern({4, 2});
  return pen;
}

void WireItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const double detail = QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform());
  painter->setBrush(Qt::NoBrush);
  if (isSelected() && m_load) {
    painter->setPen(QPen{Theme::current().selection, widthOf(m_load->perSecond) + 5});
    painter->drawPath(m_path);
  }
  auto stroke = pen();
  if (m_isHovered) stroke.setWidthF(stroke.widthF() + 1);
  painter->setPen(stroke);
  painter->drawPath(m_path);
  if (m_hasBreakpoint) paintBreak(*painter, m_path.pointAtPercent(0.5), m_standing > 0, Theme::current());
  if (detail >= detailedFrom) paintLabel(*painter);
}

QString WireItem::label() const {
  if (!m_load) return isSelected() || m_isHovered ? toQt(m_stream.from_port + " → " + m_stream.to_port) : QString{};
  if (!isSelected() && !m_isHovered && m_load->fill < hotFill) return {};
  return QStringLiteral("%1 · %2 % full").arg(rateText(m_load->perSecond)).arg(std::lround(m_load->fill * 100));
}

void WireItem::paintLabel(QPainter& painter) const {
  const auto words = label();
  if (words.isEmpty()) return;
  const auto font = ownFont(11);
  const double width = QFontMetricsF{font}.horizontalAdvance(words) + 10;
  const auto middle = m_path.pointAtPercent(0.5);
  const double gap = m_hasBreakpoint ? breakpointGap : labelGap;
  QRectF box{middle.x() - width / 2, middle.y() - labelHeight - gap, width, labelHeight};
  // Where the wire is too short for its label, the label goes above both nodes' first rows instead of over their ports.
  const bool isCovering = box.left() < m_from.x() + labelClearance || box.right() > m_to.x() - labelClearance;
  if (isCovering) box.moveBottom(std::min(m_from.y(), m_to.y()) - 44);
  const auto& theme = Theme::current();
  painter.setPen(QPen{theme.nodeBorder, 1});
  painter.setBrush(theme.panel);
  painter.drawRoundedRect(box, 3, 3);
  painter.setFont(font);
  painter.setPen(theme.text);
  painter.drawText(box, Qt::AlignCenter, words);
}

void WireItem::hoverEnterEvent(QGraphicsSceneHoverEvent* /*event*/) {
  m_isHovered = true;
  setZValue(0.5);  // above other wires, and not above nodes: who presses there means the node
  update();
}

void WireItem::hoverLeaveEvent(QGraphicsSceneHoverEvent* /*event*/) {
  m_isHovered = false;
  setZValue(0);
  update();
}

}  // namespace millrace::workbench
