#include "library/patterns/pattern_expression.hpp"

#include <algorithm>
#include <cmath>
#include <compare>

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

namespace {

using pick = pattern_reference::pick;
using op = pattern_expression::op;

bool is_of(const value& v, expression_type type) noexcept {
  switch (type) {
    case expression_type::boolean:
      return v.kind() == value_kind::boolean;
    case expression_type::number:
      return v.is_integer() || v.kind() == value_kind::float64 || v.kind() == value_kind::decimal;
    case expression_type::text:
      return v.kind() == value_kind::string;
    case expression_type::time:
      return v.kind() == value_kind::event_time;
  }
  return false;
}

std::partial_ordering compare(const value& a, const value& b, expression_type type) noexcept {
  switch (type) {
    case expression_type::boolean:
      return a.as_bool() <=> b.as_bool();
    case expression_type::text: {
      const auto order = a.as_string().compare(b.as_string());
      return order <=> 0;
    }
    case expression_type::time:
      return a.as_time() <=> b.as_time();
    case expression_type::number:
      break;
  }
  // Whole numbers are compared as such: a double holds 53 bits of them.
  if (a.kind() == value_kind::int64 && b.kind() == value_kind::int64) return a.as_int64() <=> b.as_int64();
  if (a.kind() == value_kind::uint64 && b.kind() == value_kind::uint64) return a.as_uint64() <=> b.as_uint64();
  if (a.is_integer() && b.is_integer()) {
    return a.kind() == value_kind::int64 ? std::partial_ordering::less : std::partial_ordering::greater;
  }
  return number_of(a) <=> number_of(b);
}

bool is_right(op what, std::partial_ordering order) noexcept {
  switch (what) {
    case op::equal:
      return order == 0;
    case op::unequal:
      return order != 0 && order != std::partial_ordering::unordered;
    case op::less:
      return order < 0;
    case op::at_most:
      return order <= 0;
    case op::more:
      return order > 0;
    default:
      return order >= 0;
  }
}

double calculate(op what, double a, double b) noexcept {
  switch (what) {
    case op::add:
      return a + b;
    case op::subtract:
      return a - b;
    case op::multiply:
      return a * b;
    default:
      return a / b;
  }
}

value sum_up(const pattern_reference& r, const pattern_events& from) {
  double sum = 0;
  double least = 0;
  double most = 0;
  std::size_t count = 0;
  for (const auto* n = from.taken.tip(); n != nullptr; n = from.taken.before(*n)) {
    if (n->stage != r.stage && r.stage != pattern_reference::whole_match) continue;
    const auto number = number_of(from.stored[n->event].field(r.field));
    if (std::isnan(number)) continue;
    least = count == 0 ? number : std::min(least, number);
    most = count == 0 ? number : std::max(most, number);
    sum += number;
    ++count;
  }
  if (count == 0) return {};
  switch (r.how) {
    case pick::min:
      return value::of(least);
    case pick::max:
      return value::of(most);
    case pick::mean:
      return value::of(sum / static_cast<double>(count));
    default:
      return value::of(sum);
  }
}

std::int64_t count_all(const patterns::chain& taken) noexcept {
  std::int64_t count = 0;
  for (const auto* n = taken.tip(); n != nullptr; n = taken.before(*n)) ++count;
  return count;
}

}  // namespace

value read(const pattern_reference& r, const pattern_events& from) {
  const bool is_whole = r.stage == pattern_reference::whole_match;
  const patterns::node* found = nullptr;
  switch (r.how) {
    case pick::current:
      return from.current == nullptr ? value{} : from.current->field(r.field);
    case pick::count:
      return value::of(is_whole ? count_all(from.taken) : static_cast<std::int64_t>(from.taken.count_of(r.stage)));
    case pick::first:
      found = is_whole ? from.taken.first() : from.taken.first_of(r.stage);
      break;
    case pick::last:
      found = is_whole ? from.taken.tip() : from.taken.last_of(r.stage);
      break;
    default:
      return sum_up(r, from);
  }
  return found == nullptr ? value{} : from.stored[found->event].field(r.field);
}

const char* to_string(expression_type t) noexcept {
  switch (t) {
    case expression_type::boolean:
      return "yes/no";
    case expression_type::number:
      return "number";
    case expression_type::text:
      return "text";
    case expression_type::time:
      return "time";
  }
  return "?";
}

bool pattern_expression::is_simple() const noexcept {
  return std::ranges::all_of(terms_,
                             [](const term& t) { return t.what != op::reference || t.ref.how == pick::current; });
}

bool pattern_expression::holds(const pattern_events& over) const {
  return terms_.empty() || is_true(static_cast<std::uint32_t>(terms_.size() - 1), over);
}

bool pattern_expression::is_true(std::uint32_t i, const pattern_events& over) const {
  const auto& t = terms_[i];
  switch (t.what) {
    case op::all_of:
      return is_true(t.left, over) && is_true(t.right, over);
    case op::any_of:
      return is_true(t.left, over) || is_true(t.right, over);
    case op::none_of:
      return !is_true(t.left, over);
    case op::is_null:
      return evaluate(t.left, over).is_null();
    case op::is_given:
      return !evaluate(t.left, over).is_null();
    case op::constant:
    case op::reference: {
      const auto v = evaluate(i, over);
      return v.kind() == value_kind::boolean && v.as_bool();
    }
    default:
      break;
  }
  const auto type = terms_[t.left].type;
  const auto a = evaluate(t.left, over);
  const auto b = evaluate(t.right, over);
  if (!is_of(a, type) || !is_of(b, type)) return false;
  if (t.what == op::contains) return a.as_string().find(b.as_string()) != std::string_view::npos;
  return is_right(t.what, compare(a, b, type));
}

value pattern_expression::evaluate(std::uint32_t i, const pattern_events& over) const {
  const auto& t = terms_[i];
  if (t.what == op::constant) return t.constant.field(0);
  if (t.what == op::reference) return read(t.ref, over);
  if (t.type == expression_type::boolean) return value::of(is_true(i, over));
  const auto a = evaluate(t.left, over);
  if (t.what == op::negate) return is_of(a, expression_type::number) ? value::of(-number_of(a)) : value{};
  const auto b = evaluate(t.right, over);
  const auto type = terms_[t.left].type;
  if (!is_of(a, type) || !is_of(b, type)) return {};
  if (type == expression_type::time) {
    // The difference of two times is in seconds.
    return value::of(static_cast<double>(a.as_time().ns - b.as_time().ns) * 1e-9);
  }
  return value::of(calculate(t.what, number_of(a), number_of(b)));
}

}  // namespace millrace::library
