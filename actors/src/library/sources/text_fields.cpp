#include "library/sources/text_fields.hpp"

#include <functional>

#include "millrace/text/value_text.hpp"

namespace millrace::library {

text_fields::text_fields(schema_ptr fields) : schema_{std::move(fields)} {
  for (const auto& f : schema_->fields) {
    before_.push_back("field '" + f.name + "': '");
    missing_.push_back("field '" + f.name + "' is missing");
  }
}

void text_fields::begin(std::span<char> line, dynamic_builder& row, line_problem& problem) {
  line_ = line;
  row_ = &row;
  problem_ = &problem;
  row.begin_row();
}

bool text_fields::set(std::uint32_t field, std::string_view text) {
  if (text.empty() && schema_->fields[field].type.optional) return set(field, value{});
  return parse(field, text);
}

bool text_fields::set_quoted(std::uint32_t field, std::string_view text) {
  return parse(field, text);
}

bool text_fields::set(std::uint32_t field, const value& v) {
  return row_->set(field, v) || refuse_value(field, {}, "another value");
}

bool text_fields::set_missing(std::uint32_t field) {
  if (schema_->fields[field].type.optional) return set(field, value{});
  return refuse(nullptr, missing_[field], {});
}

bool text_fields::refuse(const char* at, std::string_view before, std::string_view what) {
  problem_->column = column_of(at);
  problem_->before = before;
  problem_->value = what;
  problem_->after = {};
  row_->drop_row();
  return false;
}

bool text_fields::parse(std::uint32_t field, std::string_view text) {
  value v;
  const char* const expected = parse_value(schema_->fields[field].type, text, v, scratch_);
  if (expected != nullptr) return refuse_value(field, text, expected);
  return row_->set(field, v) || refuse_value(field, text, "one within its range");
}

bool text_fields::refuse_value(std::uint32_t field, std::string_view text, const char* expected) {
  const bool is_in_line = column_of(text.data()) != 0;
  problem_->column = column_of(text.data());
  problem_->before = before_[field];
  after_ = "' is no " + to_text(schema_->fields[field].type) + ", expected " + expected;
  problem_->after = after_;
  if (!is_in_line) problem_->text = text;  // the parser's own memory may be used again
  problem_->value = is_in_line ? text : std::string_view{problem_->text};
  row_->drop_row();
  return false;
}

std::size_t text_fields::column_of(const char* at) const noexcept {
  const std::less<const char*> before;
  const char* const end = line_.data() + line_.size();
  if (at == nullptr || before(at, line_.data()) || before(end, at)) return 0;
  return static_cast<std::size_t>(at - line_.data()) + 1;
}

}  // namespace millrace::library
