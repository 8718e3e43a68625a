#include "millrace/validation.hpp"

#include <algorithm>

#include "validation/graph.hpp"
#include "validation/salting.hpp"

namespace millrace {

std::string to_string(const problem& p) {
  std::string text = p.level == problem::severity::error ? "error: " : "warning: ";
  text += p.where + ": " + p.what;
  if (!p.remedy.empty()) text += "\n  remedy: " + p.remedy;
  return text;
}

namespace {

void check(detail::graph& g) {
  for (const auto step : {detail::check_settings, detail::check_actors, detail::check_groups, detail::check_streams,
                          detail::check_types, detail::check_parallelism, detail::check_keys, detail::check_limits}) {
    step(g);
  }
}

std::vector<typed_output> outputs_of(const detail::graph& g) {
  std::vector<typed_output> found;
  for (const auto& a : g.actors) {
    if (a.probe == nullptr || a.has_failed) continue;
    for (const auto* port : a.outputs()) {
      if (port->type() != nullptr) found.push_back({a.name(), port->name(), port->type()});
    }
  }
  return found;
}

validation finish(detail::graph& g) {
  validation found;
  found.outputs = outputs_of(g);
  if (!g.problems.has_errors()) {
    found.guarantees = detail::find_guarantees(g);
    found.plan = detail::make_plan(g);
  }
  found.problems = std::move(g.problems).take();
  return found;
}

}  // namespace

validation validate(const topology& t) {
  detail::graph g{t};
  check(g);
  detail::check_salting(g);
  if (g.problems.has_errors()) return finish(g);
  const auto salted = detail::with_merge_stages(g);
  if (!salted) return finish(g);
  // What was found to be right is looked at once more with its merge stages; warnings are those of the first look, and
  // of what the sinks then give.
  detail::graph whole{salted->spec, salted->roles};
  check(whole);
  auto found = finish(whole);
  auto first = std::move(g.problems).take();
  for (auto& p : found.problems) {
    const auto is_same = [&p](const problem& q) { return q.where == p.where && q.what == p.what; };
    if (std::ranges::none_of(first, is_same)) first.push_back(std::move(p));
  }
  found.problems = std::move(first);
  found.outputs = outputs_of(g);
  return found;
}

}  // namespace millrace
