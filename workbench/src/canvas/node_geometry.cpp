#include "canvas/node_geometry.hpp"

#include <QHash>
#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr double firstPort = 40;
constexpr double portPitch = 20;
constexpr double belowLastPort = 20;

}  // namespace

QSizeF NodeGeometry::size() const {
  const auto rows = static_cast<double>(std::max({inputs, outputs, std::size_t{1}}));
  return {width, std::max(heightMin, firstPort + (rows - 1) * portPitch + belowLastPort)};
}

QPointF NodeGeometry::input(std::size_t i) const {
  return {0, firstPort + static_cast<double>(i) * portPitch};
}

QPointF NodeGeometry::output(std::size_t i) const {
  return {width, firstPort + static_cast<double>(i) * portPitch};
}

PortLook lookOf(const PortInfo& port, bool isSide) {
  if (!port.record) return {isSide ? PortShape::Diamond : PortShape::Circle, isSide ? 0U : 1U};
  if (port.name == deadPort) return {PortShape::Diamond, 0};
  static constexpr std::array shapes{PortShape::Square, PortShape::Triangle, PortShape::Hexagon};
  // The same in every process: the hash of a name must not depend on Qt's seed.
  const auto hash = qHash(toQt(port.record->name), 7);
  return {shapes[hash % shapes.size()], 2 + hash / shapes.size() % 4};
}

}  // namespace millrace::workbench
