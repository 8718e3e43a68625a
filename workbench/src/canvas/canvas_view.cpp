#include "canvas/canvas_view.hpp"

#include <QDragEnterEvent>
#include <QMimeData>
#include <QPainter>
#include <QScrollBar>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "canvas/minimap.hpp"
#include "canvas/node_painter.hpp"
#include "canvas/theme.hpp"
#include "core/nodes_model.hpp"

namespace millrace::workbench {
namespace {

constexpr double gridPitch = 24;
constexpr double gridFromZoom = 0.5;
constexpr double fitMargin = 36;
constexpr double nudgeStep = 8;

}  // namespace

CanvasView::CanvasView(CanvasScene& scene, QWidget* parent)
    : QGraphicsView{&scene, parent}, m_canvas{scene}, m_minimap{new Minimap{*this}} {
  setViewportUpdateMode(FullViewportUpdate);
  setOptimizationFlags(DontSavePainterState | DontAdjustForAntialiasing);
  setRenderHint(QPainter::Antialiasing);
  setTransformationAnchor(AnchorUnderMouse);
  setDragMode(RubberBandDrag);
  setAcceptDrops(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Canvas"));
  setAccessibleDescription(tr("The topology as a drawing; the Outline shows the same as a table"));
}

void CanvasView::zoomTo(double zoom) {
  zoom = std::clamp(zoom, zoomMin, zoomMax);
  setTransform(QTransform::fromScale(zoom, zoom));
  setRenderHint(QPainter::Antialiasing, zoom >= detailedFrom);
  Q_EMIT viewChanged();
}

void CanvasView::zoomBy(double factor) {
  zoomTo(zoom() * factor);
}

void CanvasView::fit(const QRectF& rect) {
  if (rect.isEmpty()) {
    zoomTo(1);
    centerOn(0, 0);
    return;
  }
  const auto wanted = rect.adjusted(-fitMargin, -fitMargin, fitMargin, fitMargin);
  const auto room = QSizeF{viewport()->size()};
  zoomTo(std::min({1.0, room.width() / wanted.width(), room.height() / wanted.height()}));
  centerOn(wanted.center());
}

void CanvasView::fitAll() {
  fit(m_canvas.nodesRect());
}

void CanvasView::fitSelection() {
  QRectF rect;
  for (const auto* item : m_canvas.selectedItems()) rect |= item->sceneBoundingRect();
  if (!rect.isEmpty()) fit(rect);
}

void CanvasView::centreOn(const std::string& actor) {
  const auto* item = m_canvas.standIn(actor);
  if (item == nullptr) return;
  if (zoom() < detailedFrom) zoomTo(1);
  centerOn(item->sceneBoundingRect().center());
}

void CanvasView::showSelection() {
  QRectF rect;
  for (const auto* item : m_canvas.selectedItems()) rect |= item->sceneBoundingRect();
  if (rect.isEmpty()) return;
  if (zoom() < detailedFrom) zoomTo(1);
  centerOn(rect.center());
}

QPointF CanvasView::placeForNew() const {
  const QPointF half{NodeGeometry::width / 2, NodeGeometry::heightMin / 2};
  const auto pointer = viewport()->mapFromGlobal(QCursor::pos());
  const auto at = viewport()->underMouse() ? pointer : viewport()->rect().center();
  return mapToScene(at) - half;
}

void CanvasView::setMinimapShown(bool isShown) {
  m_minimap->setWanted(isShown);
}

void CanvasView::wheelEvent(QWheelEvent* event) {
  if (event->modifiers() & Qt::ShiftModifier) {
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() - event->angleDelta().y());
    return;
  }
  // A notch of the wheel is 120 eighths of a degree; four notches double the size.
  zoomBy(std::exp2(event->angleDelta().y() / 480.0));
}

void CanvasView::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && m_isSpaceHeld)) {
    m_isPanning = m_isSpaceUsed = true;
    m_panFrom = event->pos();
    viewport()->setCursor(Qt::ClosedHandCursor);
    return;
  }
  QGraphicsView::mousePressEvent(event);
}

void CanvasView::mouseMoveEvent(QMouseEvent* event) {
  if (m_isPanning) {
    const auto by = event->pos() - m_panFrom;
    m_panFrom = event->pos();
    horizontalScrollBar()->setValue(horizontalScrollBar()->value() - by.x());
    verticalScrollBar()->setValue(verticalScrollBar()->value() - by.y());
    return;
  }
  QGraphicsView::mouseMoveEvent(event);
}

void CanvasView::mouseReleaseEvent(QMouseEvent* event) {
  if (m_isPanning) {
    m_isPanning = false;
    viewport()->unsetCursor();
    return;
  }
  QGraphicsView::mouseReleaseEvent(event);
}

