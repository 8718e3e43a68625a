#include "library/processors/field_rules.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "library/processors/key_fields.hpp"
#include "library/processors/value_order.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/utf8.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// In the order of field_rules::kind.
constexpr std::array<std::string_view, 8> words{"required", "<", "<=", ">", ">=", "in", "matches", "length"};

error refuse(const std::string& rule, const std::string& why) {
  return user_error(errc::invalid_argument, "parameter 'rules', '" + rule + "': " + why);
}

/// Characters of UTF-8, not bytes.
std::size_t length_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

bool read_count(std::string_view text, std::size_t& out) noexcept {
  const auto* const end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, out);
  return r.ec == std::errc{} && r.ptr == end;
}

/// `1..200`, `..200`, `1..`
bool read_range(const std::string& text, std::size_t& least, std::size_t& most) {
  const auto dots = text.find("..");
  if (dots == std::string::npos || text.size() == 2) return false;
  const auto low = text.substr(0, dots);
  const auto high = text.substr(dots + 2);
  most = std::string::npos;
  return (low.empty() || read_count(low, least)) && (high.empty() || read_count(high, most)) && least <= most;
}

std::string text_of(const field_type& type, const value& v) {
  std::string text;
  append_text(text, type, v, time_format::iso);
  return text;
}

}  // namespace

field_rules::field_rules() = default;
field_rules::field_rules(field_rules&&) noexcept = default;
field_rules& field_rules::operator=(field_rules&&) noexcept = default;
field_rules::~field_rules() = default;

result<field_rules> field_rules::read(const std::string& text, const schema& arriving) {
  field_rules all;
  for (const auto& line : split_list(text, '\n')) {
    for (const auto& one : split_list(line, ';')) {
      auto r = read_rule(one, arriving);
      if (!r) return std::move(r).error();
      all.rules_.push_back(std::move(*r));
    }
  }
  if (all.rules_.empty()) {
    return user_error(errc::invalid_argument,
                      "parameter 'rules' is empty: give some, e.g. amount required; amount > 0");
  }
  if (all.rules_.size() <= rules_max) return all;
  return user_error(errc::limit_exceeded, "parameter 'rules' has more than " + std::to_string(rules_max) + " rules");
}

result<field_rules::rule> field_rules::read_rule(const std::string& text, const schema& arriving) {
  const auto name_end = text.find(' ');
  const auto name = text.substr(0, name_end);
  const auto rest = name_end == std::string::npos ? std::string{} : text.substr(text.find_first_not_of(' ', name_end));
  const auto index = find_field(arriving, name, "rules");
  if (!index) return index.error();
  const auto word = rest.substr(0, rest.find(' '));
  const auto known = std::ranges::find(words, word);
  if (known == words.end()) {
    return refuse(text, "behind the field's name stands one of required, <, <=, >, >=, in, matches, length");
  }
  rule r;
  r.field = *index;
  r.what = static_cast<kind>(known - words.begin());
  r.text = rest;
  const auto at = rest.find_first_not_of(' ', word.size());
  const auto operand = at == std::string::npos ? std::string{} : rest.substr(at);
  if (operand.empty() != (r.what == kind::required)) {
    return refuse(text, operand.empty() ? "something has to stand behind '" + word + "'" : "nothing stands behind it");
  }
  if (auto ok = read_operand(r, operand, arriving.fields[r.field].type); !ok) return refuse(text, ok.error().message);
  return r;
}

result<void> field_rules::read_operand(rule& r, const std::string& operand, const field_type& type) {
  const auto wrong = [](const std::string& why) { return user_error(errc::invalid_argument, why); };
  const bool is_text = type.kind == field_kind::string;
  std::string scratch;
  switch (r.what) {
    case kind::required:
      return {};
    case kind::matches:
      if (!is_text) return wrong("matches works on text, and the field is a " + to_text(type));
      r.pattern = std::make_unique<re2::RE2>(operand, re2::RE2::Quiet);
      return r.pattern->ok() ? result<void>{} : wrong("the expression cannot be read: " + r.pattern->error());
    case kind::length:
      if (!is_text) return wrong("length works on text, and the field is a " + to_text(type));
      return read_range(operand, r.least, r.most) ? result<void>{} : wrong("expected a range such as 1..200 or ..200");
    case kind::choices:
      for (const auto& choice : split_list(operand, '|')) {
        value v;
        const char* const expected = parse_value(type, choice, v, scratch);
        if (expected != nullptr) return wrong("'" + choice + "' is none: expected " + expected);
        r.choices.push_back(canonical(v));
      }
      return {};
    default:
      break;
  }
  r.operand_bytes = operand;
  const char* const expected = parse_value(type, r.operand_bytes, r.operand, scratch);
  if (expected != nullptr) return wrong(std::string{"expected "} + expected);
  // Kept apart from both: what the operand shows must stay where it is when the rule moves.
  r.operand_bytes = r.operand.is_view() ? std::string{r.operand.as_string()} : std::string{};
  return {};
}

bool field_rules::keeps(const rule& r, const field_type& type, const value& v) {
  if (v.is_null()) return r.what != kind::required;
  if (r.what == kind::required) return true;
  if (r.what == kind::matches) {
    const auto text = v.as_string();
    return re2::RE2::FullMatch({text.data(), text.size()}, *r.pattern);
  }
  if (r.what == kind::length) {
    const auto n = length_of(v.as_string());
    return n >= r.least && n <= r.most;
  }
  if (r.what == kind::choices) return std::ranges::find(r.choices, canonical(v)) != r.choices.end();
  const auto operand = type.kind == field_kind::string  ? value::of(std::string_view{r.operand_bytes})
                       : type.kind == field_kind::bytes ? value::of(as_bytes(r.operand_bytes))
                                                        : r.operand;
  const auto order = compare(v, operand);
  if (r.what == kind::less) return order < 0;
  if (r.what == kind::at_most) return order <= 0;
  return r.what == kind::more ? order > 0 : order >= 0;
}

std::string field_rules::broken_by(const record_view& record) const {
  std::string broken;
  for (const auto& r : rules_) {
    const auto& f = record.schema().fields[r.field];
    const auto& v = record.field(r.field);
    if (keeps(r, f.type, v)) continue;
    if (!broken.empty()) broken += "; ";
    // What is data about a person has no place in a reason that is shown.
    const auto shown = v.is_null() ? "null" : f.personal ? "not shown" : "'" + text_of(f.type, v) + "'";
    broken += "'" + f.name + "' is " + shown + ", and the rule is " + r.text;
  }
  return broken;
}

}  // namespace millrace::library
