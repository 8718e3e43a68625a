#include "millrace/patterns/definition.hpp"

#include <algorithm>

#include "millrace/patterns/automaton.hpp"

namespace millrace::patterns {

namespace {

using problem_at = std::optional<definition_problem>;

problem_at stage_problem(const definition& d, std::size_t i) {
  const auto& s = d.stages[i];
  const auto first = std::ranges::find(d.stages, s.name, &stage::name);
  if (s.name.empty()) return definition_problem{i, "a stage needs a name"};
  if (first != d.stages.begin() + static_cast<std::ptrdiff_t>(i)) {
    return definition_problem{i, "there are two stages of this name"};
  }
  if (s.max == 0 || s.min > s.max) return definition_problem{i, "it takes at most fewer events than at least, or none"};
  if (!s.is_negative) return std::nullopt;
  if (s.min != 1 || s.max != 1 || s.is_greedy) {
    return definition_problem{i, "a 'not' stage takes no events, so it has no quantifier"};
  }
  if (s.follows == contiguity::any) return definition_problem{i, "'not' goes with next and followed by only"};
  if (i == 0) return definition_problem{i, "a pattern begins with an event, not with one that is missing"};
  return std::nullopt;
}

bool can_be_empty(const stage& s) noexcept {
  return s.is_negative || s.min == 0;
}

problem_at skip_problem(const definition& d) {
  if (d.skip != skip_rule::to_first_of && d.skip != skip_rule::to_last_of) return std::nullopt;
  const auto at = d.find(d.skip_stage);
  if (!at) return definition_problem{{}, "the skip rule names a stage '" + d.skip_stage + "', which there is not"};
  if (d.stages[*at].is_negative)
    return definition_problem{at, "the skip rule names it, but a 'not' stage has no events"};
  if (d.skip == skip_rule::to_first_of && *at == 0 && d.stages[0].min != 0) {
    return definition_problem{at, "every match begins with its first event, so skipping to it would drop nothing"};
  }
  return std::nullopt;
}

bool waits_for_ever(const path& p) noexcept {
  return std::ranges::any_of(p.steps, [](const step& s) { return s.what == step::kind::end && s.is_lasting; });
}

/// Ends that only the passing of time decides need a time.
problem_at end_problem(const definition& d) {
  if (d.within) return std::nullopt;
  for (std::size_t i = 0; i < d.stages.size(); ++i) {
    const auto& s = d.stages[i];
    if (s.is_negative) continue;
    const bool repeats = s.max > 1;
    if (!waits_for_ever(make_path(d, repeats ? &s : nullptr, i + 1, true)) &&
        !waits_for_ever(make_path(d, nullptr, i + 1, true))) {
      continue;
    }
    for (std::size_t j = d.stages.size(); j-- != i;) {
      if (d.stages[j].is_negative && d.stages[j].follows == contiguity::relaxed) {
        return definition_problem{
            j, "'not followed by' at the end of a pattern needs 'within': nothing else ends the wait"};
      }
      if (d.stages[j].is_greedy) {
        return definition_problem{j,
                                  "a greedy stage at the end of a pattern needs 'consecutive' or 'within': "
                                  "otherwise it could always take one more"};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> definition::find(std::string_view name) const noexcept {
  const auto at = std::ranges::find(stages, name, &stage::name);
  if (at == stages.end()) return std::nullopt;
  return static_cast<std::size_t>(at - stages.begin());
}

std::optional<definition_problem> definition::problem() const {
  if (stages.empty()) return definition_problem{{}, "a pattern needs at least one stage"};
  if (stages.size() > stages_max) {
    return definition_problem{stages_max, "a pattern has at most " + std::to_string(stages_max) + " stages"};
  }
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (auto p = stage_problem(*this, i)) return p;
  }
  if (std::ranges::all_of(stages, can_be_empty)) {
    return definition_problem{0, "every stage may be empty, so the pattern would match nothing at all"};
  }
  // A 'not' before the first event could only be judged by events before the match.
  for (std::size_t i = 0; i < stages.size() && can_be_empty(stages[i]); ++i) {
    if (stages[i].is_negative) {
      return definition_problem{i, "all stages before it may be empty; a pattern begins with an event"};
    }
  }
  if (within && *within <= std::chrono::nanoseconds::zero()) {
    return definition_problem{{}, "'within' must be more than nothing"};
  }
  if (auto p = skip_problem(*this)) return p;
  return end_problem(*this);
}

result<void> definition::check() const {
  const auto p = problem();
  if (!p) return {};
  const auto where = p->stage && *p->stage < stages.size() ? "stage '" + stages[*p->stage].name + "': " : std::string{};
  return user_error(errc::invalid_argument, where + p->text);
}

}  // namespace millrace::patterns
