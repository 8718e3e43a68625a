#include "core/component_packing.hpp"

#include <QRectF>
#include <algorithm>
#include <cmath>
#include <vector>

namespace millrace::workbench {
namespace {

constexpr double gap = 72;
/// Width to height of what is to be filled: a canvas between its panels.
constexpr double shape = 1.6;

struct Component {
  std::vector<std::string> actors;
  QRectF box;
};

std::string rootOf(std::map<std::string, std::string>& parents, const std::string& actor) {
  auto root = actor;
  while (parents[root] != root) root = parents[root];
  parents[actor] = root;
  return root;
}

std::vector<Component> componentsOf(const topology& spec, const std::map<std::string, QPointF>& places, QSizeF node) {
  std::map<std::string, std::string> parents;
  for (const auto& a : spec.actors) parents[a.name] = a.name;
  for (const auto& s : spec.streams) {
    if (parents.contains(s.from_actor) && parents.contains(s.to_actor)) {
      parents[rootOf(parents, s.from_actor)] = rootOf(parents, s.to_actor);
    }
  }
  std::map<std::string, Component> byRoot;
  for (const auto& a : spec.actors) {
    auto& c = byRoot[rootOf(parents, a.name)];
    c.actors.push_back(a.name);
    c.box |= QRectF{places.at(a.name), node};
  }
  std::vector<Component> all;
  for (auto& [root, c] : byRoot) all.push_back(std::move(c));
  // The tallest first: rows of a like height waste least.
  std::ranges::stable_sort(all, std::ranges::greater{}, [](const Component& c) { return c.box.height(); });
  return all;
}

}  // namespace

std::map<std::string, QPointF> packComponents(const topology& spec, std::map<std::string, QPointF> places,
                                              QSizeF node) {
  const auto all = componentsOf(spec, places, node);
  if (all.size() < 2) return places;
  double area = 0, widest = 0;
  for (const auto& c : all) {
    area += (c.box.width() + gap) * (c.box.height() + gap);
    widest = std::max(widest, c.box.width());
  }
  const double rowWidth = std::max(widest, std::sqrt(area * shape));
  QPointF next;
  double rowHeight = 0;
  for (const auto& c : all) {
    if (next.x() > 0 && next.x() + c.box.width() > rowWidth) {
      next = {0, next.y() + rowHeight + gap};
      rowHeight = 0;
    }
    for (const auto& name : c.actors) places[name] += next - c.box.topLeft();
    next.rx() += c.box.width() + gap;
    rowHeight = std::max(rowHeight, c.box.height());
  }
  return places;
}

}  // namespace millrace::workbench
