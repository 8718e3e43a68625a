#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "millrace/text/record_parser.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace {

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
        problem.column = at == nullptr ? f.column : column(at);
        problem.before = at == nullptr ? "the quote is not closed" : "expected ',' behind the closing quote";
        problem.value = problem.after = {};
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
    sort_columns();
  }

  bool takes_header() const noexcept override { return has_header_; }
  result<void> read_header(std::span<char> line) override;
  /// In a file of one column an empty line is a record with an empty field.
  bool is_blank(std::span<const char> line) const noexcept override { return line.empty() && columns_.size() > 1; }
  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override;

private:
  // What is said of all values of a field that are wrong in the same way.
  struct said {
    std::uint32_t field = 0;
    const char* expected = nullptr;
    std::string before;
    std::string after;
  };

  // A column that is a field.
  struct column {
    std::uint32_t column = 0;
    std::uint32_t field = 0;
    bool is_null = false;
    value read{};  ///< of the line at hand; holds itself
  };

  [[nodiscard]] bool is_null(std::uint32_t index, const csv_field& f) const {
    return f.text.empty() && !f.is_quoted && schema_->fields[index].type.optional;
  }
  bool set_fields(dynamic_builder& row, line_problem& problem);
  bool refuse(std::uint32_t index, const char* expected, const csv_field& f, line_problem& problem);
  void sort_columns();
  void refuse_count(line_problem& problem);
  const said& said_of(std::uint32_t index, const char* expected);

  schema_ptr schema_;
  bool has_header_;
  std::vector<std::optional<std::uint32_t>> columns_;  // which field a column is
  std::vector<column> checked_;                        // read before a row is begun
  std::vector<column> others_;                         // texts, which are seldom refused, and bytes
  std::vector<csv_field> parts_;
  std::string scratch_;
  std::vector<std::unique_ptr<said>> said_;  // behind pointers: problems look at them
  std::string wrong_count_;
};

result<void> csv_parser::read_header(std::span<char> line) {
  line_problem problem;
  if (!split(line, parts_, problem)) return user_error(errc::parse_error, problem.what());
  columns_.clear();
  wrong_count_.clear();
  for (const auto& part : parts_) columns_.push_back(schema_->find(part.text));
  sort_columns();
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
    refuse_count(problem);
    return false;
  }
  // A row is begun only when what is refused most is right: malformed lines cost no more than they must.
  for (auto& c : checked_) {
    const auto& f = parts_[c.column];
    c.is_null = is_null(c.field, f);
    if (c.is_null) continue;
    if (const char* expected = parse_value(schema_->fields[c.field].type, f.text, c.read, scratch_)) {
      return refuse(c.field, expected, f, problem);
    }
  }
  row.begin_row();
  if (set_fields(row, problem)) return true;
  row.drop_row();
  return false;
}

bool csv_parser::set_fields(dynamic_builder& row, line_problem& problem) {
  for (const auto& c : checked_) {
    if (!c.is_null && !row.set(c.field, c.read)) return refuse(c.field, nullptr, parts_[c.column], problem);
  }
  for (const auto& c : others_) {
    const auto& f = parts_[c.column];
    if (is_null(c.field, f)) continue;
    value v;
    const char* expected = parse_value(schema_->fields[c.field].type, f.text, v, scratch_);
    if (expected != nullptr || !row.set(c.field, v)) return refuse(c.field, expected, f, problem);
  }
  return true;
}

bool csv_parser::refuse(std::uint32_t index, const char* expected, const csv_field& f, line_problem& problem) {
  constexpr std::size_t shown_max = 40;
  const auto& say = said_of(index, expected);
  problem.column = f.column;
  problem.before = say.before;
  problem.value = f.text.substr(0, shown_max);
  problem.after = say.after;
  return false;
}

void csv_parser::sort_columns() {
  checked_.clear();
  others_.clear();
  for (std::uint32_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i]) continue;
    const auto kind = schema_->fields[*columns_[i]].type.kind;
    const bool has_bytes = kind == field_kind::string || kind == field_kind::bytes;
    (has_bytes ? others_ : checked_).push_back({i, *columns_[i]});
  }
}

void csv_parser::refuse_count(line_problem& problem) {
  if (wrong_count_.empty()) wrong_count_ = "expected " + std::to_string(columns_.size()) + " columns, found ";
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), parts_.size()).ptr;
  problem.column = 0;
  problem.text.assign(digits.data(), end);
  problem.before = wrong_count_;
  problem.value = problem.text;
  problem.after = {};
}

/// `expected` is one of the few texts of `parse_value`, so each field has few of these.
const csv_parser::said& csv_parser::said_of(std::uint32_t index, const char* expected) {
  for (const auto& s : said_) {
    if (s->field == index && s->expected == expected) return *s;
  }
  const auto& field = schema_->fields[index];
  said_.push_back(std::make_unique<said>(
      said{index, expected, "field '" + field.name + "': '",
           "' is no " + to_text(field.type) +
               (expected == nullptr ? std::string{": it is out of range"} : ", expected " + std::string{expected})}));
  return *said_.back();
}

}  // namespace

std::unique_ptr<record_parser> make_csv_parser(schema_ptr fields, bool has_header) {
  return std::make_unique<csv_parser>(std::move(fields), has_header);
}

}  // namespace millrace
