// What the mouse does on the canvas: moving nodes, and pulling wires from port to port.

#include <QGraphicsSceneMouseEvent>
#include <QGraphicsView>
#include <QPainter>

#include "canvas/canvas_scene.hpp"
#include "core/text.hpp"

namespace millrace::workbench {

NodeItem* CanvasScene::nodeAt(QPointF place) const {
  for (auto* item : items(place)) {
    if (item->type() == NodeItem::Type) return static_cast<NodeItem*>(item);
  }
  return nullptr;
}

void CanvasScene::mousePressEvent(QGraphicsSceneMouseEvent* event) {
  auto* over = nodeAt(event->scenePos());
  if (event->button() == Qt::LeftButton && over != nullptr) {
    if (const auto port = over->portAt(over->mapFromScene(event->scenePos()))) {
      m_drag.emplace(*over, *port, [this](const stream_spec& stream) {
        return streamRefusal(m_document.spec(), m_catalogue, stream);
      });
      event->accept();
      return;
    }
  }
  m_isMoving = event->button() == Qt::LeftButton && over != nullptr;
  QGraphicsScene::mousePressEvent(event);
}

void CanvasScene::dragTo(QPointF place) {
  m_drag->moveTo(place, nodeAt(place));
  Q_EMIT hint(m_drag->refusal());
  update();
}

void CanvasScene::mouseMoveEvent(QGraphicsSceneMouseEvent* event) {
  if (m_drag) {
    dragTo(event->scenePos());
    event->accept();
    return;
  }
  QGraphicsScene::mouseMoveEvent(event);
  if (m_isMoving) placeWires();
}

void CanvasScene::mouseReleaseEvent(QGraphicsSceneMouseEvent* event) {
  if (m_drag && event->button() == Qt::LeftButton) {
    dragTo(event->scenePos());
    const auto stream = m_drag->result();
    m_drag.reset();
    Q_EMIT hint({});
    update();
    if (stream) {
      auto edit = m_document.edit();
      edit.addStream(*stream);
      m_document.push(
          edit.take(QStringLiteral("Connect %1 to %2").arg(toQt(stream->from_actor), toQt(stream->to_actor))));
    }
    event->accept();
    return;
  }
  QGraphicsScene::mouseReleaseEvent(event);
  if (m_isMoving) pushMoves();
  m_isMoving = false;
}

/// What was dragged becomes one step of undo.
void CanvasScene::pushMoves() {
  auto edit = m_document.edit();
  for (const auto& name : selectedActors()) edit.move(name, node(name)->pos());
  m_document.push(edit.take(QStringLiteral("Move")));
}

void CanvasScene::drawForeground(QPainter* painter, const QRectF& /*rect*/) {
  if (!m_drag) return;
  m_drag->paint(*painter, 1 / painter->worldTransform().m11());
}

}  // namespace millrace::workbench
