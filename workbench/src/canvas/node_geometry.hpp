#pragma once

#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <cstddef>
#include <vector>

#include "core/actor_catalogue.hpp"

namespace millrace::workbench {

/// Where the parts of a node are, in its own coordinates. Pure.
struct NodeGeometry {
  static constexpr double width = 192;
  static constexpr double heightMin = 94;
  static constexpr double portRadius = 5;
  static constexpr double portReach = 10;  ///< a press this near is meant for the port

  std::size_t inputs = 0, outputs = 0;

  [[nodiscard]] QSizeF size() const;
  [[nodiscard]] QRectF box() const { return {QPointF{}, size()}; }
  [[nodiscard]] QPointF input(std::size_t i) const;
  [[nodiscard]] QPointF output(std::size_t i) const;
};

/// What a port looks like: its record type decides, so that what fits looks alike.
enum class PortShape : std::uint8_t { Circle, Diamond, Square, Triangle, Hexagon };
struct PortLook {
  PortShape shape = PortShape::Circle;
  std::size_t colour = 0;  ///< index into Theme::records
};
[[nodiscard]] PortLook lookOf(const PortInfo& port, bool isSide);

}  // namespace millrace::workbench
