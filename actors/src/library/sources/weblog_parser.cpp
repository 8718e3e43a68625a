#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "library/sources/weblog_parser.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// What a line of a web server has, in the order of `names`.
enum part : std::uint8_t {
  host,
  ident,
  user,
  at,
  request,
  method,
  path,
  query,
  protocol,
  status,
  bytes,
  referer,
  agent
};
constexpr std::array<std::string_view, 13> names{"host",  "ident",    "user",   "at",    "request", "method", "path",
                                                 "query", "protocol", "status", "bytes", "referer", "agent"};

/// Cuts a line from left to right; what is missing is said with its column.
class cutter {
public:
  cutter(std::string_view line, line_problem& problem) : line_{line}, problem_{&problem} {}

  /// Up to the next space, or the end.
  bool word(std::string_view& out, std::string_view what) {
    const auto end = std::min(line_.find(' ', at_), line_.size());
    out = line_.substr(at_, end - at_);
    at_ = end;
    return !out.empty() || refuse("expected ", what);
  }
  bool space() { return at_ < line_.size() && line_[at_] == ' ' ? (++at_, true) : refuse("expected ", "a space"); }
  bool between(char open, char close, std::string_view& out, std::string_view what) {
    if (at_ >= line_.size() || line_[at_] != open) return refuse("expected ", what);
    auto end = ++at_;
    while (end < line_.size() && line_[end] != close) end += line_[end] == '\\' && end + 1 < line_.size() ? 2 : 1;
    if (end >= line_.size()) return refuse("missing the end of ", what);
    out = line_.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }
  [[nodiscard]] bool is_at_end() const noexcept { return at_ >= line_.size(); }

private:
  bool refuse(std::string_view before, std::string_view what) {
    problem_->column = at_ + 1;
    problem_->before = before;
    problem_->value = what;
    problem_->after = {};
    return false;
  }

  std::string_view line_;
  std::size_t at_ = 0;
  line_problem* problem_;
};

bool number(std::string_view text, int& out) noexcept {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

/// `10/Oct/2000:13:55:36 -0700`.
std::optional<event_time> time_of(std::string_view t) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (t.size() != 26 || t[2] != '/' || t[6] != '/' || t[11] != ':' || t[14] != ':' || t[17] != ':' || t[20] != ' ') {
    return std::nullopt;
  }
  int day = 0, year = 0, hour = 0, minute = 0, second = 0, zone = 0;
  const auto month = months.find(t.substr(3, 3));
  if (month % 3 != 0 || month == std::string_view::npos || !number(t.substr(0, 2), day) ||
      !number(t.substr(7, 4), year) || !number(t.substr(12, 2), hour) || !number(t.substr(15, 2), minute) ||
      !number(t.substr(18, 2), second) || !number(t.substr(22, 4), zone) || (t[21] != '+' && t[21] != '-')) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60 || year < 1700 || year > 2260) return std::nullopt;
  const auto ahead = std::chrono::hours{zone / 100} + std::chrono::minutes{zone % 100};
  const auto local = std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                     std::chrono::seconds{second};
  const auto utc = t[21] == '+' ? local - ahead : local + ahead;
  return event_time{std::chrono::duration_cast<std::chrono::nanoseconds>(utc.time_since_epoch()).count()};
}

