#pragma once

#include <map>
#include <optional>
#include <string>

#include "library/processors/key_fields.hpp"
#include "library/processors/parameters.hpp"
#include "millrace/partition_state.hpp"
#include "millrace/port.hpp"
#include "millrace/state.hpp"
#include "millrace/timer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Lets so many events pass in each interval of event time, of each key or of the partition; the rest goes to `rest`.
/// A late event counts in the interval of what it is late against. Which events of an interval pass depends on the
/// order they come in. Memory: an entry for each interval of a key that is not over.
class throttle final : public processor {
public:
  result<void> configure(wiring& w) override;
  void on_watermark(context& c) override;

private:
  void on_record(context& c, const record_view& record);
  void on_over(context& c, event_time deadline);
  [[nodiscard]] bool passes(std::int64_t interval);
  [[nodiscard]] std::int64_t end_of(std::int64_t interval) const noexcept {
    return end_of_interval(interval, length_ns_);
  }

  in<record_view> in_{this, "in", &throttle::on_record};
  out<record_view> out_{this, "out"};
  out<record_view> rest_{this, "rest", {.optional = true}};
  partition_value<std::map<std::int64_t, std::int64_t>> passed_all_{this, "passed_all"};
  param<std::int64_t> limit_{this,
                             "limit",
                             0,
                             {.unit = "events",
                              .min = 0,
                              .max = 1e15,
                              .required = true,
                              .live = true,
                              .help = "How many events pass in an interval."}};
  param<std::string> interval_{
      this, "interval", "1s", {.help = "Length of the intervals of event time, e.g. 1m; they start at its multiples."}};
  param<std::string> key_{
      this, "key", "", {.help = "The key's fields, separated by commas; left out: one limit for each partition."}};

  /// Of each interval's number, how many passed. Made in configure, where there is a key.
  struct per_key {
    explicit per_key(throttle* owner) : passed{owner, "passed"}, over{owner, "over", &throttle::on_over} {}
    map<std::int64_t, std::int64_t> passed;
    timer over;
  };
  std::optional<per_key> per_key_;
  std::uint32_t time_index_ = 0;
  std::int64_t length_ns_ = 1;
};

}  // namespace millrace::library
