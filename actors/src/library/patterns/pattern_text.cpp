#include "library/patterns/pattern_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "library/patterns/pattern_parser.hpp"
#include "millrace/duration.hpp"

namespace millrace::library {

namespace {

using patterns::contiguity;
using patterns::stage;
using pick = pattern_reference::pick;

/// Reads stages and what stands behind them. Throws `pattern_error`.
class pattern_parser {
public:
  pattern_parser(std::string_view text, const schema& records) : in_{text}, records_{records} {}

  std::shared_ptr<const pattern_rule> read() {
    read_stage({});
    while (!in_.peek().is("within") && !in_.peek().is("skip") && in_.peek().what != pattern_token::kind::end) {
      read_stage(read_link());
    }
    read_ending();
    if (const auto p = definition_.problem()) {
      const auto at = p->stage.value_or(0);
      const bool is_named = p->stage && at < offsets_.size();
      throw pattern_error{is_named ? offsets_[at] : 0, is_named ? definition_.stages[at].name : "", p->text};
    }
    std::uint32_t simple = 0;
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      if (conditions_[i].is_simple()) simple |= std::uint32_t{1} << i;
    }
    return std::make_shared<const pattern_rule>(
        pattern_rule{patterns::automaton{std::move(definition_)}, std::move(conditions_), simple});
  }

private:
  stage read_link() {
    stage s;
    const auto at = in_.peek();
    s.is_negative = in_.take_if("not");
    if (in_.take_if("next")) {
      s.follows = contiguity::strict;
    } else if (in_.take_if("followed")) {
      if (!in_.take_if("by")) throw pattern_error{in_.peek().offset, {}, "'by' is expected after 'followed'"};
      if (!s.is_negative && in_.take_if("any")) s.follows = contiguity::any;
    } else {
      throw pattern_error{at.offset,
                          {},
                          "'next', 'followed by', 'followed by any', 'not next', 'not followed by', 'within' or 'skip' "
                          "is expected here"};
    }
    return s;
  }

  void read_stage(stage s) {
    const auto name = in_.take();
    if (name.what != pattern_token::kind::word || is_reserved(name.text)) {
      throw pattern_error{
          name.offset,
          {},
          "a stage's name is expected here" + (name.what == pattern_token::kind::word
                                                   ? ", and '" + std::string{name.text} + "' has a meaning of its own"
                                                   : std::string{})};
    }
    s.name = name.text;
    offsets_.push_back(name.offset);
    definition_.stages.push_back(std::move(s));
    conditions_.emplace_back();
    try {
      while (read_detail()) {
      }
    } catch (pattern_error& e) {
      e.stage = name.text;
      throw;
    }
  }

  bool read_detail() {
    auto& s = definition_.stages.back();
    const auto at = in_.peek();
    if (in_.take_if("(")) {
      if (conditions_.back().size() != 0) throw pattern_error{at.offset, {}, "it has a condition already"};
      conditions_.back() = condition_parser{in_, records_, definition_.stages}.read();
      if (!in_.take_if(")")) throw pattern_error{in_.peek().offset, {}, "')' is expected at the end of the condition"};
    } else if (in_.take_if("?")) {
      s.min = 0;
    } else if (in_.take_if("+")) {
      s.max = patterns::unbounded;
    } else if (in_.take_if("*")) {
      s.min = 0;
      s.max = patterns::unbounded;
    } else if (in_.take_if("{")) {
      read_times(s);
    } else if (in_.take_if("greedy")) {
      s.is_greedy = true;
    } else if (in_.take_if("consecutive")) {
      s.inner = contiguity::strict;
    } else if (in_.take_if("any")) {
      s.inner = contiguity::any;
    } else {
      return false;
    }
    return true;
  }

  void read_times(stage& s) {
    s.min = s.max = read_count();
    if (in_.take_if(",")) s.max = in_.peek().is("}") ? patterns::unbounded : read_count();
    if (!in_.take_if("}")) throw pattern_error{in_.peek().offset, {}, "'}' is expected here"};
  }

  std::uint32_t read_count() {
    constexpr std::uint32_t count_max = 10'000;
    const auto t = in_.take();
    std::uint32_t n = 0;
    const auto* const end = t.text.data() + t.text.size();
    const auto r = std::from_chars(t.text.data(), end, n);
    if (t.what == pattern_token::kind::number && r.ec == std::errc{} && r.ptr == end && n <= count_max) return n;
    throw pattern_error{t.offset, {}, "a whole number up to " + std::to_string(count_max) + " is expected here"};
  }

  void read_ending() {
    while (in_.peek().what != pattern_token::kind::end) {
      if (in_.take_if("within")) {
        const auto t = in_.take();
        const auto d = parse_duration(t.text);
        if (!d) throw pattern_error{t.offset, {}, d.error().message};
        definition_.within = *d;
      } else if (in_.take_if("skip")) {
        read_skip();
      } else {
        throw pattern_error{in_.peek().offset, {}, "'within' or 'skip' is expected here, or the end"};
      }
    }
  }

