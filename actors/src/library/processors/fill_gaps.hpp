#pragma once

#include <map>
#include <string>
#include <vector>

#include "library/processors/key_fields.hpp"
#include "library/processors/parameters.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// The newest event of a step.
struct gap_point {
  std::int64_t step{};  ///< its number
  event_time at{};
  std::vector<double> numbers;
};
MILLRACE_RECORD(gap_point, 1, step, at, numbers)

/// Makes a series with a value at every step of event time of numbers that come when they like. A step holds the newest
/// numbers of its time; steps without events between two that have some are filled when the later one is complete. What
/// is filled lies before the watermark, as the later step had to be waited for. Events whose step is over leave on
/// `late`; those with a null or NaN count nowhere.
class fill_gaps final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  enum class method : unsigned char { last, zero, linear };

  void on_record(context& c, const record_view& record);
  void on_complete(context& c, event_time deadline);
  void complete(const gap_point& next);
  void fill(const gap_point& from, const gap_point& to);
  void emit(std::int64_t step, const std::vector<double>& numbers, bool is_filled);
  void wait();
  [[nodiscard]] std::int64_t end_of(std::int64_t step) const noexcept { return end_of_interval(step, step_ns_); }

  in<record_view> in_{this, "in", &fill_gaps::on_record};
  out<record_view> out_{this, "out"};
  late_outputs late_{this, "late"};
  map<std::int64_t, gap_point> open_{this, "open"};  ///< steps that may still get events
  keyed_value<gap_point> done_{this, "done"};        ///< the last step that was complete
  timer complete_{this, "complete", &fill_gaps::on_complete};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> values_{
      this, "values", "", {.required = true, .help = "The numeric fields, separated by commas."}};
  param<std::string> step_{this, "step", "", {.required = true, .help = "Time from one value to the next, e.g. 10s."}};
  param<std::string> with_{this,
                           "with",
                           "last",
                           {.choices = {"last", "zero", "linear"},
                            .help = "last: the value before; zero: 0; linear: on a line to the value behind."}};
  param<std::int64_t> gap_max_{this,
                               "gap_max",
                               1000,
                               {.unit = "steps",
                                .min = 1,
                                .max = 100'000,
                                .help = "A gap of more steps stays a gap, and the key is forgotten."}};

  method how_ = method::last;
  key_fields keys_;
  std::vector<std::uint32_t> value_indexes_;
  std::uint32_t time_index_ = 0;
  std::int64_t step_ns_ = 1;
};

}  // namespace millrace::library
