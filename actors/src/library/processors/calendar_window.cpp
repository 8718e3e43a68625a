#include "library/processors/calendar_window.hpp"

#include <algorithm>
#include <array>

#include "library/processors/parameters.hpp"

namespace millrace::library {

namespace {

/// In the order of calendar_unit.
constexpr std::array<std::string_view, 5> units{"day", "week", "month", "quarter", "year"};

}  // namespace

result<void> calendar_window::configure(wiring& w) {
  if (auto ok = configure_columns(w); !ok) return ok;
  const auto lateness = duration_of("allowed_lateness", *lateness_, true);
  if (!lateness) return lateness.error();
  const auto every = duration_of("early_every", *early_every_, true);
  if (!every) return every.error();
  const auto unit = static_cast<calendar_unit>(std::ranges::find(units, *unit_) - units.begin());
  return windows_.set(calendar(unit, std::chrono::minutes{*ahead_of_utc_}), {.every = *every}, *lateness);
}

void calendar_window::on_record(context& c, const record_view& record) {
  event_time at;
  double number = 0;
  if (read(record, at, number)) (void)windows_.add(c, at, [number](window_row& row) { row.add(number); });
}

}  // namespace millrace::library
