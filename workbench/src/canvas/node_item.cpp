#include "canvas/node_item.hpp"

#include <QGraphicsSceneHoverEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOptionGraphicsItem>
#include <cmath>

#include "canvas/node_painter.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

QString portText(const PortInfo& port) {
  const auto fields =
      port.record ? toQt(port.record->name + " (" + to_text(*port.record) + ")") : QStringLiteral("any record");
  return QStringLiteral("%1: %2").arg(toQt(port.name), fields);
}

}  // namespace

NodeItem::NodeItem(NodeContent content) {
  setFlags(ItemIsSelectable);
  setAcceptHoverEvents(true);
  setZValue(1);
  setContent(std::move(content));
}

void NodeItem::setContent(NodeContent content) {
  const NodeGeometry geometry{content.inputs.size(), content.outputs.size()};
  if (geometry.size() != m_geometry.size()) prepareGeometryChange();
  m_geometry = geometry;
  m_content = std::move(content);
  update();
}

void NodeItem::setFigures(const ActorFigures* figures, bool isStale) {
  if (figures == nullptr) {
    m_content.figures.reset();
  } else {
    m_content.figures = *figures;
  }
  m_content.isStale = isStale;
  update();
}

void NodeItem::setChange(std::optional<ChangeKind> change) {
  if (m_content.change == change) return;
  m_content.change = change;
  update();
}

void NodeItem::setFaulty(bool isFaulty) {
  if (m_content.isFaulty == isFaulty) return;
  m_content.isFaulty = isFaulty;
  update();
}

void NodeItem::setStanding(int tasks) {
  if (tasks == m_content.standing) return;
  m_content.standing = tasks;
  update();
}

QRectF NodeItem::boundingRect() const {
  constexpr double margin = NodeGeometry::portReach;
  return m_geometry.box().adjusted(-margin, -margin, margin, 2);
}

QPainterPath NodeItem::shape() const {
  QPainterPath path;
  path.addRect(boundingRect());
  return path;
}

void NodeItem::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const double detail = QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter->worldTransform());
  paintNode(*painter, *this, {detail, isSelected(), m_isHovered});
}

std::optional<PortRef> NodeItem::portAt(QPointF place) const {
  const auto isNear = [&](PortRef ref) {
    const auto d = portPlace(ref) - place;
    return isPortShown(ref) && std::hypot(d.x(), d.y()) <= NodeGeometry::portReach;
  };
  for (std::size_t i = 0; i < m_content.inputs.size(); ++i) {
    if (isNear({false, i})) return PortRef{false, i};
  }
  for (std::size_t i = 0; i < m_content.outputs.size(); ++i) {
    if (isNear({true, i})) return PortRef{true, i};
  }
  return std::nullopt;
}

QPointF NodeItem::portPlace(PortRef port) const {
  return port.isOutput ? m_geometry.output(port.index) : m_geometry.input(port.index);
}

const PortInfo& NodeItem::port(PortRef port) const {
  return port.isOutput ? m_content.outputs[port.index] : m_content.inputs[port.index];
}

QPointF NodeItem::anchorOf(const std::string& port, bool isOutput) const {
  const auto& ports = isOutput ? m_content.outputs : m_content.inputs;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].name == port) return mapToScene(portPlace({isOutput, i}));
  }
  return mapToScene(isOutput ? m_geometry.output(0) : m_geometry.input(0));
}

bool NodeItem::isPortShown(PortRef ref) const {
  if (!ref.isOutput || m_content.outputs[ref.index].name != deadPort) return true;
  return m_isHovered || isSelected() || m_content.isOutputWired[ref.index];
}

void NodeItem::hoverEnterEvent(QGraphicsSceneHoverEvent* /*event*/) {
  m_isHovered = true;
  update();
}

void NodeItem::hoverMoveEvent(QGraphicsSceneHoverEvent* event) {
  const auto ref = portAt(event->pos());
  setToolTip(ref ? portText(port(*ref)) : m_content.figures ? healthText(*m_content.figures) : QString{});
  setCursor(ref ? Qt::CrossCursor : Qt::ArrowCursor);
}

void NodeItem::hoverLeaveEvent(QGraphicsSceneHoverEvent* /*event*/) {
  m_isHovered = false;
  unsetCursor();
  update();
}

}  // namespace millrace::workbench
