#include "library/sources/msgpack_parser.hpp"

#include <charconv>
#include <string>
#include <vector>

#include "millrace/msgpack.hpp"
#include "millrace/text/value_text.hpp"
#include "millrace/transport/utf8.hpp"

namespace millrace::library {

namespace {

using msgpack::token;

constexpr std::size_t shown_max = 40;

/// MessagePack's extension type −1: seconds in 4 bytes; nanoseconds and seconds in 8 (30 and 34 bits) or 12.
bool read_timestamp(std::int8_t type, bytes_view payload, event_time& out) {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto number = [&](std::size_t from, std::size_t n) {
    std::uint64_t bits = 0;
    for (const auto b : payload.subspan(from, n)) bits = bits << 8U | std::to_integer<std::uint64_t>(b);
    return bits;
  };
  std::int64_t seconds = 0;
  std::uint64_t rest = 0;
  if (type != -1) return false;
  if (payload.size() == 4) {
    seconds = static_cast<std::int64_t>(number(0, 4));
  } else if (payload.size() == 8) {
    rest = number(0, 8) >> 34U;
    seconds = static_cast<std::int64_t>(number(0, 8) & ((std::uint64_t{1} << 34U) - 1));
  } else if (payload.size() == 12) {
    rest = number(0, 4);
    seconds = static_cast<std::int64_t>(number(4, 8));
  } else {
    return false;
  }
  return rest < second && !__builtin_mul_overflow(seconds, std::int64_t{second}, &out.ns) &&
         !__builtin_add_overflow(out.ns, static_cast<std::int64_t>(rest), &out.ns);
}

template <class Number>
std::string text_of(Number v) {
  char digits[64];
  return {digits, std::to_chars(digits, digits + sizeof digits, v).ptr};
}

class msgpack_parser final : public record_parser {
public:
  explicit msgpack_parser(schema_ptr fields) : schema_{std::move(fields)}, seen_(schema_->fields.size()) {}

  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override {
    msgpack::reader in{std::as_bytes(line)};
    row_ = &row;
    what_.clear();
    at_ = 0;
    row.begin_row();
    if (read(in)) return true;
    row.drop_row();
    problem.column = at_ + 1;
    problem.say(what_);
    return false;
  }

private:
  [[nodiscard]] bool read(msgpack::reader& in) {
    const auto first = in.peek();
    if (first != token::map && first != token::array) return refuse(in, "expected a map or an array of fields");
    if (!(first == token::map ? read_map(in) : read_array(in))) return false;
    return in.at_end() || refuse(in, std::to_string(in.remaining()) + " bytes follow the value");
  }
  [[nodiscard]] bool read_map(msgpack::reader& in);
  [[nodiscard]] bool read_array(msgpack::reader& in);
  [[nodiscard]] bool read_field(msgpack::reader& in, std::uint32_t i);
  [[nodiscard]] bool read_value(msgpack::reader& in, const field_type& type, value& out);
  [[nodiscard]] bool set(msgpack::reader& in, std::uint32_t i, const value& v);
  [[nodiscard]] bool fill_in(msgpack::reader& in, std::uint32_t i) {
    const auto& f = schema_->fields[i];
    return has_default(f) || refuse(in, "field '" + f.name + "' is missing");
  }
  [[nodiscard]] static bool broken(const msgpack::reader& in) { return in.failed() || in.remaining() == 0; }
  bool refuse(const msgpack::reader& in, std::string what) {
    if (what_.empty()) {
      at_ = in.offset();
      what_ = std::move(what);
    }
    return false;
  }
  bool refuse_bytes(const msgpack::reader& in) {
    return refuse(in, "ends in the middle of a value, or is no MessagePack");
  }

