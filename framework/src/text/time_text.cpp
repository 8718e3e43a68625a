#include "millrace/text/time_text.hpp"

#include <charconv>
#include <cstdint>

namespace millrace {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t seconds_per_day = 86'400;

/// Takes digits, signs and separators from the front of a text.
class scanner {
public:
  explicit scanner(std::string_view text) noexcept : rest_{text} {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  bool take(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `width` digits.
  bool digits(std::size_t width, int& out) noexcept {
    if (rest_.size() < width) return false;
    int n = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      n = n * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(width);
    out = n;
    return true;
  }
  /// Decimals of a second as nanoseconds; more than nine are cut.
  bool fraction(std::int64_t& ns) noexcept {
    std::int64_t unit = ns_per_second;
    std::size_t n = 0;
    for (; n < rest_.size() && rest_[n] >= '0' && rest_[n] <= '9'; ++n) {
      unit /= 10;
      ns += unit * (rest_[n] - '0');
    }
    rest_.remove_prefix(n);
    return n != 0;
  }

private:
  std::string_view rest_;
};

bool is_leap(int year) noexcept {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in(int year, int month) noexcept {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

std::optional<event_time> from_seconds(std::int64_t seconds, std::int64_t ns) noexcept {
  if (seconds < 0 && ns > 0) {  // towards zero: the earliest times fit only as a whole
    ++seconds;
    ns -= ns_per_second;
  }
  event_time t;
  if (__builtin_mul_overflow(seconds, ns_per_second, &t.ns) || __builtin_add_overflow(t.ns, ns, &t.ns)) return {};
  return t;
}

bool zone(scanner& in, std::int64_t& offset_seconds) noexcept {
  if (in.at_end() || in.take('Z') || in.take('z')) return true;
  const bool is_east = in.take('+');
  if (!is_east && !in.take('-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!in.digits(2, hours)) return false;
  (void)in.take(':');
  if (!in.at_end() && !in.digits(2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset_seconds = (is_east ? 1 : -1) * (hours * 3600 + minutes * 60);
  return true;
}

std::optional<event_time> parse_iso(std::string_view text) noexcept {
  scanner in{text};
  int year = 0;
  int month = 0;
  int day = 0;
  if (!in.digits(4, year) || !in.take('-') || !in.digits(2, month) || !in.take('-') || !in.digits(2, day)) return {};
  if (month < 1 || month > 12 || day < 1 || day > days_in(year, month)) return {};
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t ns = 0;
  std::int64_t offset = 0;
  if (!in.at_end()) {
    if (!in.take('T') && !in.take(' ')) return {};
    if (!in.digits(2, hour) || !in.take(':') || !in.digits(2, minute)) return {};
    if (in.take(':') && !in.digits(2, second)) return {};
    if ((in.take('.') || in.take(',')) && !in.fraction(ns)) return {};
    if (hour > 23 || minute > 59 || second > 59 || !zone(in, offset) || !in.at_end()) return {};
  }
  using namespace std::chrono;
  const auto days = sys_days{std::chrono::year{year} / month / day}.time_since_epoch().count();
  return from_seconds(days * seconds_per_day + hour * 3600 + minute * 60 + second - offset, ns);
}

std::optional<event_time> parse_decimal_seconds(std::string_view text, std::size_t point) noexcept {
  const bool is_negative = text.front() == '-';
  std::int64_t seconds = 0;
  const auto* const end = text.data() + point;
  if (const auto r = std::from_chars(text.data(), end, seconds); r.ec != std::errc{} || r.ptr != end) return {};
  scanner in{text.substr(point + 1)};
  std::int64_t ns = 0;
  if (!in.fraction(ns) || !in.at_end()) return {};
  return from_seconds(seconds, is_negative ? -ns : ns);
}

void append_digits(std::string& out, std::int64_t n, int width) {
  char text[20];
  for (int i = width; i-- > 0; n /= 10) text[i] = static_cast<char>('0' + n % 10);
  out.append(text, static_cast<std::size_t>(width));
}

}  // namespace

std::optional<event_time> parse_event_time(std::string_view text) noexcept {
  if (text.empty()) return {};
  event_time t;
  const auto* const end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, t.ns);
  if (r.ec == std::errc{} && r.ptr == end) return t;
  if (r.ec == std::errc{} && *r.ptr == '.')
    return parse_decimal_seconds(text, static_cast<std::size_t>(r.ptr - text.data()));
  return parse_iso(text);
}

void append_iso_time(std::string& out, event_time t) {
  std::int64_t seconds = t.ns / ns_per_second;
  std::int64_t ns = t.ns % ns_per_second;
  if (ns < 0) {
    ns += ns_per_second;
    --seconds;
  }
  std::int64_t days = seconds / seconds_per_day;
  std::int64_t of_day = seconds % seconds_per_day;
  if (of_day < 0) {
    of_day += seconds_per_day;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  append_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, of_day / 3600, 2);
  out += ':';
  append_digits(out, of_day / 60 % 60, 2);
  out += ':';
  append_digits(out, of_day % 60, 2);
  if (ns != 0) {
    out += '.';
    append_digits(out, ns, 9);
    out.erase(out.find_last_not_of('0') + 1);
  }
  out += 'Z';
}

}  // namespace millrace
