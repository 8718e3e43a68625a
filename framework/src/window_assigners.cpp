#include <chrono>
#include <limits>

#include "millrace/assigned_windows.hpp"
#include "millrace/count_windows.hpp"

namespace millrace {

namespace {

using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

/// The first day of the unit a day is in.
sys_days start_of(sys_days day, calendar_unit unit) {
  const std::chrono::year_month_day date{day};
  const auto first_of = [&](unsigned month) { return sys_days{date.year() / std::chrono::month{month} / 1}; };
  const auto month = static_cast<unsigned>(date.month());
  switch (unit) {
    case calendar_unit::day:
      return day;
    case calendar_unit::week:
      return day - (std::chrono::weekday{day} - std::chrono::Monday);
    case calendar_unit::month:
      return first_of(month);
    case calendar_unit::quarter:
      return first_of((month - 1) / 3 * 3 + 1);
    case calendar_unit::year:
      return first_of(1);
  }
  return day;
}

/// The first day of the unit behind the one that begins with `start`.
sys_days next_start(sys_days start, calendar_unit unit) {
  constexpr days beyond[] = {days{1}, days{7}, days{31}, days{92}, days{366}};  // into the next one, at most
  return start_of(start + beyond[static_cast<std::size_t>(unit)], unit);
}

/// The beginning of a local day as event time; the ends of all time where 64 bits do not hold it.
event_time instant(sys_days day, nanoseconds ahead_of_utc) {
  constexpr auto ns_per_day = std::int64_t{86'400'000'000'000};
  std::int64_t ns = 0;
  const auto count = static_cast<std::int64_t>(day.time_since_epoch().count());
  if (__builtin_mul_overflow(count, ns_per_day, &ns) || __builtin_sub_overflow(ns, ahead_of_utc.count(), &ns)) {
    return count < 0 ? event_time::min() : event_time::max();
  }
  return {ns};
}

}  // namespace

result<void> check(const count_spec& s) {
  const auto wrong = [](const char* what) {
    return user_error(errc::invalid_argument, std::string{"window by count: "} + what);
  };
  constexpr std::uint32_t groups_max = 10'000;
  if (s.events == 0) return wrong("the number of events must be more than nothing");
  if (s.slide > s.events) return wrong("the slide must be at most the number of events");
  if (s.idle.count() < 0) return wrong("the idle time must not be negative");
  const auto slide = s.slide == 0 ? s.events : s.slide;
  if (s.events / std::gcd(s.events, slide) > groups_max) {
    return wrong("events and slide have no large common part: choose a slide that divides the number of events");
  }
  return {};
}

window_assigner endless() {
  return [](event_time, std::vector<time_window>& windows) {
    windows.push_back({event_time::min(), event_time::max()});
  };
}

window_assigner calendar(calendar_unit unit, nanoseconds ahead_of_utc) {
  return [unit, ahead_of_utc](event_time at, std::vector<time_window>& windows) {
    std::int64_t local = 0;
    if (__builtin_add_overflow(at.ns, ahead_of_utc.count(), &local)) local = at.ns;
    const auto day = std::chrono::floor<days>(std::chrono::sys_time<nanoseconds>{nanoseconds{local}});
    const auto start = start_of(day, unit);
    windows.push_back({instant(start, ahead_of_utc), instant(next_start(start, unit), ahead_of_utc)});
  };
}

}  // namespace millrace
