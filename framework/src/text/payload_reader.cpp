#include "millrace/text/payload_reader.hpp"

#include <algorithm>

#include "millrace/text/value_text.hpp"

namespace millrace {

namespace {

constexpr std::size_t shown_bytes_max = 40;

bool takes(const payload_reader::beside& b, field_kind kind) {
  return b.is_time ? kind == field_kind::event_time : kind == field_kind::string || kind == field_kind::bytes;
}

result<std::optional<std::uint32_t>> find_own(const schema& s, const payload_reader::beside& b) {
  if (b.field.empty()) return std::optional<std::uint32_t>{};
  const auto at = s.find(b.field);
  if (at && takes(b, s.fields[*at].type.kind)) return at;
  return user_error(errc::invalid_argument, "parameter '" + b.parameter + "': '" + b.field +
                                                "' must be one of 'fields', " +
                                                (b.is_time ? "an event_time" : "a string or bytes"));
}

}  // namespace

result<payload_reader> payload_reader::make(const std::string& fields, format f, const std::vector<beside>& others) {
  auto parsed = parse_schema("message", fields);
  if (!parsed) return std::move(parsed).error();
  for (const auto& field : parsed->fields) {
    if (field.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + field.name + "' is a " + to_text(field.type) +
                                                  "; only fields with single values can be read from a message");
  }
  payload_reader r;
  // A payload need not have what comes beside it.
  auto in_payload = *parsed;
  for (const auto& b : others) {
    const auto at = find_own(*parsed, b);
    if (!at) return at.error();
    if (*at && std::ranges::find(r.others_, *at) != r.others_.end()) {
      return user_error(errc::invalid_argument,
                        "parameter '" + b.parameter + "': the field '" + b.field + "' gets something else already");
    }
    r.others_.push_back(*at);
    if (*at) in_payload.fields[**at].type.optional = true;
  }
  std::size_t left = 0;
  for (std::uint32_t i = 0; i < parsed->fields.size(); ++i) {
    if (std::ranges::find(r.others_, std::optional{i}) != r.others_.end()) continue;
    ++left;
    r.text_ = i;
  }
  if (f == format::text && left != 1) {
    return user_error(errc::invalid_argument,
                      "parameter 'fields': for a text there is one field beside those that get something else, not " +
                          std::to_string(left));
  }
  if (f == format::json) r.json_ = make_json_parser(std::make_shared<const schema>(std::move(in_payload)));
  r.schema_ = std::make_shared<const schema>(std::move(parsed).value());
  return r;
}

std::string payload_reader::read(std::string_view payload, std::span<const value> others, dynamic_builder& row) {
  auto problem = json_ ? read_json(payload, row) : read_text(payload, row);
  if (!problem.empty()) return problem;
  for (std::size_t i = 0; i < others_.size() && problem.empty(); ++i) {
    if (others_[i]) problem = set(*others_[i], others[i], row);
  }
  if (!problem.empty()) row.drop_row();
  return problem;
}

std::string payload_reader::set(std::uint32_t field, value v, dynamic_builder& row) const {
  const auto& f = schema_->fields[field];
  if (v.is_null() && !f.type.optional) return "field '" + f.name + "' is missing: the message has none";
  if (f.type.kind == field_kind::bytes && v.kind() == value_kind::string) v = value::of(v.as_bytes());
  return row.set(field, v) ? std::string{} : "field '" + f.name + "': what the message has is no " + to_text(f.type);
}

std::string payload_reader::read_json(std::string_view payload, dynamic_builder& row) {
  scratch_.assign(payload);
  line_problem problem;
  return json_->parse(scratch_, row, problem) ? std::string{} : problem.what();
}

std::string payload_reader::read_text(std::string_view payload, dynamic_builder& row) {
  const auto& f = schema_->fields[text_];
  value v;
  if (!(payload.empty() && f.type.optional)) {
    if (const char* const expected = parse_value(f.type, payload, v, scratch_)) {
      return "'" + std::string{payload.substr(0, shown_bytes_max)} + "' is no " + to_text(f.type) + ", expected " +
             expected;
    }
  }
  row.begin_row();
  if (row.set(text_, v)) return {};
  row.drop_row();
  return "the value is out of the range of field '" + f.name + "'";
}

}  // namespace millrace
