#include "core/layered_layout.hpp"

#include <algorithm>
#include <vector>

#include "core/auto_wiring.hpp"
#include "core/component_packing.hpp"

namespace millrace::workbench {
namespace {

constexpr int sweeps = 8;

struct Graph {
  std::vector<std::vector<std::size_t>> before, behind;
};

Graph graphOf(const topology& spec) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < spec.actors.size(); ++i) index[spec.actors[i].name] = i;
  Graph g{std::vector<std::vector<std::size_t>>(spec.actors.size()),
          std::vector<std::vector<std::size_t>>(spec.actors.size())};
  for (const auto& s : spec.streams) {
    const auto from = index.find(s.from_actor);
    const auto to = index.find(s.to_actor);
    if (from == index.end() || to == index.end() || from == to) continue;
    g.behind[from->second].push_back(to->second);
    g.before[to->second].push_back(from->second);
  }
  return g;
}

/// Longest way from a source; actors on a circle, which no valid topology has, end up in the first column.
std::vector<std::size_t> columnsOf(const Graph& g) {
  const auto count = g.before.size();
  std::vector<std::size_t> waiting(count), column(count), ready;
  for (std::size_t i = 0; i < count; ++i) {
    waiting[i] = g.before[i].size();
    if (waiting[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const auto i = ready.back();
    ready.pop_back();
    for (const auto next : g.behind[i]) {
      column[next] = std::max(column[next], column[i] + 1);
      if (--waiting[next] == 0) ready.push_back(next);
    }
  }
  return column;
}

void sortByNeighbours(std::vector<std::size_t>& members, const std::vector<std::vector<std::size_t>>& neighbours,
                      std::vector<double>& row) {
  std::vector<std::pair<double, std::size_t>> order;
  for (const auto i : members) {
    double sum = 0;
    for (const auto n : neighbours[i]) sum += row[n];
    order.emplace_back(neighbours[i].empty() ? row[i] : sum / static_cast<double>(neighbours[i].size()), i);
  }
  std::ranges::stable_sort(order, {}, &std::pair<double, std::size_t>::first);
  // Around a common middle, so that a single node stands beside the middle of many.
  const double first = -(static_cast<double>(order.size()) - 1) / 2;
  for (std::size_t i = 0; i < order.size(); ++i) {
    members[i] = order[i].second;
    row[members[i]] = first + static_cast<double>(i);
  }
}

/// Of one part, whose actors all hang together.
void layOutPart(const topology& spec, std::map<std::string, QPointF>& places) {
  const auto g = graphOf(spec);
  const auto column = columnsOf(g);
  std::vector<std::vector<std::size_t>> members;
  std::vector<double> row(column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (column[i] >= members.size()) members.resize(column[i] + 1);
    row[i] = static_cast<double>(members[column[i]].size());
    members[column[i]].push_back(i);
  }
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (auto& m : members) sortByNeighbours(m, g.before, row);
    for (auto m = members.rbegin(); m != members.rend(); ++m) sortByNeighbours(*m, g.behind, row);
  }
  for (auto& m : members) sortByNeighbours(m, g.before, row);
  for (std::size_t i = 0; i < column.size(); ++i) {
    places[spec.actors[i].name] = {static_cast<double>(column[i]) * columnPitch, row[i] * rowPitch};
  }
}

}  // namespace

std::map<std::string, QPointF> layeredLayout(const topology& spec) {
  std::map<std::string, QPointF> places;
  for (const auto& part : connectedParts(spec)) layOutPart(part, places);
  return packComponents(spec, std::move(places), nodeSize);
}

}  // namespace millrace::workbench
