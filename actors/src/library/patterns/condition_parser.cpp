#include <algorithm>
#include <array>
#include <charconv>

#include "library/patterns/pattern_parser.hpp"
#include "millrace/text/time_text.hpp"

namespace millrace::library {

namespace {

using pick = pattern_reference::pick;
using op = pattern_expression::op;

expression_type type_of(const field_type& type, const pattern_token& at) {
  switch (type.kind) {
    case field_kind::boolean:
      return expression_type::boolean;
    case field_kind::integer:
    case field_kind::float32:
    case field_kind::float64:
    case field_kind::decimal:
    case field_kind::enumeration:
      return expression_type::number;
    case field_kind::string:
      return expression_type::text;
    case field_kind::event_time:
      return expression_type::time;
    default:
      throw pattern_error{
          at.offset, {}, "'" + std::string{at.text} + "' is a " + to_text(type) + ", which conditions cannot use"};
  }
}

stored_record constant_of(value v) {
  return stored_record{std::vector<value>{v}};
}

struct named_op {
  std::string_view text;
  op what;
};
constexpr std::array<named_op, 7> comparisons{{{"==", op::equal},
                                               {"!=", op::unequal},
                                               {"<", op::less},
                                               {"<=", op::at_most},
                                               {">", op::more},
                                               {">=", op::at_least},
                                               {"contains", op::contains}}};

struct named_pick {
  std::string_view text;
  pick how;
};
constexpr std::array<named_pick, 6> picks{{{"first", pick::first},
                                           {"last", pick::last},
                                           {"sum", pick::sum},
                                           {"min", pick::min},
                                           {"max", pick::max},
                                           {"mean", pick::mean}}};

bool is_sum(pick p) noexcept {
  return p != pick::first && p != pick::last && p != pick::current;
}

}  // namespace

bool is_reserved(std::string_view word) noexcept {
  constexpr std::array<std::string_view, 23> words{
      "next", "followed", "by", "any",  "not",  "within", "skip",     "greedy", "consecutive", "first", "last", "and",
      "or",   "in",       "is", "null", "true", "false",  "contains", "none",   "past",        "to",    "count"};
  return std::ranges::find(words, word) != words.end();
}

std::uint32_t field_named(const pattern_token& name, const schema& records) {
  if (name.what != pattern_token::kind::word) throw pattern_error{name.offset, {}, "a field's name is expected here"};
  if (const auto index = records.find(name.text)) return *index;
  throw pattern_error{
      name.offset,
      {},
      "records that arrive have no field '" + std::string{name.text} + "' (they have " + to_text(records) + ")"};
}

pattern_pick read_pick(pattern_lexer& in, const schema& records, pick without) {
  const auto name = in.take();
  if (name.is("count") && !in.peek().is(".")) return {pick::count, 0, nullptr};
  pattern_pick p{without};
  auto field = name;
  const auto known = std::ranges::find(picks, name.text, &named_pick::text);
  if (known != picks.end() && in.take_if(".")) {
    p.how = known->how;
    field = in.take();
  }
  p.field = field_named(field, records);
  p.type = &records.fields[p.field].type;
  if (is_sum(p.how) && type_of(*p.type, field) != expression_type::number) {
    throw pattern_error{field.offset,
                        {},
                        "'" + std::string{field.text} + "' is a " + to_text(*p.type) + ", no number to take the " +
                            std::string{name.text} + " of"};
  }
  return p;
}

pattern_expression condition_parser::read() {
  const auto at = in_.peek();
  want(read_or(), expression_type::boolean, at);
  return std::move(made_);
}

void condition_parser::want(std::uint32_t i, expression_type type, const pattern_token& at) {
  if (made_.at(i).type == type) return;
  throw pattern_error{
      at.offset, {}, std::string{"a "} + to_string(type) + " is expected here, not a " + to_string(made_.at(i).type)};
}

std::uint32_t condition_parser::join(op what, std::uint32_t left, std::uint32_t right, const pattern_token& at) {
  want(left, expression_type::boolean, at);
  want(right, expression_type::boolean, at);
  return made_.add({.what = what, .type = expression_type::boolean, .left = left, .right = right});
}

std::uint32_t condition_parser::read_or() {
  auto left = read_and();
  for (auto at = in_.peek(); in_.take_if("or"); at = in_.peek()) left = join(op::any_of, left, read_and(), at);
  return left;
}

std::uint32_t condition_parser::read_and() {
  auto left = read_not();
  for (auto at = in_.peek(); in_.take_if("and"); at = in_.peek()) left = join(op::all_of, left, read_not(), at);
  return left;
}

std::uint32_t condition_parser::read_not() {
  const auto at = in_.peek();
  if (++depth_ > depth_max) throw pattern_error{at.offset, {}, "the condition is nested too deep"};
  std::uint32_t made = 0;
  if (in_.take_if("not")) {
    const auto inner = read_not();
    made = join(op::none_of, inner, inner, at);
  } else {
    made = read_comparison();
  }
  --depth_;
  return made;
}

std::uint32_t condition_parser::read_comparison() {
  const auto left = read_sum();
  const auto at = in_.peek();
  if (in_.take_if("is")) {
    const bool is_given = in_.take_if("not");
    if (!in_.take_if("null")) throw pattern_error{in_.peek().offset, {}, "'null' is expected after 'is'"};
    return made_.add({.what = is_given ? op::is_given : op::is_null, .type = expression_type::boolean, .left = left});
  }
  if (in_.take_if("in")) return read_list(left);
  const auto known = std::ranges::find_if(comparisons, [&](const named_op& c) { return at.is(c.text); });
  if (known == comparisons.end()) return left;
  in_.take();
  return compare(known->what, left, read_sum(), at);
}

std::uint32_t condition_parser::compare(op what, std::uint32_t left, std::uint32_t right, const pattern_token& at) {
  fit_time(left, right, at);
  fit_time(right, left, at);
  if (made_.at(left).type != made_.at(right).type) {
    throw pattern_error{at.offset,
                        {},
                        std::string{"a "} + to_string(made_.at(left).type) + " cannot be compared with a " +
                            to_string(made_.at(right).type)};
  }
  if (what == op::contains) want(left, expression_type::text, at);
  return made_.add({.what = what, .type = expression_type::boolean, .left = left, .right = right});
}

/// A text beside a time is a time.
void condition_parser::fit_time(std::uint32_t side, std::uint32_t other, const pattern_token& at) {
  auto& t = made_.at(side);
  if (made_.at(other).type != expression_type::time || t.what != op::constant || t.type != expression_type::text)
    return;
  const auto time = parse_event_time(t.constant.field(0).as_string());
  if (!time) throw pattern_error{at.offset, {}, "the text is no time, such as '2026-11-21T10:00:00Z'"};
  t.type = expression_type::time;
  t.constant = constant_of(value::of(*time));
}

std::uint32_t condition_parser::read_list(std::uint32_t left) {
  const auto at = in_.peek();
  if (!in_.take_if("(")) throw pattern_error{at.offset, {}, "'(' is expected after 'in'"};
  auto all = compare(op::equal, left, read_literal(), at);
  while (in_.take_if(",")) all = join(op::any_of, all, compare(op::equal, left, read_literal(), at), at);
  if (!in_.take_if(")")) throw pattern_error{in_.peek().offset, {}, "',' or ')' is expected here"};
  return all;
}

std::uint32_t condition_parser::calculate(op what, std::uint32_t left, std::uint32_t right, const pattern_token& at) {
  const bool are_times = made_.at(left).type == expression_type::time && what == op::subtract;
  want(left, are_times ? expression_type::time : expression_type::number, at);
  want(right, are_times ? expression_type::time : expression_type::number, at);
  return made_.add({.what = what, .type = expression_type::number, .left = left, .right = right});
}

std::uint32_t condition_parser::read_sum() {
  auto left = read_product();
  for (auto at = in_.peek(); at.is("+") || at.is("-"); at = in_.peek()) {
    in_.take();
    left = calculate(at.is("+") ? op::add : op::subtract, left, read_product(), at);
  }
  return left;
}

std::uint32_t condition_parser::read_product() {
  auto left = read_single();
  for (auto at = in_.peek(); at.is("*") || at.is("/"); at = in_.peek()) {
    in_.take();
    left = calculate(at.is("*") ? op::multiply : op::divide, left, read_single(), at);
  }
  return left;
}

std::uint32_t condition_parser::read_single() {
  const auto at = in_.peek();
  if (++depth_ > depth_max) throw pattern_error{at.offset, {}, "the condition is nested too deep"};
  std::uint32_t made = 0;
  if (in_.take_if("(")) {
    made = read_or();
    if (!in_.take_if(")")) throw pattern_error{in_.peek().offset, {}, "')' is expected here"};
  } else if (in_.take_if("-")) {
    const auto number = read_single();
    want(number, expression_type::number, at);
    made = made_.add({.what = op::negate, .type = expression_type::number, .left = number});
  } else {
    const bool is_name = at.what == pattern_token::kind::word && !at.is("true") && !at.is("false");
    made = is_name ? read_reference() : read_literal();
  }
  --depth_;
  return made;
}

std::uint32_t condition_parser::read_literal() {
  const auto t = in_.take();
  if (t.what == pattern_token::kind::text) {
    return made_.add({.what = op::constant, .type = expression_type::text, .constant = constant_of(value::of(t.text))});
  }
  if (t.is("true") || t.is("false")) {
    return made_.add(
        {.what = op::constant, .type = expression_type::boolean, .constant = constant_of(value::of(t.is("true")))});
  }
  if (t.is("-")) {
    const auto number = read_literal();
    want(number, expression_type::number, t);
    return made_.add({.what = op::negate, .type = expression_type::number, .left = number});
  }
  if (t.what != pattern_token::kind::number) {
    throw pattern_error{t.offset, {}, "a field, a number, a text in quotes, true or false is expected here"};
  }
  const auto* const end = t.text.data() + t.text.size();
  value v;
  std::int64_t whole = 0;
  double number = 0;
  if (const auto r = std::from_chars(t.text.data(), end, whole); r.ec == std::errc{} && r.ptr == end) {
    v = value::of(whole);
  } else if (const auto f = std::from_chars(t.text.data(), end, number); f.ec == std::errc{} && f.ptr == end) {
    v = value::of(number);
  } else {
    throw pattern_error{t.offset, {}, "'" + std::string{t.text} + "' is no number"};
  }
  return made_.add({.what = op::constant, .type = expression_type::number, .constant = constant_of(v)});
}

std::uint32_t condition_parser::read_reference() {
  const auto name = in_.take();
  pattern_reference ref;
  if (!in_.take_if(".")) {
    ref.field = field_named(name, records_);
    return made_.add({.what = op::reference, .type = type_of(records_.fields[ref.field].type, name), .ref = ref});
  }
  const bool is_whole = name.is("first") || name.is("last");
  if (!is_whole) ref.stage = stage_named(name);
  const auto at = in_.peek();
  if (is_whole) {
    ref.how = name.is("first") ? pick::first : pick::last;
    ref.field = field_named(in_.take(), records_);
    return made_.add({.what = op::reference, .type = type_of(records_.fields[ref.field].type, at), .ref = ref});
  }
  const auto p = read_pick(in_, records_, pick::last);
  ref.how = p.how;
  ref.field = p.field;
  const auto type = p.type == nullptr || is_sum(p.how) ? expression_type::number : type_of(*p.type, at);
  return made_.add({.what = op::reference, .type = type, .ref = ref});
}

std::uint32_t condition_parser::stage_named(const pattern_token& name) const {
  const auto at = std::ranges::find(stages_, name.text, &patterns::stage::name);
  if (at == stages_.end()) {
    throw pattern_error{name.offset, {}, "there is no stage '" + std::string{name.text} + "' before"};
  }
  if (at->is_negative) {
    throw pattern_error{name.offset, {}, "stage '" + std::string{name.text} + "' is a 'not': it has no events"};
  }
  return static_cast<std::uint32_t>(at - stages_.begin());
}

}  // namespace millrace::library
