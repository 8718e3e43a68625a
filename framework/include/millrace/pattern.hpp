#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/match.hpp"
#include "millrace/patterns/definition.hpp"

namespace millrace {

/// A pattern over events of type T, built stage by stage; see docs/patterns.md for what it means:
///
///     auto p = pattern<trade>::begin("small", [](const trade& t) { return t.amount < 10; })
///                  .followed_by("big", [](const trade& t, const match<trade>& so_far) {
///                    return t.amount > 100 * so_far.last("small")->amount;
///                  })
///                  .within(10min).skip_past_last();
///
/// A condition takes the event, and where it wants to, the events taken so far; it must depend on nothing else. What
/// follows a stage (`one_or_more`, `greedy`, …) applies to that stage. A value; thread: any, like its conditions.
template <class T>
class pattern {
public:
  using condition = std::function<bool(const T&, const match<T>&)>;

  template <class F>
  [[nodiscard]] static pattern begin(std::string name, F f) {
    pattern p;
    p.add(std::move(name), patterns::contiguity::relaxed, false, std::move(f));
    return p;
  }
  template <class F>
  pattern& next(std::string name, F f) {
    return add(std::move(name), patterns::contiguity::strict, false, std::move(f));
  }
  template <class F>
  pattern& followed_by(std::string name, F f) {
    return add(std::move(name), patterns::contiguity::relaxed, false, std::move(f));
  }
  template <class F>
  pattern& followed_by_any(std::string name, F f) {
    return add(std::move(name), patterns::contiguity::any, false, std::move(f));
  }
  template <class F>
  pattern& not_next(std::string name, F f) {
    return add(std::move(name), patterns::contiguity::strict, true, std::move(f));
  }
  template <class F>
  pattern& not_followed_by(std::string name, F f) {
    return add(std::move(name), patterns::contiguity::relaxed, true, std::move(f));
  }

  pattern& optional() { return quantify(0, definition_.stages.back().max); }
  pattern& one_or_more() { return quantify(1, patterns::unbounded); }
  pattern& zero_or_more() { return quantify(0, patterns::unbounded); }
  pattern& times(std::uint32_t n) { return quantify(n, n); }
  pattern& times(std::uint32_t min, std::uint32_t max) { return quantify(min, max); }
  pattern& at_least(std::uint32_t n) { return quantify(n, patterns::unbounded); }
  pattern& greedy() {
    definition_.stages.back().is_greedy = true;
    return *this;
  }
  /// Between the events of the stage: nothing; anything.
  pattern& consecutive() { return chain_by(patterns::contiguity::strict); }
  pattern& any_combination() { return chain_by(patterns::contiguity::any); }

  pattern& within(std::chrono::nanoseconds d) {
    definition_.within = d;
    return *this;
  }
  pattern& skip_to_next() { return skip(patterns::skip_rule::to_next, {}); }
  pattern& skip_past_last() { return skip(patterns::skip_rule::past_last, {}); }
  pattern& skip_to_first(std::string stage) { return skip(patterns::skip_rule::to_first_of, std::move(stage)); }
  pattern& skip_to_last(std::string stage) { return skip(patterns::skip_rule::to_last_of, std::move(stage)); }

  [[nodiscard]] const patterns::definition& what() const noexcept { return definition_; }
  [[nodiscard]] const condition& condition_of(std::size_t stage) const noexcept { return conditions_[stage]; }
  /// True when the condition looks at the event alone.
  [[nodiscard]] bool is_simple(std::size_t stage) const noexcept { return is_simple_[stage]; }

private:
  template <class F>
  pattern& add(std::string name, patterns::contiguity follows, bool is_negative, F f) {
    definition_.stages.push_back({.name = std::move(name), .follows = follows, .is_negative = is_negative});
    if constexpr (std::is_invocable_r_v<bool, F, const T&>) {
      conditions_.push_back([test = std::move(f)](const T& event, const match<T>&) { return test(event); });
      is_simple_.push_back(true);
    } else {
      conditions_.push_back(std::move(f));
      is_simple_.push_back(false);
    }
    return *this;
  }
  pattern& quantify(std::uint32_t min, std::uint32_t max) {
    definition_.stages.back().min = min;
    definition_.stages.back().max = max;
    return *this;
  }
  pattern& chain_by(patterns::contiguity c) {
    definition_.stages.back().inner = c;
    return *this;
  }
  pattern& skip(patterns::skip_rule rule, std::string stage) {
    definition_.skip = rule;
    definition_.skip_stage = std::move(stage);
    return *this;
  }

  patterns::definition definition_;
  std::vector<condition> conditions_;
  std::vector<bool> is_simple_;
};

}  // namespace millrace
