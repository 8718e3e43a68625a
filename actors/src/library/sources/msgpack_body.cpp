#include "library/sources/msgpack_body.hpp"

#include <optional>
#include <span>

#include "millrace/msgpack.hpp"

namespace millrace::library {

namespace {

constexpr std::uint32_t rows_at_first = 16;

bool is_container(msgpack::token t) noexcept {
  return t == msgpack::token::map || t == msgpack::token::array;
}

/// How many events the message says it has; nothing: it is one.
std::optional<std::uint32_t> items_in(msgpack::reader& in) {
  std::uint32_t n = 0;
  if (in.peek() != msgpack::token::array || !in.array(n)) return std::nullopt;
  if (n == 0 || is_container(in.peek())) return n;
  return std::nullopt;
}

}  // namespace

parsed_body parse_msgpack_body(const record_type_ptr& type, record_parser& parser, std::string body,
                               std::size_t items_max) {
  parsed_body out;
  const auto builder = type->make_builder(rows_at_first);
  auto& rows = static_cast<dynamic_builder&>(*builder);
  const auto take = [&](std::span<char> item, std::uint64_t number) {
    line_problem problem;
    if (parser.parse(item, rows, problem)) return;
    out.malformed.push_back({number, {number, problem.column}, problem.what(), {item.data(), item.size()}});
  };
  msgpack::reader in{as_bytes(body)};
  if (const auto items = items_in(in); !items) {
    take(body, 1);
  } else {
    for (std::uint64_t number = 1; number <= *items && !out.has_too_many; ++number) {
      const auto begin = in.offset();
      const std::span<char> rest{body.data() + begin, body.size() - begin};
      if (number > items_max) {
        out.has_too_many = true;
      } else if (bytes_view item; in.raw(item)) {
        take(rest.first(item.size()), number);
      } else {
        out.malformed.push_back(
            {number, {number, 0}, "does not end, or is no MessagePack", {rest.data(), rest.size()}});
        break;
      }
    }
    if (!in.failed() && !in.at_end() && !out.has_too_many) {
      const std::span<char> rest{body.data() + in.offset(), in.remaining()};
      const auto number = std::uint64_t{*items} + 1;
      out.malformed.push_back({number, {number, 0}, "something follows the array", {rest.data(), rest.size()}});
    }
  }
  out.events = rows.finish();
  return out;
}

}  // namespace millrace::library
