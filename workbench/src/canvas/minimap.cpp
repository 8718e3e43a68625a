#include "canvas/minimap.hpp"

#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <array>

#include "canvas/canvas_view.hpp"
#include "canvas/theme.hpp"

namespace millrace::workbench {
namespace {

constexpr QSize mapSize{180, 112};
constexpr int mapMargin = 12;

}  // namespace

Minimap::Minimap(CanvasView& view) : QWidget{view.viewport()}, m_view{view} {
  resize(mapSize);
  hide();
  connect(&view, &CanvasView::viewChanged, this, &Minimap::settle);
  connect(&view.canvas(), &QGraphicsScene::changed, this, &Minimap::settle);
}

void Minimap::setWanted(bool isWanted) {
  m_isWanted = isWanted;
  settle();
}

void Minimap::settle() {
  const auto room = m_view.viewport()->rect();
  const auto seen = m_view.mapToScene(room).boundingRect();
  const auto all = m_view.canvas().nodesRect();
  if (!m_isWanted || all.isEmpty() || seen.contains(all)) {
    hide();
    return;
  }
  const int right = room.width() - mapSize.width() - mapMargin;
  const int bottom = room.height() - mapSize.height() - mapMargin;
  const std::array corners{QPoint{right, bottom}, QPoint{mapMargin, bottom}, QPoint{right, mapMargin},
                           QPoint{mapMargin, mapMargin}};
  const auto isFree = [this](QPoint corner) {
    const auto items = m_view.items(QRect{corner, mapSize}.adjusted(-6, -6, 6, 6));
    return std::ranges::none_of(items, [](const auto* item) { return item->type() != WireItem::Type; });
  };
  const auto* corner = std::ranges::find_if(corners, isFree);
  setVisible(corner != corners.end());
  if (corner != corners.end()) move(*corner);
  update();
}

QTransform Minimap::toMap() const {
  const auto seen = m_view.mapToScene(m_view.viewport()->rect()).boundingRect();
  const auto all = m_view.canvas().nodesRect().united(seen);
  const double scale = std::min((width() - 12) / all.width(), (height() - 12) / all.height());
  QTransform t;
  t.translate(width() / 2.0, height() / 2.0);
  t.scale(scale, scale);
  t.translate(-all.center().x(), -all.center().y());
  return t;
}

void Minimap::paintEvent(QPaintEvent* /*event*/) {
  const auto& theme = Theme::current();
  QPainter painter{this};
  painter.setPen(theme.nodeBorder);
  painter.setBrush(theme.panel);
  painter.drawRect(rect().adjusted(0, 0, -1, -1));
  painter.setTransform(toMap());
  painter.setPen(Qt::NoPen);
  for (const auto& actor : m_view.canvas().document().spec().actors) {
    const auto* node = m_view.canvas().node(actor.name);
    if (node == nullptr || !node->isVisible()) continue;
    const auto& figures = node->content().figures;
    painter.setBrush(figures ? theme.of(figures->health) : theme.textDim);
    painter.drawRect(node->sceneBoundingRect());
  }
  painter.setBrush(theme.textDim);
  for (const auto& [title, group] : m_view.canvas().document().layout().groups) {
    const auto* item = m_view.canvas().group(title);
    if (group.isCollapsed && item != nullptr) painter.drawRect(item->frame());
  }
  QPen frame{theme.text, 1};
  frame.setCosmetic(true);
  painter.setPen(frame);
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(m_view.mapToScene(m_view.viewport()->rect()).boundingRect());
}

void Minimap::mousePressEvent(QMouseEvent* event) {
  m_view.centerOn(toMap().inverted().map(event->position()));
}

void Minimap::mouseMoveEvent(QMouseEvent* event) {
  if (event->buttons() & Qt::LeftButton) mousePressEvent(event);
}

}  // namespace millrace::workbench
