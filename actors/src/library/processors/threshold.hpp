#pragma once

#include <optional>
#include <string>

#include "library/processors/key_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/state.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What a threshold remembers of a key.
struct threshold_row {
  std::int8_t side{};  ///< where the last alert was and the value still is: -1 below, 1 above; 0: within
  event_time alerted = event_time::min();  ///< when the last alert was
};
MILLRACE_RECORD(threshold_row, 1, side, alerted)

/// Raises an alert when a value crosses a limit: one when it leaves the permitted range, the next when it has been back
/// and leaves again. Within the cooldown after an alert a key raises none; a value that is still beyond the limit when
/// the cooldown is over does.
class threshold final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);
  [[nodiscard]] std::optional<double> limit_passed(double number) const noexcept;
  void alert(const record_view& record, double number, double limit, event_time at);

  in<record_view> in_{this, "in", &threshold::on_record};
  out<record_view> out_{this, "out"};
  keyed_value<threshold_row> row_{this, "threshold"};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> field_{this, "field", "", {.required = true, .help = "The numeric field to watch."}};
  param<double> above_{
      this, "above", 0, {.required = true, .live = true, .help = "Alert when the value is more than this."}};
  param<double> below_{this,
                       "below",
                       no_limit,
                       {.live = true, .help = "Alert when the value is less than this; left out: no such limit."}};
  param<std::int64_t> cooldown_ms_{this,
                                   "cooldown",
                                   0,
                                   {.unit = "ms",
                                    .min = 0,
                                    .max = 86'400'000,
                                    .help = "Event time after an alert in which the key raises no other."}};

  static constexpr double no_limit = -1e300;  ///< JSON has no infinity to write as a default
  key_fields fields_;
  std::uint32_t value_index_ = 0;
  std::uint32_t time_index_ = 0;
};

}  // namespace millrace::library
