#pragma once

#include <QLineF>
#include <QRectF>
#include <vector>

namespace millrace::workbench {

/// What a dragged box snaps to: where its left upper corner goes, and the lines that say why.
struct Snap {
  QPointF corner;
  std::vector<QLineF> guides;
};

/// Snaps `moving` to edges and middles of the other boxes that are at most `reach` away, each direction by itself;
/// where none is, to the grid. Pure.
[[nodiscard]] Snap snapBox(const QRectF& moving, const std::vector<QRectF>& others, double reach, double grid);

}  // namespace millrace::workbench
