#pragma once

#include <QPainter>
#include <QPointF>
#include <QRectF>

#include "canvas/node_item.hpp"
#include "canvas/theme.hpp"

namespace millrace::workbench {

/// The glyph of a health: a filled disc, a triangle, a square, or a ring for idle. State is never colour alone.
void paintHealth(QPainter& painter, QPointF centre, double radius, Health health, const Theme& theme);
/// A port's glyph; filled where it is wired.
void paintPort(QPainter& painter, QPointF centre, double radius, PortLook look, bool isFilled, const Theme& theme);

/// The sign of what became of something since it was deployed: plus, minus or tilde on a disc.
void paintChange(QPainter& painter, QPointF centre, ChangeKind change, const Theme& theme);

/// The sign of a breakpoint, two bars; on a disc that is filled while tasks stand there.
void paintBreak(QPainter& painter, QPointF centre, bool isStanding, const Theme& theme);

/// How a node is to look at this moment, apart from what it shows.
struct NodeMoment {
  double detail = 1;  ///< pixels a canvas unit
  bool isSelected = false, isHovered = false;
};

/// Below this the node takes its state's colour and a name that keeps its size on the screen.
inline constexpr double detailedFrom = 0.4;

/// Where a node shows how many dead letters its actor has, in its own coordinates; empty: it has none.
[[nodiscard]] QRectF lettersBadge(const NodeContent& content);

void paintNode(QPainter& painter, const NodeItem& node, const NodeMoment& moment);

}  // namespace millrace::workbench
