#include "library/sources/regex_parser.hpp"

#include <re2/re2.h>

#include "library/sources/text_fields.hpp"

namespace millrace::library {

namespace {

re2::RE2::Options options() {
  re2::RE2::Options o;
  o.set_log_errors(false);
  return o;
}

class regex_parser final : public record_parser {
public:
  regex_parser(schema_ptr fields, const std::string& pattern)
      : fields_{std::move(fields)}, pattern_{pattern, options()} {
    const auto& groups = pattern_.NamedCapturingGroups();
    for (const auto& f : fields_.fields().fields) groups_.push_back(static_cast<std::size_t>(groups.at(f.name)));
    found_.resize(static_cast<std::size_t>(pattern_.NumberOfCapturingGroups()) + 1);
  }

  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override {
    fields_.begin(line, row, problem);
    const bool is_match = pattern_.Match({line.data(), line.size()}, 0, line.size(), re2::RE2::ANCHOR_BOTH,
                                         found_.data(), static_cast<int>(found_.size()));
    if (!is_match) return fields_.refuse(nullptr, "the line does not match ", "the pattern");
    for (std::uint32_t i = 0; i < groups_.size(); ++i) {
      const auto text = found_[groups_[i]];
      if (!fields_.set(i, {text.data() == nullptr ? line.data() : text.data(), text.size()})) return false;
    }
    return true;
  }

private:
  text_fields fields_;
  re2::RE2 pattern_;
  std::vector<std::size_t> groups_;  ///< of each field
  std::vector<re2::StringPiece> found_;
};

}  // namespace

result<void> check_regex(const schema& fields, const std::string& pattern) {
  if (pattern.empty()) {
    return user_error(errc::invalid_argument,
                      "parameter 'pattern' is empty: the format 'regex' needs an expression with named groups, e.g. "
                      "(?P<level>\\w+) (?P<text>.*)");
  }
  const re2::RE2 compiled{pattern, options()};
  if (!compiled.ok()) {
    return user_error(errc::invalid_argument, "parameter 'pattern': " + compiled.error() + " (RE2's syntax)");
  }
  const auto& groups = compiled.NamedCapturingGroups();
  for (const auto& f : fields.fields) {
    if (groups.contains(f.name)) continue;
    std::string all;
    for (const auto& [name, index] : groups) all += (all.empty() ? "" : ", ") + name;
    return user_error(errc::not_found,
                      "parameter 'fields': the pattern has no group '" + f.name + "'; " +
                          (all.empty() ? "there are none: write (?P<" + f.name + ">…)" : "there are " + all));
  }
  return {};
}

std::unique_ptr<record_parser> make_regex_parser(schema_ptr fields, const std::string& pattern) {
  return std::make_unique<regex_parser>(std::move(fields), pattern);
}

}  // namespace millrace::library