void CanvasView::keyPressEvent(QKeyEvent* event) {
  const double step = event->modifiers() & Qt::ShiftModifier ? nudgeStep * 4 : nudgeStep;
  switch (event->key()) {
    case Qt::Key_Space:
      if (!event->isAutoRepeat()) m_isSpaceUsed = false;
      m_isSpaceHeld = true;
      return;
    case Qt::Key_Left:
      m_canvas.nudge({-step, 0});
      return;
    case Qt::Key_Right:
      m_canvas.nudge({step, 0});
      return;
    case Qt::Key_Up:
      m_canvas.nudge({0, -step});
      return;
    case Qt::Key_Down:
      m_canvas.nudge({0, step});
      return;
    case Qt::Key_Escape:
      m_canvas.clearSelection();
      return;
    default:
      QGraphicsView::keyPressEvent(event);
  }
}

void CanvasView::keyReleaseEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
    if (m_isSpaceHeld && !m_isSpaceUsed) Q_EMIT spaceTapped();
    m_isSpaceHeld = false;
  }
  QGraphicsView::keyReleaseEvent(event);
}

NodeItem* CanvasView::nodeBelow(const QDropEvent& event) const {
  for (auto* item : items(event.position().toPoint())) {
    if (item->type() == NodeItem::Type) return static_cast<NodeItem*>(item);
  }
  return nullptr;
}

void CanvasView::dragEnterEvent(QDragEnterEvent* event) {
  const auto* mime = event->mimeData();
  if (mime->hasFormat(QLatin1String(actorTypeMime)) || mime->hasFormat(QLatin1String(NodesModel::nodeMime))) {
    event->acceptProposedAction();
  }
}

void CanvasView::dragMoveEvent(QDragMoveEvent* event) {
  const bool isNode = event->mimeData()->hasFormat(QLatin1String(NodesModel::nodeMime));
  // Only what would be done when it is let go there.
  if (isNode ? nodeBelow(*event) != nullptr : event->mimeData()->hasFormat(QLatin1String(actorTypeMime))) {
    event->acceptProposedAction();
  } else {
    event->ignore();
  }
}

void CanvasView::dropEvent(QDropEvent* event) {
  const auto node = QString::fromUtf8(event->mimeData()->data(QLatin1String(NodesModel::nodeMime)));
  if (!node.isEmpty()) {
    const auto* below = nodeBelow(*event);
    if (below == nullptr) return;
    event->acceptProposedAction();
    Q_EMIT nodeDropped(node, below->content().name);
    return;
  }
  const auto type = QString::fromUtf8(event->mimeData()->data(QLatin1String(actorTypeMime)));
  if (type.isEmpty()) return;
  event->acceptProposedAction();
  const QPointF half{NodeGeometry::width / 2, NodeGeometry::heightMin / 2};
  Q_EMIT typeDropped(type, mapToScene(event->position().toPoint()) - half);
}

void CanvasView::resizeEvent(QResizeEvent* event) {
  QGraphicsView::resizeEvent(event);
  Q_EMIT viewChanged();
}

void CanvasView::scrollContentsBy(int dx, int dy) {
  QGraphicsView::scrollContentsBy(dx, dy);
  Q_EMIT viewChanged();
}

void CanvasView::drawBackground(QPainter* painter, const QRectF& rect) {
  const auto& theme = Theme::current();
  painter->fillRect(rect, theme.canvas);
  if (zoom() < gridFromZoom) return;
  QVector<QPointF> dots;
  for (double x = std::floor(rect.left() / gridPitch) * gridPitch; x < rect.right(); x += gridPitch) {
    for (double y = std::floor(rect.top() / gridPitch) * gridPitch; y < rect.bottom(); y += gridPitch)
      dots << QPointF{x, y};
  }
  painter->setPen(QPen{theme.grid, 1.5});
  painter->drawPoints(dots.constData(), static_cast<int>(dots.size()));
}

/// Over an empty canvas: what to do first.
void CanvasView::paintEvent(QPaintEvent* event) {
  QGraphicsView::paintEvent(event);
  if (!m_canvas.document().spec().actors.empty()) return;
  QPainter painter{viewport()};
  const auto& theme = Theme::current();
  const auto middle = viewport()->rect();
  painter.setFont(ownFont(18, true));
  painter.setPen(theme.text);
  painter.drawText(middle.adjusted(0, -32, 0, -32), Qt::AlignCenter, tr("Press Tab to add an actor"));
  painter.setFont(ownFont(13));
  painter.setPen(theme.textDim);
  painter.drawText(middle, Qt::AlignCenter,
                   tr("or drag one here from the palette · Ctrl+E opens an example · Ctrl+O a file"));
}

}  // namespace millrace::workbench
