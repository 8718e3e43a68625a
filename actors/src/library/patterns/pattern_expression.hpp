#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "library/patterns/stored_record.hpp"
#include "millrace/patterns/match_store.hpp"

namespace millrace::library {

/// A field of the event at hand, or something about events taken before.
struct pattern_reference {
  enum class pick : std::uint8_t { current, first, last, count, sum, min, max, mean };
  static constexpr std::uint32_t whole_match = UINT32_MAX;

  pick how = pick::current;
  std::uint32_t stage = whole_match;
  std::uint32_t field = 0;
};

/// What conditions are judged over, and results are taken from.
struct pattern_events {
  const stored_record* current = nullptr;
  patterns::chain taken;
  std::span<const stored_record> stored;
};

/// The value a reference stands for; null when there is no such event, or nothing to add up in it.
[[nodiscard]] value read(const pattern_reference& r, const pattern_events& from);

/// What an expression's value is. Integers, floats, decimals and enumerations are numbers.
enum class expression_type : std::uint8_t { boolean, number, text, time };
[[nodiscard]] const char* to_string(expression_type t) noexcept;

/// A condition as a tree in an array. Comparisons with null, and of values that are not of the type they were declared
/// with, are false. Made by `pattern_parser`, which checks the types. A value; texts are shared. Thread: any.
class pattern_expression {
public:
  enum class op : std::uint8_t {
    constant,
    reference,
    add,
    subtract,
    multiply,
    divide,
    negate,  // numbers (and times apart)
    equal,
    unequal,
    less,
    at_most,
    more,
    at_least,
    contains,
    is_null,
    is_given,  // comparisons
    all_of,
    any_of,
    none_of,  // and, or, not
  };
  struct term {
    op what{};
    expression_type type{};
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    stored_record constant{};  ///< one field
    pattern_reference ref{};
  };

  /// An expression without terms is true.
  [[nodiscard]] bool holds(const pattern_events& over) const;
  /// True when it looks at the event at hand alone.
  [[nodiscard]] bool is_simple() const noexcept;

  std::uint32_t add(term t) {
    terms_.push_back(std::move(t));
    return static_cast<std::uint32_t>(terms_.size() - 1);
  }
  [[nodiscard]] term& at(std::uint32_t i) noexcept { return terms_[i]; }
  [[nodiscard]] std::size_t size() const noexcept { return terms_.size(); }

private:
  [[nodiscard]] value evaluate(std::uint32_t i, const pattern_events& over) const;
  [[nodiscard]] bool is_true(std::uint32_t i, const pattern_events& over) const;

  std::vector<term> terms_;  ///< the last one is the root
};

}  // namespace millrace::library
