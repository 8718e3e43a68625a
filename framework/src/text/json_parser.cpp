#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "millrace/text/record_parser.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace {

namespace {

constexpr unsigned nesting_max = 32;

/// Receives the parser's events for one line and sets the fields as they come; no tree is built.
class field_events {
public:
  using json = nlohmann::json;

  field_events(const schema& s, std::string& scratch) : schema_{&s}, scratch_{&scratch} {
    seen_.resize(s.fields.size());
  }

  void begin(dynamic_builder& row, line_problem& problem) {
    row_ = &row;
    problem_ = &problem;
    depth_ = 0;
    std::fill(seen_.begin(), seen_.end(), false);
  }
  /// Every field that may not be missing was there.
  bool is_complete() {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i] && !has_default(schema_->fields[i]))
        return refuse("field '" + schema_->fields[i].name + "' is missing");
    }
    return true;
  }

  bool null() { return take(value{}, "null"); }
  bool boolean(bool v) { return take(value::of(v), v ? "true" : "false"); }
  bool number_integer(json::number_integer_t v) { return number(value::of(v), std::to_string(v)); }
  bool number_unsigned(json::number_unsigned_t v) { return number(value::of(v), std::to_string(v)); }
  bool number_float(json::number_float_t v, const std::string& text) { return number(value::of(v), text); }
  bool string(std::string& text);
  bool binary(json::binary_t&) { return refuse("binary data"); }
  bool start_object(std::size_t) { return down(); }
  bool start_array(std::size_t) {
    return (depth_ != 0 || refuse("expected an object: {\"field\": value, …}")) && down();
  }
  bool end_object() { return up(); }
  bool end_array() { return up(); }
  bool key(std::string& name);
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) {
    problem_->column = position;
    const std::string text = e.what();  // "[json.exception.parse_error.101] parse error at …"
    return refuse(text.substr(text.find("] ") == std::string::npos ? 0 : text.find("] ") + 2));
  }

private:
  bool down();
  bool up() noexcept {
    --depth_;
    return true;
  }
  bool number(const value& v, const std::string& text);
  bool take(const value& v, const std::string& text);
  bool refuse(std::string what) {
    problem_->say(std::move(what));
    return false;
  }
  /// The field that the value coming next belongs to.
  [[nodiscard]] const field* wanted() const { return depth_ == 1 && current_ ? &schema_->fields[*current_] : nullptr; }

  const schema* schema_;
  std::string* scratch_;
  dynamic_builder* row_ = nullptr;
  line_problem* problem_ = nullptr;
  std::vector<bool> seen_;
  std::optional<std::uint32_t> current_;
  unsigned depth_ = 0;
};

bool field_events::key(std::string& name) {
  if (depth_ != 1) return true;
  current_ = schema_->find(name);
  if (!current_) return true;
  if (seen_[*current_]) return refuse("field '" + name + "' is there twice");
  seen_[*current_] = true;
  return true;
}

bool field_events::down() {
  if (const auto* f = wanted()) return refuse("field '" + f->name + "' is nested, expected a " + to_text(f->type));
  return ++depth_ <= nesting_max || refuse("nested deeper than " + std::to_string(nesting_max) + " levels");
}

bool field_events::string(std::string& text) {
  const auto* f = wanted();
  if (f == nullptr) return take(value{}, text);
  if (f->type.kind == field_kind::integer || f->type.kind == field_kind::boolean) return take(value::of(text), text);
  value v;
  if (const char* expected = parse_value(f->type, text, v, *scratch_)) {
    return refuse("field '" + f->name + "': \"" + text.substr(0, 40) + "\" is no " + to_text(f->type) + ", expected " +
                  expected);
  }
  return take(v, text);
}

/// Times and decimals are read from the digits: a double would round them.
bool field_events::number(const value& v, const std::string& text) {
  const auto* f = wanted();
  value exact;
  const bool from_text =
      f != nullptr && (f->type.kind == field_kind::event_time || f->type.kind == field_kind::decimal);
  if (from_text && parse_value(f->type, text, exact, *scratch_) == nullptr) return take(exact, text);
  return take(v, text);
}

bool field_events::take(const value& v, const std::string& text) {
  const auto* f = wanted();
  if (f == nullptr) return depth_ != 0 || refuse("expected an object: {\"field\": value, …}");
  if (row_->set(*current_, v)) return true;
  return refuse("field '" + f->name + "': " + text.substr(0, 40) + " is no " + to_text(f->type));
}

class json_parser final : public record_parser {
public:
  explicit json_parser(schema_ptr fields) : schema_{std::move(fields)}, events_{*schema_, scratch_} {}

  bool is_blank(std::span<const char> line) const noexcept override {
    return std::all_of(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; });
  }
  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override {
    row.begin_row();
    events_.begin(row, problem);
    if (nlohmann::json::sax_parse(line.begin(), line.end(), &events_) && events_.is_complete()) return true;
    row.drop_row();
    return false;
  }

private:
  schema_ptr schema_;
  std::string scratch_;
  field_events events_;
};

}  // namespace

std::unique_ptr<record_parser> make_json_parser(schema_ptr fields) {
  return std::make_unique<json_parser>(std::move(fields));
}

}  // namespace millrace
