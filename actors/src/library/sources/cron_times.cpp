#include "library/sources/cron_times.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <vector>

#include "millrace/check.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

using namespace std::chrono;

// Every date comes again within this: the 29th of February on a given weekday takes 40 years across a century.
constexpr days search_max{366 * 41};

constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 13> month_names{"",    "jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};

struct column {
  const char* name;
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names{};
};

std::optional<unsigned> number(std::string_view text, const column& c) {
  if (const auto at = std::ranges::find(c.names, text); !text.empty() && at != c.names.end())
    return static_cast<unsigned>(at - c.names.begin());
  unsigned n = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size() || n < c.low || n > c.high)
    return std::nullopt;
  return n;
}

/// `*`, `5`, `1-5`, each with `/step`; false: none of them.
template <std::size_t N>
bool add_range(std::string_view text, const column& c, std::bitset<N>& out) {
  const auto slash = text.find('/');
  unsigned step = 1;
  if (slash != std::string_view::npos) {
    const auto read = number(text.substr(slash + 1), {c.name, 1, c.high});
    if (!read) return false;
    step = *read;
    text = text.substr(0, slash);
  }
  auto first = std::optional{c.low};
  auto last = std::optional{c.high};
  if (text != "*") {
    const auto dash = text.find('-');
    first = number(text.substr(0, dash), c);
    if (dash != std::string_view::npos)
      last = number(text.substr(dash + 1), c);
    else if (slash == std::string_view::npos)
      last = first;
  }
  if (!first || !last || *last < *first) return false;
  for (unsigned i = *first; i <= *last; i += step) out.set(i);
  return true;
}

template <std::size_t N>
result<void> read_column(const std::string& text, const column& c, std::bitset<N>& out) {
  for (const auto& one : split_list(text, ',')) {
    if (add_range(one, c, out)) continue;
    return user_error(errc::invalid_argument, "'" + one + "' is no " + c.name + ": give *, a number from " +
                                                  std::to_string(c.low) + " to " + std::to_string(c.high) +
                                                  ", a range as 1-5, or either with a step as */2");
  }
  return {};
}

}  // namespace

result<cron_times> cron_times::parse(std::string_view text, std::chrono::minutes ahead_of_utc) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto parts = split_list(lower, ' ');
  if (parts.size() != 5) {
    return user_error(
        errc::invalid_argument,
        "'" + std::string{text} + "' has not five parts: minute hour day month weekday, e.g. 0 8 * * mon-fri");
  }
  cron_times t;
  t.ahead_ = ahead_of_utc;
  for (auto ok :
       {read_column(parts[0], {"minute", 0, 59}, t.minutes_), read_column(parts[1], {"hour", 0, 23}, t.hours_),
        read_column(parts[2], {"day of a month", 1, 31}, t.days_),
        read_column(parts[3], {"month", 1, 12, month_names}, t.months_),
        read_column(parts[4], {"weekday", 0, 7, weekday_names}, t.weekdays_)}) {
    if (!ok) return ok.error();
  }
  if (t.weekdays_[7]) t.weekdays_.set(0);  // Sunday, as cron has it too
  t.any_day_ = parts[2].starts_with('*');
  t.any_weekday_ = parts[4].starts_with('*');
  if (!t.next({})) return user_error(errc::invalid_argument, "'" + std::string{text} + "': there is no such day");
  return t;
}

bool cron_times::fits(const year_month_day& date) const {
  if (!months_[static_cast<unsigned>(date.month())]) return false;
  const bool is_day = days_[static_cast<unsigned>(date.day())];
  const bool is_weekday = weekdays_[weekday{sys_days{date}}.c_encoding()];
  return any_day_ || any_weekday_ ? is_day && is_weekday : is_day || is_weekday;
}

std::optional<processing_time> cron_times::next(processing_time t) const {
  const auto local = sys_time<nanoseconds>{nanoseconds{t.ns}} + ahead_;
  const auto from = floor<minutes>(local) + minutes{1};
  const auto first_day = floor<days>(from);
  for (auto day = first_day; day < first_day + search_max; day += days{1}) {
    if (!fits(year_month_day{day})) continue;
    for (auto m = day == first_day ? from - day : minutes{0}; m < days{1}; m += minutes{1}) {
      const auto of_day = static_cast<std::size_t>(m.count());
      if (!hours_[of_day / 60] || !minutes_[of_day % 60]) continue;
      const auto utc = day + m - ahead_;
      return processing_time{duration_cast<nanoseconds>(utc.time_since_epoch()).count()};
    }
  }
  return std::nullopt;
}

processing_time cron_times::after(processing_time t) const {
  const auto found = next(t);
  MILLRACE_CHECK(found.has_value(), "parse made sure that there is a next time");
  return *found;
}

}  // namespace millrace::library
