#include <algorithm>
#include <cstring>
#include <optional>

#include "library/record_parser.hpp"
#include "library/value_text.hpp"

namespace millrace::library {

namespace {

struct csv_field {
  std::string_view text;
  std::size_t column;
  bool is_quoted;
};

/// Takes a quoted field from `at` on, which is behind the opening quote; doubled quotes are made one in place. Returns
/// where the field ends (behind the closing quote), or nullptr when that is missing.
char* take_quoted(char* at, char* end, std::string_view& text) noexcept {
  char* const start = at;
  char* to = at;
  for (; at != end; ++at) {
    if (*at == '"') {
      if (at + 1 == end || at[1] != '"') {
        text = {start, static_cast<std::size_t>(to - start)};
        return at + 1;
      }
      ++at;
    }
    *to++ = *at;
  }
  return nullptr;
}

bool split(std::span<char> line, std::vector<csv_field>& out, line_problem& problem) {
  char* at = line.data();
  char* const end = at + line.size();
  const auto column = [&](const char* p) { return static_cast<std::size_t>(p - line.data()) + 1; };
  out.clear();
  for (;;) {
    csv_field f{{}, column(at), at != end && *at == '"'};
    if (f.is_quoted) {
      at = take_quoted(at + 1, end, f.text);
      if (at == nullptr || (at != end && *at != ',')) {
        problem = {at == nullptr ? f.column : column(at),
                   at == nullptr ? "the quote is not closed" : "expected ',' behind the closing quote"};
        return false;
      }
    } else {
      auto* const comma = static_cast<char*>(std::memchr(at, ',', static_cast<std::size_t>(end - at)));
      char* const field_end = comma == nullptr ? end : comma;
      f.text = {at, static_cast<std::size_t>(field_end - at)};
      at = field_end;
    }
    out.push_back(f);
    if (at == end) return true;
    ++at;
  }
}

class csv_parser final : public record_parser {
public:
  csv_parser(schema_ptr fields, bool has_header) : schema_{std::move(fields)}, has_header_{has_header} {
    for (std::uint32_t i = 0; i < schema_->fields.size(); ++i) columns_.emplace_back(i);
  }

  bool takes_header() const noexcept override { return has_header_; }
  result<void> read_header(std::span<char> line) override;
  /// In a file of one column an empty line is a record with an empty field.
  bool is_blank(std::span<const char> line) const noexcept override { return line.empty() && columns_.size() > 1; }
  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override;

private:
  bool set(dynamic_builder& row, std::uint32_t index, const csv_field& f, line_problem& problem);

  schema_ptr schema_;
  bool has_header_;
  std::vector<std::optional<std::uint32_t>> columns_;  // which field a column is
  std::vector<csv_field> parts_;
  std::string scratch_;
};

result<void> csv_parser::read_header(std::span<char> line) {
  line_problem problem;
  if (!split(line, parts_, problem)) return user_error(errc::parse_error, problem.what);
  columns_.clear();
  for (const auto& part : parts_) columns_.push_back(schema_->find(part.text));
  for (std::uint32_t i = 0; i < schema_->fields.size(); ++i) {
    const auto times = std::ranges::count(columns_, std::optional{i});
    const auto& name = schema_->fields[i].name;
    if (times == 0 && !has_default(schema_->fields[i])) {
      return user_error(errc::schema_mismatch,
                        "the header has no column '" + name +
                            "'; mend 'fields', or set 'header' to false when the first line is data");
    }
    if (times > 1) return user_error(errc::schema_mismatch, "the header has the column '" + name + "' more than once");
  }
  return {};
}

bool csv_parser::parse(std::span<char> line, dynamic_builder& row, line_problem& problem) {
  if (!split(line, parts_, problem)) return false;
  if (parts_.size() != columns_.size()) {
    problem = {0, "expected " + std::to_string(columns_.size()) + " columns, found " + std::to_string(parts_.size())};
    return false;
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (columns_[i] && !set(row, *columns_[i], parts_[i], problem)) return false;
  }
  return true;
}

bool csv_parser::set(dynamic_builder& row, std::uint32_t index, const csv_field& f, line_problem& problem) {
  const auto& field = schema_->fields[index];
  if (f.text.empty() && !f.is_quoted && field.type.optional) return true;
  value v;
  const char* expected = parse_value(field.type, f.text, v, scratch_);
  if (expected == nullptr && row.set(index, v)) return true;
  constexpr std::size_t shown_max = 40;
  problem = {f.column,
             "field '" + field.name + "': '" + std::string{f.text.substr(0, shown_max)} + "' is no " +
                 to_text(field.type) +
                 (expected == nullptr ? std::string{": it is out of range"} : ", expected " + std::string{expected})};
  return false;
}

}  // namespace

std::unique_ptr<record_parser> make_csv_parser(schema_ptr fields, bool has_header) {
  return std::make_unique<csv_parser>(std::move(fields), has_header);
}

}  // namespace millrace::library
