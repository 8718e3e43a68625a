#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "millrace/schema.hpp"

namespace millrace {
namespace {

struct scalar_name {
  std::string_view text;
  field_kind kind;
  std::uint8_t bits = 64;
  bool is_signed = true;
};

constexpr std::array scalar_names{
    scalar_name{"bool", field_kind::boolean},
    scalar_name{"int8", field_kind::integer, 8},
    scalar_name{"int16", field_kind::integer, 16},
    scalar_name{"int32", field_kind::integer, 32},
    scalar_name{"int64", field_kind::integer, 64},
    scalar_name{"uint8", field_kind::integer, 8, false},
    scalar_name{"uint16", field_kind::integer, 16, false},
    scalar_name{"uint32", field_kind::integer, 32, false},
    scalar_name{"uint64", field_kind::integer, 64, false},
    scalar_name{"float32", field_kind::float32},
    scalar_name{"float64", field_kind::float64},
    scalar_name{"string", field_kind::string},
    scalar_name{"bytes", field_kind::bytes},
    scalar_name{"event_time", field_kind::event_time},
    scalar_name{"decimal", field_kind::decimal},
};

/// Levels of list<>, map<> and {} a text may have; more is a mistake or an attack on the parser's stack.
constexpr unsigned nesting_max = 16;
constexpr std::size_t fields_max = 1024;

class schema_parser {
public:
  explicit schema_parser(std::string_view text) : text_{text} {}

  bool fields(std::vector<field>& out, char end) {
    do {
      field f;
      if (!one_field(f)) return false;
      if (std::ranges::find(out, f.name, &field::name) != out.end())
        return fail("another name: '" + f.name + "' is taken");
      if (!out.empty() && f.since < out.back().since)
        return fail("a version of at least " + std::to_string(out.back().since));
      if (out.size() == fields_max) return fail("no more than " + std::to_string(fields_max) + " fields");
      out.push_back(std::move(f));
    } while (take(','));
    if (end == '\0') return at_ == text_.size() || fail("',' or the end");
    return take(end) || fail(std::string{"',' or '"} + end + "'");
  }

  [[nodiscard]] error failure() const {
    return user_error(errc::parse_error, "field list, column " + std::to_string(at_ + 1) + ": expected " + expected_ +
                                             " in '" + std::string{text_} + "'; a field is name:type, for example " +
                                             "account:string,qty:int64?");
  }

private:
  bool one_field(field& f) {
    f.name = word();
    if (f.name.empty()) return fail("a field name");
    if (!take(':')) return fail("':' and a type");
    if (!type(f.type)) return false;
    if (take('@') && !number(f.since)) return false;
    if (take('!')) {
      if (word() != "personal") return fail("'personal'");
      f.personal = true;
    }
    return true;
  }

  bool type(field_type& out) {
    if (++depth_ > nesting_max) return fail("no more than " + std::to_string(nesting_max) + " levels");
    if (take('{')) {
      if (!nested(out)) return false;
    } else if (!named_type(out)) {
      return false;
    }
    out.optional = take('?');
    --depth_;
    return true;
  }

  bool nested(field_type& out) {
    auto inner = std::make_shared<schema>();
    if (!fields(inner->fields, '}')) return false;
    inner->version = inner->fields.back().since;
    inner->event_time_field = first_event_time(inner->fields);
    out.kind = field_kind::record;
    out.nested = std::move(inner);
    return true;
  }

  bool named_type(field_type& out) {
    const std::size_t start = at_;
    const std::string name = word();
    if (name == "list" || name == "map") return container(out, name == "map");
    if (name == "enum") return enumeration(out);
    const auto known = std::ranges::find(scalar_names, std::string_view{name}, &scalar_name::text);
    if (known == scalar_names.end()) {
      at_ = start;
      return fail(
          "a type (bool, int8…int64, uint8…uint64, float32, float64, string, bytes, event_time, decimal, enum, "
          "list<>, map<,>, {})");
    }
    out.kind = known->kind;
    out.bits = known->bits;
    out.is_signed = known->is_signed;
    return true;
  }

  bool container(field_type& out, bool is_map) {
    out.kind = is_map ? field_kind::map : field_kind::list;
    field_type key;
    field_type element;
    if (!take('<')) return fail("'<'");
    if (is_map) {
      if (!type(key)) return false;
      if (!may_be_map_key(key)) return fail("a scalar type other than float as the key of a map");
      if (!take(',')) return fail("','");
      out.key = std::make_shared<const field_type>(std::move(key));
    }
    if (!type(element)) return false;
    out.element = std::make_shared<const field_type>(std::move(element));
    return take('>') || fail("'>'");
  }

  /// `enum` is what a plain C++ enum is stored as; `enum<uint8>` names another integer.
  bool enumeration(field_type& out) {
    out.kind = field_kind::integer;
    out.bits = 32;
    if (take('<')) {
      if (!named_type(out)) return false;
      if (out.kind != field_kind::integer) return fail("an integer type");
      if (!take('>')) return fail("'>'");
    }
    out.kind = field_kind::enumeration;
    return true;
  }

  /// Floats are no keys: NaN equals nothing, and −0.0 would be a second 0.0.
  static bool may_be_map_key(const field_type& key) noexcept {
    return key.is_scalar() && !key.optional && key.kind != field_kind::float32 && key.kind != field_kind::float64;
  }

  bool number(std::uint32_t& out) {
    const char* const first = text_.data() + at_;
    const auto [end, code] = std::from_chars(first, text_.data() + text_.size(), out);
    if (code != std::errc{} || out == 0) return fail("a version from 1 on");
    at_ += static_cast<std::size_t>(end - first);
    return true;
  }

  std::string word() {
    skip_spaces();
    const std::size_t start = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    return std::string{text_.substr(start, at_ - start)};
  }
  bool take(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    skip_spaces();
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool fail(std::string expected) {
    expected_ = std::move(expected);
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  std::string expected_;
};

std::string bare_text(const field_type& type) {
  switch (type.kind) {
    case field_kind::record:
      return "{" + to_text(*type.nested) + "}";
    case field_kind::list:
      return "list<" + to_text(*type.element) + ">";
    case field_kind::map:
      return "map<" + to_text(*type.key) + "," + to_text(*type.element) + ">";
    case field_kind::enumeration: {
      field_type number = type;
      number.kind = field_kind::integer;
      return number.bits == 32 && number.is_signed ? "enum" : "enum<" + bare_text(number) + ">";
    }
    default:
      break;
  }
  const auto known = std::ranges::find_if(scalar_names, [&](const scalar_name& n) {
    return n.kind == type.kind &&
           (type.kind != field_kind::integer || (n.bits == type.bits && n.is_signed == type.is_signed));
  });
  return std::string{known == scalar_names.end() ? "int64" : known->text};
}

}  // namespace

std::string to_text(const field_type& type) {
  return bare_text(type) + (type.optional ? "?" : "");
}

std::string to_text(const schema& s) {
  std::string text;
  for (const field& f : s.fields) {
    if (!text.empty()) text += ',';
    text += f.name + ":" + to_text(f.type);
    if (f.since > 1) text += "@" + std::to_string(f.since);
    if (f.personal) text += "!personal";
  }
  return text;
}

result<schema> parse_schema(std::string_view name, std::string_view text) {
  schema s;
  s.name = name;
  schema_parser parser{text};
  if (!parser.fields(s.fields, '\0')) return parser.failure();
  s.version = s.fields.back().since;
  s.event_time_field = first_event_time(s.fields);
  return s;
}

}  // namespace millrace
