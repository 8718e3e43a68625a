#include "millrace/validation.hpp"

#include "validation/graph.hpp"

namespace millrace {

std::string to_string(const problem& p) {
  std::string text = p.level == problem::severity::error ? "error: " : "warning: ";
  text += p.where + ": " + p.what;
  if (!p.remedy.empty()) text += "\n  remedy: " + p.remedy;
  return text;
}

validation validate(const topology& t) {
  detail::graph g{t};
  for (const auto step : {detail::check_settings, detail::check_actors, detail::check_streams, detail::check_types,
                          detail::check_parallelism, detail::check_keys, detail::check_limits}) {
    step(g);
  }
  validation found;
  if (!g.problems.has_errors()) {
    found.guarantees = detail::find_guarantees(g);
    found.plan = detail::make_plan(g);
  }
  found.problems = std::move(g.problems).take();
  return found;
}

}  // namespace millrace