  schema_ptr schema_;
  std::vector<bool> seen_;
  dynamic_builder* row_ = nullptr;
  std::string what_;
  std::size_t at_ = 0;
  std::string text_;  ///< what a number is read from, and the digits of bytes
  std::string scratch_;
};

bool msgpack_parser::read_map(msgpack::reader& in) {
  std::uint32_t n = 0;
  if (!in.map(n)) return refuse_bytes(in);
  seen_.assign(seen_.size(), false);
  for (std::uint32_t pair = 0; pair < n; ++pair) {
    if (broken(in)) return refuse_bytes(in);
    if (in.peek() != token::string) return refuse(in, "a key of the map is not text");
    std::string_view name;
    if (!in.string(name)) return refuse_bytes(in);
    const auto field = schema_->find(name);
    if (!field) {
      if (!in.skip()) return refuse_bytes(in);
      continue;
    }
    if (seen_[*field]) return refuse(in, "field '" + schema_->fields[*field].name + "' is there twice");
    seen_[*field] = true;
    if (!read_field(in, *field)) return false;
  }
  for (std::uint32_t i = 0; i < seen_.size(); ++i) {
    if (!seen_[i] && !fill_in(in, i)) return false;
  }
  return true;
}

bool msgpack_parser::read_array(msgpack::reader& in) {
  std::uint32_t n = 0;
  if (!in.array(n)) return refuse_bytes(in);
  if (n > seen_.size()) {
    return refuse(in, "the array has " + std::to_string(n) + " values, and there are " + std::to_string(seen_.size()) +
                          " fields");
  }
  for (std::uint32_t i = 0; i < seen_.size(); ++i) {
    if (!(i < n ? read_field(in, i) : fill_in(in, i))) return false;
  }
  return true;
}

bool msgpack_parser::read_field(msgpack::reader& in, std::uint32_t i) {
  if (broken(in)) return refuse_bytes(in);
  value v;
  if (in.take_nil()) return set(in, i, v);
  const auto& f = schema_->fields[i];
  if (read_value(in, f.type, v)) return set(in, i, v);
  if (broken(in) && in.failed()) return refuse_bytes(in);
  return refuse(in, "field '" + f.name + "': expected a " + to_text(f.type));
}

/// False without a failure of `in`: a value of another type, or refused already.
bool msgpack_parser::read_value(msgpack::reader& in, const field_type& type, value& out) {
  const auto what = in.peek();
  const auto from_text = [&](std::string_view text) {
    const char* const expected = parse_value(type, text, out, scratch_);
    if (expected == nullptr) return true;
    return refuse(in,
                  "'" + std::string{text.substr(0, shown_max)} + "' is no " + to_text(type) + ", expected " + expected);
  };
  const bool is_read_as_text = type.kind == field_kind::event_time || type.kind == field_kind::decimal;
  if (what == token::boolean) {
    bool v = false;
    return in.boolean(v) && (out = value::of(v), true);
  }
  if (what == token::integer) {
    bytes_view raw;
    if (!in.raw(raw)) return false;
    std::int64_t v = 0;
    std::uint64_t large = 0;
    const bool is_signed = msgpack::reader{raw}.integer(v);
    if (!is_signed && !msgpack::reader{raw}.integer(large)) return false;
    out = is_signed ? value::of(v) : value::of(large);
    if (is_read_as_text) return from_text(text_ = is_signed ? text_of(v) : text_of(large));
    return true;
  }
  if (what == token::floating) {
    double v = 0;
    if (!in.float64(v)) return false;
    out = value::of(v);
    return type.kind != field_kind::decimal || from_text(text_ = text_of(v));
  }
  if (what == token::string) {
    std::string_view text;
    if (!in.string(text)) return false;
    if (!transport::is_utf8(text)) return refuse(in, "text is not UTF-8");
    if (type.kind == field_kind::integer || type.kind == field_kind::boolean) return false;
    return from_text(text);
  }
  if (what == token::binary) {
    bytes_view bytes;
    if (!in.binary(bytes) || type.kind != field_kind::bytes) return false;
    out = value::of(bytes);
    return true;
  }
  if (what == token::ext) {
    std::int8_t ext_type = 0;
    bytes_view payload;
    event_time t{};
    if (!in.ext(ext_type, payload) || type.kind != field_kind::event_time || !read_timestamp(ext_type, payload, t)) {
      return false;
    }
    out = value::of(t);
    return true;
  }
  return false;
}

bool msgpack_parser::set(msgpack::reader& in, std::uint32_t i, const value& v) {
  if (row_->set(i, v)) return true;
  const auto& f = schema_->fields[i];
  return refuse(in, "field '" + f.name + "': the value is no " + to_text(f.type));
}

}  // namespace

std::unique_ptr<record_parser> make_msgpack_parser(schema_ptr fields) {
  return std::make_unique<msgpack_parser>(std::move(fields));
}

}  // namespace millrace::library
