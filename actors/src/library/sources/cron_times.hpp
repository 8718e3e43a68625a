#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string_view>

#include "millrace/error.hpp"
#include "millrace/time.hpp"

namespace millrace::library {

/// Points in time in the manner of cron: `minute hour day month weekday`, each `*`, a number, a range, with a step, or
/// several of these: `*/15 8-18 * * mon-fri`. Where both day and weekday are limited either will do, as in cron(8).
/// Thread: any.
class cron_times {
public:
  /// Errors name the part that is wrong, also when no day fits at all.
  [[nodiscard]] static result<cron_times> parse(std::string_view text, std::chrono::minutes ahead_of_utc);
  /// The first such time later than `t`, a whole minute.
  [[nodiscard]] processing_time after(processing_time t) const;

private:
  [[nodiscard]] bool fits(const std::chrono::year_month_day& date) const;
  [[nodiscard]] std::optional<processing_time> next(processing_time t) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<8> weekdays_;  ///< from Sunday, 0
  bool any_day_ = true;
  bool any_weekday_ = true;
  std::chrono::minutes ahead_{0};
};

}  // namespace millrace::library
