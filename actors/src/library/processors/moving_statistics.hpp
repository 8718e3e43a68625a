#pragma once

#include <string>
#include <vector>

#include "library/processors/key_fields.hpp"
#include "millrace/port.hpp"
#include "millrace/record.hpp"
#include "millrace/state.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

struct timed_number {
  event_time at{};
  double number{};
};
MILLRACE_RECORD(timed_number, 1, at, number)

/// Adds to each event what the last numbers of its key come to: of the last `events`, in the order they came, or of the
/// event time `span` that ends with the event. Computed anew from the numbers each time (two passes), so nothing is
/// lost to rounding however long it runs. Events whose value is null or NaN are left out. Memory: 16 bytes a number.
class moving_statistics final : public processor {
public:
  result<void> configure(wiring& w) override;

private:
  enum class column : unsigned char { count, sum, mean, stddev, min, max };

  void on_record(context& c, const record_view& record);
  [[nodiscard]] result<void> add_columns(schema& made);
  void add(event_time at, double number);
  [[nodiscard]] std::vector<double> counted_with(event_time at) const;
  [[nodiscard]] static value value_of(column c, const std::vector<double>& numbers);

  in<record_view> in_{this, "in", &moving_statistics::on_record};
  out<record_view> out_{this, "out"};
  list<timed_number> numbers_{this, "numbers"};  ///< with a span by event time, else in order of arrival
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> value_{this, "value", "", {.required = true, .help = "The numeric field."}};
  param<std::int64_t> events_{this,
                              "events",
                              0,
                              {.unit = "events",
                               .min = 0,
                               .max = 100'000,
                               .help = "How many events of a key count, with the newest; 0: 'span' says."}};
  param<std::string> span_{
      this,
      "span",
      "",
      {.help = "The event time before an event that counts with it, e.g. 5m; left out: 'events' says."}};
  param<std::int64_t> events_max_{
      this,
      "events_max",
      10'000,
      {.unit = "events", .min = 1, .max = 1'000'000, .help = "Numbers of a key that a span may hold; one more fails."}};
  param<std::string> functions_{
      this, "functions", "mean", {.help = "Columns, separated by commas: count, sum, mean, stddev, min, max."}};

  std::vector<column> columns_;
  std::uint32_t value_index_ = 0;
  std::uint32_t time_index_ = 0;
  std::int64_t span_ns_ = 0;  ///< 0: by events
};

}  // namespace millrace::library
