#include "nexmark/event_json.hpp"

#include <charconv>
#include <cstring>

#include "millrace/record.hpp"

namespace millrace::nexmark {

namespace {

constexpr std::string_view kind_names[] = {"person", "auction", "bid"};

void append_name(std::string& out, std::string_view name) {
  out += ",\"";
  out += name;
  out += "\":";
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

template <class N>
requires std::is_integral_v<N>
void append_value(std::string& out, N n) {
  char text[20];
  out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
}
void append_value(std::string& out, event_time t) {
  append_value(out, t.ns);
}
void append_value(std::string& out, std::string_view text) {
  append_text(out, text);
}

template <class Part>
void append_fields(std::string& out, const Part& part) {
  record_traits<Part>::each_field(part, [&](const char* name, const auto& v) {
    append_name(out, name);
    append_value(out, v);
  });
}

/// Steps through one line.
class line_cursor {
public:
  explicit line_cursor(std::string_view line) : line_{line} {}

  [[nodiscard]] error failure(const std::string& what) const {
    return user_error(errc::invalid_argument, "column " + std::to_string(at_ + 1) + ": " + what);
  }
  bool take(char c) {
    skip_blanks();
    if (at_ == line_.size() || line_[at_] != c) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_end() {
    skip_blanks();
    return at_ == line_.size();
  }
  /// A string; without escapes it is a view into the line.
  bool text(std::string_view& out) {
    if (!take('"')) return false;
    const auto start = at_;
    while (at_ != line_.size() && line_[at_] != '"' && line_[at_] != '\\') ++at_;
    if (at_ != line_.size() && line_[at_] == '\\') return escaped_text(start, out);
    if (at_ == line_.size()) return false;
    out = line_.substr(start, at_++ - start);
    return true;
  }
  template <class N>
  bool number(N& out) {
    skip_blanks();
    const auto [end, problem] = std::from_chars(line_.data() + at_, line_.data() + line_.size(), out);
    if (problem != std::errc{}) return false;
    at_ = static_cast<std::size_t>(end - line_.data());
    return true;
  }

private:
  void skip_blanks() {
    while (at_ != line_.size() && (line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '\r')) ++at_;
  }
  bool escaped_text(std::size_t start, std::string_view& out) {
    unescaped_.assign(line_, start, at_ - start);
    while (at_ != line_.size() && line_[at_] != '"') {
      if (line_[at_] == '\\') {
        ++at_;
        if (at_ == line_.size() || std::strchr("\"\\/", line_[at_]) == nullptr) return false;
      }
      unescaped_ += line_[at_++];
    }
    if (at_ == line_.size()) return false;
    ++at_;
    out = unescaped_;
    return true;
  }

  std::string_view line_;
  std::string unescaped_;
  std::size_t at_ = 0;
};

template <class N>
requires std::is_integral_v<N>
bool read_value(line_cursor& in, N& out) {
  return in.number(out);
}
bool read_value(line_cursor& in, event_time& out) {
  return in.number(out.ns);
}
bool read_value(line_cursor& in, std::string& out) {
  std::string_view text;
  if (!in.text(text)) return false;
  out.assign(text);
  return true;
}
template <std::size_t N>
bool read_value(line_cursor& in, inline_string<N>& out) {
  std::string_view text;
  return in.text(text) && out.assign(text);
}

/// Reads the fields of one kind up to the closing brace; each must be there once.
template <class Part>
result<void> read_fields(line_cursor& in, Part& part) {
  std::uint32_t seen = 0;
  constexpr auto all = (1U << record_traits<Part>::field_count) - 1;
  while (in.take(',')) {
    std::string_view name;
    if (!in.text(name) || !in.take(':')) return in.failure("expected \"name\":value");
    const std::string wanted{name};
    std::uint32_t bit = 1;
    bool is_known = false;
    bool is_fine = false;
    record_traits<Part>::each_field(part, [&](const char* field, auto& v) {
      if (!is_known && wanted == field) {
        is_known = true;
        is_fine = (seen & bit) == 0 && read_value(in, v);
        seen |= bit;
      }
      bit <<= 1;
    });
    if (!is_known) return in.failure("unknown field '" + wanted + "'");
    if (!is_fine) return in.failure("field '" + wanted + "' has no fitting value, or comes twice");
  }
  if (!in.take('}') || !in.at_end()) return in.failure("expected the end of the object");
  if (seen != all) return in.failure("a field is missing");
  return {};
}

}  // namespace

void append_json_line(std::string& out, const event& e) {
  out += "{\"number\":";
  append_value(out, e.number);
  append_name(out, "kind");
  append_text(out, kind_names[static_cast<std::size_t>(e.kind)]);
  switch (e.kind) {
    case event_kind::person:
      append_fields(out, e.person.front());
      break;
    case event_kind::auction:
      append_fields(out, e.auction.front());
      break;
    case event_kind::bid:
      append_fields(out, e.bid);
      break;
  }
  out += "}\n";
}

result<void> parse_json_line(std::string_view line, event& out) {
  line_cursor in{line};
  std::string_view name;
  std::string_view kind;
  if (!in.take('{') || !in.text(name) || name != "number" || !in.take(':') || !in.number(out.number)) {
    return in.failure("expected {\"number\":N,…");
  }
  if (!in.take(',') || !in.text(name) || name != "kind" || !in.take(':') || !in.text(kind)) {
    return in.failure("expected \"kind\":\"person\", \"auction\" or \"bid\"");
  }
  out.person.clear();
  out.auction.clear();
  result<void> done;
  if (kind == kind_names[0]) {
    out.kind = event_kind::person;
    done = read_fields(in, out.person.emplace_back());
    out.at = out.person.front().date_time;
  } else if (kind == kind_names[1]) {
    out.kind = event_kind::auction;
    done = read_fields(in, out.auction.emplace_back());
    out.at = out.auction.front().date_time;
  } else if (kind == kind_names[2]) {
    out.kind = event_kind::bid;
    done = read_fields(in, out.bid);
    out.at = out.bid.date_time;
  } else {
    return in.failure("unknown kind '" + std::string{kind} + "'");
  }
  return done;
}

}  // namespace millrace::nexmark