  void read_skip() {
    using patterns::skip_rule;
    if (in_.take_if("none")) {
      definition_.skip = skip_rule::none;
    } else if (in_.take_if("past")) {
      if (!in_.take_if("last")) throw pattern_error{in_.peek().offset, {}, "'last' is expected after 'past'"};
      definition_.skip = skip_rule::past_last;
    } else if (in_.take_if("to")) {
      const bool is_first = in_.take_if("first");
      if (!is_first && in_.take_if("next")) {
        definition_.skip = skip_rule::to_next;
        return;
      }
      if (!is_first && !in_.take_if("last"))
        throw pattern_error{in_.peek().offset, {}, "'next', 'first' or 'last' is expected after 'to'"};
      definition_.skip = is_first ? skip_rule::to_first_of : skip_rule::to_last_of;
      const auto name = in_.take();
      definition_.skip_stage = name.text;
      if (!definition_.find(name.text))
        throw pattern_error{name.offset, {}, "there is no stage '" + std::string{name.text} + "'"};
    } else {
      throw pattern_error{in_.peek().offset, {}, "'none', 'to' or 'past' is expected after 'skip'"};
    }
  }

  pattern_lexer in_;
  const schema& records_;
  patterns::definition definition_;
  std::vector<pattern_expression> conditions_;
  std::vector<std::size_t> offsets_;
};

field_type column_type(const pattern_pick& p) {
  if (p.how == pick::count) return {.kind = field_kind::integer};
  field_type type{.kind = field_kind::float64};
  if (p.how == pick::first || p.how == pick::last) type = *p.type;
  type.optional = true;
  return type;
}

/// `name = stage.pick.field`, or without the name: then the dots of what it shows become underscores.
pattern_column read_column(pattern_lexer& in, const schema& records, std::string_view text) {
  auto first = in.take();
  pattern_column column;
  const auto start = first.offset;
  if (first.what != pattern_token::kind::word) throw pattern_error{start, {}, "a column's name is expected here"};
  const bool is_whole = first.is("first") || first.is("last") || first.is("count");
  if (!is_whole && is_reserved(first.text))
    throw pattern_error{start, {}, "'" + std::string{first.text} + "' is no stage: it has a meaning of its own"};
  pattern_pick p;
  if (first.is("count") && !in.peek().is(".")) {
    p.how = pick::count;
  } else {
    if (!in.take_if("."))
      throw pattern_error{in.peek().offset, {}, "'.' and a field are expected after '" + std::string{first.text} + "'"};
    p = read_pick(in, records, pick::last);
    if (is_whole && p.how != pick::last)
      throw pattern_error{start, {}, "'first' and 'last' of the whole match are followed by a field"};
    if (is_whole) p.how = first.is("first") ? pick::first : pick::last;
  }
  if (!is_whole) column.stage = first.text;
  column.how = p.how;
  column.field = p.field;
  column.type = column_type(p);
  column.name = text.substr(start, in.peek().offset - start);
  std::erase(column.name, ' ');
  std::ranges::replace(column.name, '.', '_');
  return column;
}

}  // namespace

result<std::shared_ptr<const pattern_rule>> parse_pattern(std::string_view text, const schema& records) {
  try {
    return pattern_parser{text, records}.read();
  } catch (const pattern_error& e) {
    return user_error(errc::parse_error, describe(e, text));
  }
}

result<std::vector<pattern_column>> parse_columns(std::string_view text, const schema& records) {
  std::vector<pattern_column> columns;
  try {
    // A name before '=' is cut off first: to conditions a single '=' is a mistake.
    for (std::size_t from = 0; from < text.size();) {
      const auto end = std::min(text.find(',', from), text.size());
      const auto equals = text.substr(0, end).find('=', from);
      const auto start = equals == std::string_view::npos ? from : equals + 1;
      const auto shown = text.substr(0, end);
      pattern_lexer in{shown, start};
      auto column = read_column(in, records, shown);
      if (in.peek().what != pattern_token::kind::end) throw pattern_error{in.peek().offset, {}, "',' is expected here"};
      if (start != from) {
        pattern_lexer names{text.substr(0, equals), from};
        const auto name = names.take();
        if (name.what != pattern_token::kind::word || names.peek().what != pattern_token::kind::end)
          throw pattern_error{name.offset, {}, "a column's name is expected before '='"};
        column.name = name.text;
      }
      columns.push_back(std::move(column));
      from = end + 1;
    }
    return columns;
  } catch (const pattern_error& e) {
    return user_error(errc::parse_error, describe(e, text));
  }
}

}  // namespace millrace::library
