// What the mouse does on the canvas: moving what is selected, opening groups, and pulling wires from port to port.

#include <QGraphicsSceneMouseEvent>
#include <QGraphicsView>
#include <QPainter>
#include <utility>

#include "canvas/canvas_scene.hpp"
#include "canvas/node_painter.hpp"
#include "canvas/snap_guides.hpp"
#include "canvas/theme.hpp"
#include "core/layout_edits.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// A dragged node snaps to others that are this near, in canvas units, else to the grid.
constexpr double snapReach = 5;
constexpr double snapGrid = 8;
/// More nodes than anybody aligns with at once.
constexpr std::size_t snapOthersMax = 500;

bool isMovable(const QGraphicsItem& item) {
  return item.type() == NodeItem::Type || item.type() == GroupItem::Type || item.type() == CommentItem::Type;
}

QRectF boxOf(const QGraphicsItem& item) {
  if (item.type() == NodeItem::Type) return {item.pos(), static_cast<const NodeItem&>(item).geometry().size()};
  if (item.type() == GroupItem::Type) return static_cast<const GroupItem&>(item).frame();
  return {item.pos(), item.boundingRect().size()};
}

void moveComment(EditBuilder& edit, const std::string& id, QPointF place) {
  edit.setComment(id, Comment{place, edit.drawing().layout.comments.at(id).text});
}

}  // namespace

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
        return streamRefusal(m_document.spec(), m_catalogue, m_document.records(), stream);
      });
      event->accept();
      return;
    }
  }
  QGraphicsScene::mousePressEvent(event);
  if (event->button() == Qt::LeftButton && over != nullptr &&
      lettersBadge(over->content()).contains(over->mapFromScene(event->scenePos()))) {
    Q_EMIT lettersWanted(over->content().name);
    return;
  }
  auto* grabbed = mouseGrabberItem();
  if (event->button() == Qt::LeftButton && grabbed != nullptr && grabbed->type() == WireItem::Type) {
    Q_EMIT wireClicked(static_cast<WireItem*>(grabbed)->stream());
    return;
  }
  if (event->button() != Qt::LeftButton || grabbed == nullptr || !isMovable(*grabbed)) return;
  if (grabbed->type() == GroupItem::Type && GroupItem::sign().contains(grabbed->mapFromScene(event->scenePos()))) {
    const auto& content = static_cast<GroupItem*>(grabbed)->content();
    m_document.push(collapsing(m_document, {content.title}, !content.isCollapsed));
    return;
  }
  beginMove(*grabbed, event->scenePos());
}

void CanvasScene::mouseDoubleClickEvent(QGraphicsSceneMouseEvent* event) {
  QGraphicsScene::mouseDoubleClickEvent(event);
  const auto here = items(event->scenePos());
  if (event->button() == Qt::LeftButton && !here.isEmpty() && isMovable(*here.front())) Q_EMIT editingWanted();
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
  if (m_move && (event->buttons() & Qt::LeftButton)) moveTo(event->scenePos());
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
  if (event->button() == Qt::LeftButton) endMove();
}

void CanvasScene::beginMove(QGraphicsItem& grabbed, QPointF pointer) {
  m_move = Move{&grabbed, pointer, {}, {}, {}};
  for (const auto& actor : meantActors()) m_move->origins[node(actor)] = node(actor)->pos();
  for (const auto& title : selectedGroups()) m_move->origins[group(title)] = group(title)->pos();
  for (const auto& id : selectedComments()) m_move->origins[comment(id)] = comment(id)->pos();
  m_move->origins.try_emplace(&grabbed, grabbed.pos());
  for (const auto& [name, item] : m_nodes) {
    if (m_move->others.size() == snapOthersMax) break;
    if (item->isVisible() && !m_move->origins.contains(item)) m_move->others.push_back(boxOf(*item));
  }
}

void CanvasScene::moveTo(QPointF pointer) {
  const auto origin = m_move->origins.at(m_move->grabbed);
  auto box = boxOf(*m_move->grabbed);
  box.moveTopLeft(origin + pointer - m_move->pointer);
  const auto snap = snapBox(box, m_move->others, snapReach, snapGrid);
  const auto step = snap.corner - origin;
  for (const auto& [item, from] : m_move->origins) {
    if (item->type() != GroupItem::Type) item->setPos(from + step);
  }
  placeGroups();
  placeWires();
  m_move->guides = snap.guides;
  update();
}

/// What was dragged becomes one step of undo.
void CanvasScene::endMove() {
  if (!m_move) return;
  const auto moved = std::exchange(m_move, std::nullopt)->origins;
  update();
  auto edit = m_document.edit();
  for (const auto& [item, origin] : moved) {
    if (item->type() == NodeItem::Type) edit.move(static_cast<NodeItem*>(item)->content().name, item->pos());
    if (item->type() == CommentItem::Type) moveComment(edit, static_cast<CommentItem*>(item)->id(), item->pos());
  }
  m_document.push(edit.take(QStringLiteral("Move")));
}

void CanvasScene::nudge(QPointF step) {
  auto edit = m_document.edit();
  for (const auto& name : meantActors()) edit.move(name, node(name)->pos() + step);
  for (const auto& id : selectedComments()) moveComment(edit, id, comment(id)->pos() + step);
  m_document.push(edit.take(QStringLiteral("Nudge")));
}

void CanvasScene::drawForeground(QPainter* painter, const QRectF& /*rect*/) {
  const double pixel = 1 / painter->worldTransform().m11();
  if (m_deployed) paintRemoved(*painter);
  if (m_drag) m_drag->paint(*painter, pixel);
  if (!m_move) return;
  painter->setPen(QPen{Theme::current().accent, pixel});
  for (const auto& line : m_move->guides) painter->drawLine(line);
}

}  // namespace millrace::workbench
