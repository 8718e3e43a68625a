#include "library/sources/csv_body.hpp"

#include <algorithm>
#include <span>

namespace millrace::library {

namespace {

/// A record's bytes without its line end; quotes may hold line ends.
std::span<char> take_record(std::span<char>& rest) noexcept {
  bool is_quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (is_quoted || rest[end] != '\n'); ++end) is_quoted = is_quoted != (rest[end] == '"');
  auto found = rest.first(end);
  rest = rest.subspan(std::min(end + 1, rest.size()));
  if (!found.empty() && found.back() == '\r') found = found.first(found.size() - 1);
  return found;
}

}  // namespace

parsed_body parse_csv_body(const record_type_ptr& type, std::string text, bool has_header, std::size_t items_max) {
  parsed_body out;
  const auto parser = make_csv_parser(type->shared_schema(), has_header);
  const auto builder = type->make_builder(16);
  auto& rows = static_cast<dynamic_builder&>(*builder);
  std::span<char> rest{text};
  if (text.starts_with("\xef\xbb\xbf")) rest = rest.subspan(3);
  std::uint64_t line = 1;
  bool is_header = has_header;
  for (std::uint64_t number = 1; !rest.empty();) {
    const auto record = take_record(rest);
    const std::string original{record.data(), record.size()};
    const text_place at{line, 1};
    line += static_cast<std::uint64_t>(std::ranges::count(original, '\n')) + 1;
    if (is_header) {
      is_header = false;
      if (auto ok = parser->read_header(record); !ok) {
        out.malformed.push_back({0, at, ok.error().message, original});
        break;
      }
      continue;
    }
    if (parser->is_blank(record)) continue;
    if (number > items_max) {
      out.has_too_many = true;
      break;
    }
    line_problem problem;
    if (!parser->parse(record, rows, problem)) {
      out.malformed.push_back(
          {number, {at.line, std::max<std::uint64_t>(1, problem.column)}, problem.what(), original});
    }
    ++number;
  }
  out.events = rows.finish();
  return out;
}

}  // namespace millrace::library
