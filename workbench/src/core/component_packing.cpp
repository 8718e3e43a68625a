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
  topology part;
  QRectF box;
};

std::string rootOf(std::map<std::string, std::string>& parents, const std::string& actor) {
  auto root = actor;
  while (parents[root] != root) root = parents[root];
  parents[actor] = root;
  return root;
}

}  // namespace

std::vector<topology> connectedParts(const topology& spec) {
  std::map<std::string, std::string> parents;
  for (const auto& a : spec.actors) parents[a.name] = a.name;
  const auto isWhole = [&](const stream_spec& s) {
    return parents.contains(s.from_actor) && parents.contains(s.to_actor);
  };
  for (const auto& s : spec.streams) {
    if (isWhole(s)) parents[rootOf(parents, s.from_actor)] = rootOf(parents, s.to_actor);
  }
  std::map<std::string, std::size_t> places;  // by root
  std::vector<topology> parts;
  const auto partOf = [&](const std::string& actor) -> topology& {
    const auto [at, isNew] = places.try_emplace(rootOf(parents, actor), parts.size());
    if (isNew) parts.emplace_back();
    return parts[at->second];
  };
  for (const auto& a : spec.actors) partOf(a.name).actors.push_back(a);
  for (const auto& s : spec.streams) {
    if (isWhole(s)) partOf(s.from_actor).streams.push_back(s);
  }
  return parts;
}

namespace {

std::vector<Component> componentsOf(const topology& spec, const std::map<std::string, QPointF>& places, QSizeF node) {
  std::vector<Component> all;
  for (auto& part : connectedParts(spec)) {
    auto& c = all.emplace_back(Component{std::move(part), {}});
    for (const auto& a : c.part.actors) c.box |= QRectF{places.at(a.name), node};
  }
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
    for (const auto& a : c.part.actors) places[a.name] += next - c.box.topLeft();
    next.rx() += c.box.width() + gap;
    rowHeight = std::max(rowHeight, c.box.height());
  }
  return places;
}

}  // namespace millrace::workbench
