#include "library/sources/ingest_body.hpp"

#include <string_view>

namespace millrace::library {

namespace {

constexpr std::uint32_t rows_at_first = 16;

/// The parser counts lines from the value's beginning; the item knows its place in the body.
std::string without_place(std::string reason) {
  constexpr std::string_view begin = "parse error at line ";
  const auto end = reason.find(": ");
  return reason.rfind(begin, 0) == 0 && end != std::string::npos ? reason.substr(end + 2) : reason;
}

}  // namespace

std::size_t parsed_body::bytes() const noexcept {
  std::size_t n = events->bytes() + sizeof *this;
  for (const auto& m : malformed) n += sizeof m + m.reason.size() + m.content.size();
  return n;
}

ingest_body::ingest_body(record_type_ptr type, std::size_t items_max)
    : type_{std::move(type)}, items_max_{items_max}, parser_{make_json_parser(type_->shared_schema())} {}

parsed_body ingest_body::parse(std::string text, json_items::cut how) {
  parsed_body out;
  const auto builder = type_->make_builder(rows_at_first);
  auto& rows = static_cast<dynamic_builder&>(*builder);
  json_items items{text, how};
  for (std::uint64_t number = 1; const auto found = items.next(); ++number) {
    if (number > items_max_) {
      out.has_too_many = true;
      break;
    }
    line_problem problem;
    if (found->problem != nullptr) {
      out.malformed.push_back(bad(*found, number, 0, found->problem));
    } else if (!parser_->parse(found->text, rows, problem)) {
      out.malformed.push_back(bad(*found, number, problem.column, without_place(problem.what())));
    }
  }
  out.events = rows.finish();
  return out;
}

malformed_item ingest_body::bad(const json_items::item& what, std::uint64_t number, std::size_t column,
                                std::string reason) {
  return {number, json_items::place_in(what, column), std::move(reason), {what.text.data(), what.text.size()}};
}

}  // namespace millrace::library
