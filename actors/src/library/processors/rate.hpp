#pragma once

#include <string>

#include "library/processors/key_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/state.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What a rate is reckoned from.
struct rate_base {
  event_time at = event_time::min();
  double number{};
};
MILLRACE_RECORD(rate_base, 1, at, number)

/// How fast a number of a key changes by event time, from one event to the next. A counter that is less than before was
/// set back to zero and has counted up from there. Events without a rate go to `rest`: the first of a key, those that
/// come out of order or at the same time, those after a long pause, and those whose value is null or NaN.
class rate final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  void on_record(context& c, const record_view& record);

  in<record_view> in_{this, "in", &rate::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> rest_{this, "rest", {.optional = true}};
  keyed_value<rate_base> base_{this, "base"};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> value_{this, "value", "", {.required = true, .help = "The numeric field."}};
  param<std::string> kind_{
      this,
      "kind",
      "gauge",
      {.choices = {"gauge", "counter"},
       .help = "gauge: goes up and down; counter: only up, and back to zero when it starts anew."}};
  param<std::string> per_{this, "per", "1s", {.help = "The time a rate is per, e.g. 1s or 1h."}};
  param<std::string> pause_{
      this, "pause", "0s", {.help = "After a pause longer than this a key starts anew, e.g. 5m; 0s: never."}};

  std::uint32_t value_index_ = 0;
  std::uint32_t time_index_ = 0;
  double per_ns_ = 1;
  std::int64_t pause_ns_ = 0;
};

}  // namespace millrace::library
