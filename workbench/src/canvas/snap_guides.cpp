#include "canvas/snap_guides.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace millrace::workbench {
namespace {

/// A box along one direction: where it begins, and how long it is; `side…` is the same across.
struct Extent {
  double begin, length, sideBegin, sideEnd;

  [[nodiscard]] std::array<double, 3> edges() const { return {begin, begin + length / 2, begin + length}; }
};

Extent across(const QRectF& r) {
  return {r.left(), r.width(), r.top(), r.bottom()};
}
Extent down(const QRectF& r) {
  return {r.top(), r.height(), r.left(), r.right()};
}

struct Hit {
  double offset, at, sideBegin, sideEnd;
};

/// The nearest of all pairs of like edges.
std::optional<Hit> nearest(const Extent& moving, const std::vector<QRectF>& others, Extent (*extentOf)(const QRectF&),
                           double reach) {
  std::optional<Hit> best;
  for (const auto& other : others) {
    const auto there = extentOf(other);
    for (std::size_t i = 0; i < 3; ++i) {
      const double offset = there.edges()[i] - moving.edges()[i];
      if (std::abs(offset) > (best ? std::abs(best->offset) - 1e-9 : reach)) continue;
      best = Hit{offset, there.edges()[i], std::min(there.sideBegin, moving.sideBegin),
                 std::max(there.sideEnd, moving.sideEnd)};
    }
  }
  return best;
}

double onGrid(double value, double grid) {
  return std::round(value / grid) * grid;
}

}  // namespace

Snap snapBox(const QRectF& moving, const std::vector<QRectF>& others, double reach, double grid) {
  Snap snap{{onGrid(moving.left(), grid), onGrid(moving.top(), grid)}, {}};
  if (const auto x = nearest(across(moving), others, across, reach)) {
    snap.corner.setX(moving.left() + x->offset);
    snap.guides.emplace_back(x->at, x->sideBegin, x->at, x->sideEnd);
  }
  if (const auto y = nearest(down(moving), others, down, reach)) {
    snap.corner.setY(moving.top() + y->offset);
    snap.guides.emplace_back(y->sideBegin, y->at, y->sideEnd, y->at);
  }
  return snap;
}

}  // namespace millrace::workbench
