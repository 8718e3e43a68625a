#include "panels/tool_icons.hpp"

#include <QPainter>

#include "canvas/theme.hpp"
#include "panels/painted_icon.hpp"

namespace millrace::workbench {
namespace {

void draw(QPainter& p, ToolIcon icon, const Theme& theme) {
  QPen pen{theme.text, 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin};
  p.setPen(pen);
  switch (icon) {
    case ToolIcon::Run:
      pen.setColor(theme.accent);
      p.setPen(pen);
      p.drawPolygon(QPolygonF{{{5, 3.5}, {15, 9}, {5, 14.5}}});
      return;
    case ToolIcon::Pause:
      p.drawRect(QRectF{4, 4, 3.5, 10});
      p.drawRect(QRectF{10.5, 4, 3.5, 10});
      return;
    case ToolIcon::Stop:
      p.drawRect(QRectF{4, 4, 10, 10});
      return;
    case ToolIcon::Snapshot:
      p.drawRect(QRectF{2.5, 5, 13, 9.5});
      p.drawEllipse(QPointF{9, 9.8}, 2.6, 2.6);
      p.drawLine(QPointF{6.5, 5}, QPointF{7.5, 3});
      p.drawLine(QPointF{7.5, 3}, QPointF{10.5, 3});
      p.drawLine(QPointF{10.5, 3}, QPointF{11.5, 5});
      return;
    case ToolIcon::Layout:
      p.drawRect(QRectF{2, 6.5, 5, 5});
      p.drawRect(QRectF{11, 2.5, 5, 5});
      p.drawRect(QRectF{11, 10.5, 5, 5});
      p.drawPolyline(QPolygonF{{{7, 9}, {9, 9}, {9, 5}, {11, 5}}});
      p.drawPolyline(QPolygonF{{{9, 9}, {9, 13}, {11, 13}}});
      return;
    case ToolIcon::StopChaos:
      pen.setColor(theme.of(Health::Warning));
      p.setPen(pen);
      p.drawPolygon(QPolygonF{{{10, 2.5}, {4, 10}, {8.5, 10}, {7, 15.5}, {14, 8}, {9.5, 8}}});
      return;
    case ToolIcon::Fit:
      p.drawPolyline(QPolygonF{{{2.5, 6}, {2.5, 2.5}, {6, 2.5}}});
      p.drawPolyline(QPolygonF{{{12, 2.5}, {15.5, 2.5}, {15.5, 6}}});
      p.drawPolyline(QPolygonF{{{15.5, 12}, {15.5, 15.5}, {12, 15.5}}});
      p.drawPolyline(QPolygonF{{{6, 15.5}, {2.5, 15.5}, {2.5, 12}}});
      return;
  }
}

}  // namespace

QIcon toolIcon(ToolIcon icon) {
  return paintedIcon(18, [icon](QPainter& p) { draw(p, icon, Theme::current()); });
}

}  // namespace millrace::workbench
