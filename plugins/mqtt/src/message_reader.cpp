#include "message_reader.hpp"

#include "millrace/text/value_text.hpp"

namespace millrace::mqtt {

namespace {

constexpr std::size_t shown_bytes_max = 40;

result<std::optional<std::uint32_t>> find_own(const schema& s, const std::string& name, const char* parameter,
                                              field_kind kind, const char* kind_name) {
  if (name.empty()) return std::optional<std::uint32_t>{};
  const auto at = s.find(name);
  if (at && s.fields[*at].type.kind == kind) return at;
  return user_error(errc::invalid_argument, std::string{"parameter '"} + parameter + "': '" + name +
                                                "' must be one of 'fields', a " + kind_name);
}

}  // namespace

result<message_reader> message_reader::make(const mapping& m) {
  auto parsed = parse_schema("message", m.fields);
  if (!parsed) return std::move(parsed).error();
  const auto topic = find_own(*parsed, m.topic_field, "topic_field", field_kind::string, "string");
  if (!topic) return topic.error();
  const auto arrival = find_own(*parsed, m.arrival_field, "arrival_field", field_kind::event_time, "event_time");
  if (!arrival) return arrival.error();
  message_reader r;
  r.topic_ = *topic;
  r.arrival_ = *arrival;
  // A payload need not have what the message itself tells.
  auto in_payload = *parsed;
  for (const auto own : {r.topic_, r.arrival_}) {
    if (own) in_payload.fields[*own].type.optional = true;
  }
  std::size_t left = 0;
  for (std::uint32_t i = 0; i < parsed->fields.size(); ++i) {
    if (r.topic_ == i || r.arrival_ == i) continue;
    ++left;
    r.text_ = i;
  }
  if (m.is_text && (left != 1 || !parsed->fields[r.text_].type.is_scalar())) {
    return user_error(errc::invalid_argument,
                      "parameter 'fields': with 'payload' text there is one field with a single value for the payload, "
                      "beside 'topic_field' and 'arrival_field'");
  }
  for (const auto& f : parsed->fields) {
    if (f.type.is_scalar()) continue;
    return user_error(errc::invalid_argument, "parameter 'fields': '" + f.name + "' is a " + to_text(f.type) +
                                                  "; only fields with single values can be read from a message");
  }
  if (!m.is_text) r.json_ = make_json_parser(std::make_shared<const schema>(std::move(in_payload)));
  r.schema_ = std::make_shared<const schema>(std::move(parsed).value());
  return r;
}

std::string message_reader::read(std::string_view topic, std::string_view payload, event_time arrived,
                                 dynamic_builder& row) {
  auto problem = json_ ? read_json(payload, row) : read_text(payload, row);
  if (!problem.empty()) return problem;
  if (topic_) (void)row.set(*topic_, value::of(topic));
  if (arrival_) (void)row.set(*arrival_, value::of(arrived));
  return {};
}

std::string message_reader::read_json(std::string_view payload, dynamic_builder& row) {
  scratch_.assign(payload);
  line_problem problem;
  return json_->parse(scratch_, row, problem) ? std::string{} : problem.what();
}

std::string message_reader::read_text(std::string_view payload, dynamic_builder& row) {
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

}  // namespace millrace::mqtt