class weblog_parser final : public record_parser {
public:
  weblog_parser(schema_ptr fields, std::vector<part> wanted) : schema_{std::move(fields)}, wanted_{std::move(wanted)} {}

  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override {
    if (!cut({line.data(), line.size()}, problem)) return false;
    row.begin_row();
    for (std::uint32_t i = 0; i < wanted_.size(); ++i) {
      if (!set(row, i, problem)) {
        row.drop_row();
        return false;
      }
    }
    return true;
  }

private:
  [[nodiscard]] bool cut(std::string_view line, line_problem& problem) {
    cutter c{line, problem};
    parts_[referer] = parts_[agent] = {};
    if (!c.word(parts_[host], "the host") || !c.space() || !c.word(parts_[ident], "the identity") || !c.space() ||
        !c.word(parts_[user], "the user") || !c.space() || !c.between('[', ']', parts_[at], "the time in []") ||
        !c.space() || !c.between('"', '"', parts_[request], "the request in \"\"") || !c.space() ||
        !c.word(parts_[status], "the status") || !c.space() || !c.word(parts_[bytes], "the bytes")) {
      return false;
    }
    if (!c.is_at_end() && (!c.space() || !c.between('"', '"', parts_[referer], "the referer in \"\"") || !c.space() ||
                           !c.between('"', '"', parts_[agent], "the agent in \"\""))) {
      return false;
    }
    cut_request();
    return true;
  }
  /// `GET /shop?item=7 HTTP/1.1`; what is no request (it may be any bytes a client sent) is a path as it came.
  void cut_request() {
    const auto all = parts_[request];
    const auto first = all.find(' ');
    const auto last = all.rfind(' ');
    const bool is_whole = first != std::string_view::npos && last > first;
    parts_[method] = is_whole ? all.substr(0, first) : std::string_view{};
    parts_[protocol] = is_whole ? all.substr(last + 1) : std::string_view{};
    const auto target = is_whole ? all.substr(first + 1, last - first - 1) : all;
    const auto mark = target.find('?');
    parts_[path] = target.substr(0, mark);
    parts_[query] = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  }
  [[nodiscard]] bool set(dynamic_builder& row, std::uint32_t index, line_problem& problem) {
    const auto& f = schema_->fields[index];
    const auto what = wanted_[index];
    auto text = parts_[what];
    if (text.empty() || text == "-") {
      if (f.type.optional) return row.set(index, value{});
      if (what == bytes) text = "0";
    }
    value v;
    if (f.type.kind == field_kind::event_time && what == at) {
      if (text != known_time_text_ && !read_time(text))
        return refuse(f, text, "expected 10/Oct/2000:13:55:36 -0700", problem);
      v = value::of(known_time_);
    } else if (const char* expected = parse_value(f.type, text, v, scratch_)) {
      return refuse(f, text, expected, problem);
    }
    return row.set(index, v) || refuse(f, text, "out of range", problem);
  }
  /// Lines come in order of time, many in one second.
  [[nodiscard]] bool read_time(std::string_view text) {
    const auto t = time_of(text);
    if (!t) return false;
    known_time_ = *t;
    known_time_text_ = text;
    return true;
  }
  static bool refuse(const field& f, std::string_view text, const char* expected, line_problem& problem) {
    problem.column = 0;
    problem.say("field '" + f.name + "': \"" + std::string{text.substr(0, 40)} + "\" is no " + to_text(f.type) + ", " +
                expected);
    return false;
  }

  schema_ptr schema_;
  std::vector<part> wanted_;  ///< of each field
  std::array<std::string_view, names.size()> parts_;
  std::string known_time_text_;
  event_time known_time_;
  std::string scratch_;
};

}  // namespace

result<void> check_weblog_fields(const schema& fields) {
  for (const auto& f : fields.fields) {
    if (std::ranges::find(names, f.name) != names.end()) continue;
    std::string all;
    for (const auto name : names) all += (all.empty() ? "" : ", ") + std::string{name};
    return user_error(errc::not_found,
                      "parameter 'fields': lines of a web server have no '" + f.name + "'; there are " + all);
  }
  return {};
}

std::unique_ptr<record_parser> make_weblog_parser(schema_ptr fields) {
  std::vector<part> wanted;
  for (const auto& f : fields->fields)
    wanted.push_back(static_cast<part>(std::ranges::find(names, f.name) - names.begin()));
  return std::make_unique<weblog_parser>(std::move(fields), std::move(wanted));
}

}  // namespace millrace::library
