#pragma once

#include "library/processors/windowed.hpp"
#include "millrace/assigned_windows.hpp"

namespace millrace::library {

/// Windows of calendar days, weeks, months, quarters or years over a stream, by key.
class calendar_window final : public windowed {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record) override;

  assigned_windows<window_row> windows_{this, "window", &calendar_window::on_result};
  param<std::string> unit_{
      this,
      "unit",
      "month",
      {.choices = {"day", "week", "month", "quarter", "year"}, .help = "Length of a window; weeks begin on Monday."}};
  param<int> ahead_of_utc_{this,
                           "ahead_of_utc",
                           0,
                           {.unit = "min",
                            .min = -720,
                            .max = 840,
                            .help = "Where midnight is: the zone's distance from UTC, without daylight saving."}};
  param<std::string> lateness_{
      this, "allowed_lateness", "0s", {.help = "How late events still correct results, e.g. 10s."}};
  param<std::string> early_every_{
      this,
      "early_every",
      "0s",
      {.help = "Provisional results of changed keys when event time passes multiples of this; 0s: none."}};
};

}  // namespace millrace::library
