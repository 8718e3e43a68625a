#include "library/sources/syslog_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "library/sources/text_fields.hpp"
#include "millrace/text/time_text.hpp"

namespace millrace::library {

namespace {

enum part : std::uint8_t { priority, facility, severity, at, host, app, pid, msgid, data, message };
constexpr std::array<std::string_view, 10> names{"priority", "facility", "severity", "at",   "host",
                                                 "app",      "pid",      "msgid",    "data", "message"};
// RFC 5424, 6.2.1, in the words of syslog.h.
constexpr std::array<std::string_view, 24> facilities{"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                                      "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                                      "ntp",    "audit",  "alert",  "clock",  "local0",   "local1",
                                                      "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::array<std::string_view, 8> severities{"emerg",   "alert",  "crit", "err",
                                                     "warning", "notice", "info", "debug"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr int priority_max = 191;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool number(std::string_view text, int& out) noexcept {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

class syslog_parser final : public record_parser {
public:
  syslog_parser(schema_ptr fields, std::vector<part> wanted, syslog_times times)
      : fields_{std::move(fields)}, wanted_{std::move(wanted)}, times_{times} {}

  bool parse(std::span<char> line, dynamic_builder& row, line_problem& problem) override {
    fields_.begin(line, row, problem);
    rest_ = {line.data(), line.size()};
    parts_.fill({line.data(), 0});
    level_ = -1;
    time_.reset();
    if (!read_priority()) return false;
    const bool is_5424 = level_ >= 0 && rest_.size() > 1 && rest_[0] == '1' && rest_[1] == ' ';
    if (!(is_5424 ? read_5424() : read_3164())) return false;
    for (std::uint32_t i = 0; i < wanted_.size(); ++i) {
      if (!set(i)) return false;
    }
    return true;
  }

private:
  bool refuse(std::string_view what) { return fields_.refuse(rest_.data(), "expected ", what); }
  bool take(char c, std::string_view what) {
    if (!rest_.starts_with(c)) return refuse(what);
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view word() noexcept {
    const auto text = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(text.size());
    return text;
  }

  /// `<34>`; files mostly lack it.
  bool read_priority() {
    if (!rest_.starts_with('<')) return true;
    const auto end = rest_.find('>');
    const auto text = rest_.substr(1, end == std::string_view::npos ? 0 : end - 1);
    if (text.size() > 3 || !std::ranges::all_of(text, is_digit) || !number(text, level_) || level_ > priority_max)
      return refuse("a priority from <0> to <191>");
    parts_[priority] = text;
    rest_.remove_prefix(end + 1);
    return true;
  }

  /// `1 TIME HOST APP PID MSGID DATA MESSAGE`, a `-` where there is nothing.
  bool read_5424() {
    rest_.remove_prefix(2);
    for (const auto p : {at, host, app, pid, msgid}) {
      const auto text = word();
      if (text.empty()) return refuse(names[p]);
      if (text != "-") parts_[p] = text;
      if (!take(' ', "a space")) return false;
    }
    if (!parts_[at].empty() && !(time_ = parse_event_time(parts_[at])))
      return fields_.refuse(parts_[at].data(), "expected ", "a time as 2026-11-21T10:00:00.123Z");
    if (!read_data()) return false;
    if (rest_.empty()) return true;
    if (!take(' ', "a space behind the structured data")) return false;
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    parts_[message] = rest_;
    return true;
  }
  /// `[id name="value" …]`, any number of times, or `-`.
  bool read_data() {
    const auto start = rest_;
    if (rest_.starts_with('-')) {
      rest_.remove_prefix(1);
      return true;
    }
    if (!rest_.starts_with('[')) return refuse("structured data in [] or -");
    while (rest_.starts_with('[')) {
      bool is_quoted = false;
      std::size_t i = 1;
      for (; i < rest_.size() && (is_quoted || rest_[i] != ']'); ++i) {
        if (rest_[i] == '"') is_quoted = !is_quoted;
        if (rest_[i] == '\\' && is_quoted) ++i;
      }
      if (i >= rest_.size()) return refuse("the ] of the structured data");
      rest_.remove_prefix(i + 1);
    }
    parts_[data] = start.substr(0, start.size() - rest_.size());
    return true;
  }

  /// `TIME HOST APP[PID]: MESSAGE`.
  bool read_3164() {
    if (!read_old_time() || !take(' ', "a space behind the time")) return false;
    parts_[host] = word();
    if (parts_[host].empty()) return refuse("the host");
    if (!take(' ', "a space behind the host")) return false;
    const auto end = rest_.find_first_of("[: ");
    // Without a tag all of it is the message.
    if (end != std::string_view::npos && end != 0 && rest_[end] != ' ') read_tag(end);
    parts_[message] = rest_;
    return true;
  }
  void read_tag(std::size_t end) {
    auto behind = rest_.substr(end);
    std::string_view process;
    if (behind.starts_with('[')) {
      const auto close = behind.find(']');
      if (close == std::string_view::npos) return;
      process = behind.substr(1, close - 1);
      behind.remove_prefix(close + 1);
    }
    if (!behind.starts_with(':')) return;
    parts_[app] = rest_.substr(0, end);
    if (!process.empty()) parts_[pid] = process;
    behind.remove_prefix(behind.starts_with(": ") ? 2 : 1);
    rest_ = behind;
  }
  bool read_old_time() {
    if (!rest_.empty() && is_digit(rest_.front())) {
      parts_[at] = word();
      time_ = parse_event_time(parts_[at]);
      return time_ || fields_.refuse(parts_[at].data(), "expected ", "a time as 2026-11-21T10:00:00.123Z");
    }
    // `Nov  1 10:00:00`
    const auto text = rest_.substr(0, 15);
    int day = 0, hour = 0, minute = 0, second = 0;
    const auto month = std::ranges::find(months, text.substr(0, 3)) - months.begin();
    if (text.size() < 15 || month == 12 || text[3] != ' ' ||
        !number(text.substr(text[4] == ' ' ? 5 : 4, text[4] == ' ' ? 1 : 2), day) || text[6] != ' ' ||
        !number(text.substr(7, 2), hour) || text[9] != ':' || !number(text.substr(10, 2), minute) || text[12] != ':' ||
        !number(text.substr(13, 2), second) || hour > 23 || minute > 59 || second > 60 || hour < 0 || minute < 0 ||
        second < 0) {
      return refuse("a time as Nov 21 10:00:00 or 2026-11-21T10:00:00Z");
    }
    parts_[at] = text;
    rest_.remove_prefix(text.size());
    using namespace std::chrono;
    // A leap day has to be one in the year given; without a year any will do.
    const year_month_day date{year{times_.year == 0 ? 2000 : times_.year},
                              std::chrono::month{static_cast<unsigned>(month + 1)},
                              std::chrono::day{static_cast<unsigned>(day)}};
    if (day < 1 || !date.ok()) return fields_.refuse(text.data(), "there is no such ", "day");
    if (times_.year == 0) return true;
    const auto utc = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - times_.ahead_of_utc;
    time_ = event_time{duration_cast<nanoseconds>(utc.time_since_epoch()).count()};
    return true;
  }

  [[nodiscard]] bool set(std::uint32_t index) {
    const auto& f = fields_.fields().fields[index];
    const auto what = wanted_[index];
    if (what == at && f.type.kind == field_kind::event_time) return set_time(index);
    if (what == facility || what == severity) return set_level(index, what);
    return fields_.set(index, parts_[what]);
  }
  [[nodiscard]] bool set_time(std::uint32_t index) {
    if (time_) return fields_.set(index, value::of(*time_));
    if (parts_[at].empty()) return fields_.set_missing(index);
    if (fields_.fields().fields[index].type.optional) return fields_.set(index, value{});
    return fields_.refuse(parts_[at].data(), "the time has no year: ", "set the parameter 'year'");
  }
  [[nodiscard]] bool set_level(std::uint32_t index, part what) {
    if (level_ < 0) return fields_.set_missing(index);
    const auto n = static_cast<std::size_t>(what == facility ? level_ / 8 : level_ % 8);
    if (fields_.fields().fields[index].type.kind == field_kind::string)
      return fields_.set(index, value::of(what == facility ? facilities[n] : severities[n]));
    digits_ = std::to_string(n);
    return fields_.set(index, digits_);
  }

  text_fields fields_;
  std::vector<part> wanted_;  ///< of each field
  syslog_times times_;
  std::string_view rest_;
  std::array<std::string_view, names.size()> parts_;
  int level_ = -1;
  std::optional<event_time> time_;
  std::string digits_;
};

}  // namespace

result<void> check_syslog_fields(const schema& fields) {
  for (const auto& f : fields.fields) {
    if (std::ranges::find(names, f.name) != names.end()) continue;
    std::string all;
    for (const auto name : names) all += (all.empty() ? "" : ", ") + std::string{name};
    return user_error(errc::not_found,
                      "parameter 'fields': lines of syslog have no '" + f.name + "'; there are " + all);
  }
  return {};
}

std::unique_ptr<record_parser> make_syslog_parser(schema_ptr fields, syslog_times times) {
  std::vector<part> wanted;
  for (const auto& f : fields->fields)
    wanted.push_back(static_cast<part>(std::ranges::find(names, f.name) - names.begin()));
  return std::make_unique<syslog_parser>(std::move(fields), std::move(wanted), times);
}

}  // namespace millrace::library
