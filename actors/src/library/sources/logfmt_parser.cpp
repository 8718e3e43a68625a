#include "library/sources/logfmt_parser.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "library/sources/text_fields.hpp"

namespace millrace::library {

namespace {

class logfmt_parser final : public record_parser {
public:
  explicit logfmt_parser(schema_ptr fields) : fields_{std::move(fields)}, seen_(fields_.fields().fields.size()) {}

  bool is_blank(std::span<const char> line) const noexcept override {
    return std::ranges::all_of(line, [](char c) { return c == ' ' || c == '\t'; });
  }
  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override {
    fields_.begin(line, row, problem);
    std::fill(seen_.begin(), seen_.end(), false);
    at_ = line.data();
    end_ = at_ + line.size();
    while (skip_spaces()) {
      if (!pair()) return false;
    }
    for (std::uint32_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i] && !fields_.set_missing(i)) return false;
    }
    return true;
  }

private:
  /// False: the line is over.
  bool skip_spaces() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
    return at_ != end_;
  }
  std::string_view up_to(bool (*is_end)(char)) noexcept {
    const char* const start = at_;
    at_ = std::find_if(at_, end_, is_end);
    return {start, static_cast<std::size_t>(at_ - start)};
  }
  bool pair() {
    const auto name = up_to([](char c) { return c == '=' || c == ' ' || c == '\t' || c == '"'; });
    if (name.empty()) return fields_.refuse(at_, "expected ", "a key");
    const auto field = fields_.fields().find(name);
    if (field && seen_[*field]) return fields_.refuse(name.data(), "there twice: ", name);
    if (field) seen_[*field] = true;
    if (at_ == end_ || *at_ != '=') {
      if (at_ != end_ && *at_ == '"') return fields_.refuse(at_, "expected ", "'=' behind the key");
      return !field || fields_.set_quoted(*field, "true");
    }
    ++at_;
    if (at_ != end_ && *at_ == '"') return quoted(field);
    const auto text = up_to([](char c) { return c == ' ' || c == '\t'; });
    return !field || fields_.set(*field, text);
  }
  bool quoted(std::optional<std::uint32_t> field) {
    const char* const start = at_++;
    bool has_escapes = false;
    for (; at_ != end_ && *at_ != '"'; ++at_) {
      if (*at_ != '\\') continue;
      has_escapes = true;
      if (++at_ == end_) break;
    }
    if (at_ == end_) return fields_.refuse(start, "the quote is not ", "closed");
    const std::string_view text{start + 1, static_cast<std::size_t>(at_ - start - 1)};
    ++at_;
    if (at_ != end_ && *at_ != ' ' && *at_ != '\t')
      return fields_.refuse(at_, "expected ", "a space behind the closing quote");
    if (!field) return true;
    if (!has_escapes) return fields_.set_quoted(*field, text);
    const auto read = nlohmann::json::parse(start, at_, nullptr, false);
    if (!read.is_string()) return fields_.refuse(start, "expected ", "JSON's escapes within quotes");
    unescaped_ = read.get<std::string>();
    return fields_.set_quoted(*field, unescaped_);
  }

  text_fields fields_;
  std::vector<bool> seen_;
  std::string unescaped_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
};

}  // namespace

std::unique_ptr<record_parser> make_logfmt_parser(schema_ptr fields) {
  return std::make_unique<logfmt_parser>(std::move(fields));
}

}  // namespace millrace::library
