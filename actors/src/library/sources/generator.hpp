#pragma once

#include <optional>
#include <string>
#include <vector>

#include "library/sources/pacer.hpp"
#include "library/sources/text_template.hpp"
#include "library/sources/value_shape.hpp"
#include "library/sources/zipf.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// Makes events for trials, load tests and crash tests: event n is a function of the seed and n alone.
///
/// Partition p makes the numbers n with n mod parallelism = p, so any parallelism gives the same set of events, and
/// after a crash the same ones come again.
class generator final : public producer {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override { out.integer(made_); }
  bool load_position(msgpack::reader& in) override { return in.integer(made_); }
  std::string describe_position() const override;
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{*disorder_ms_}; }
  std::uint64_t backlog() const override;

private:
  struct text_field {
    std::string name;
    text_template content;
  };
  [[nodiscard]] result<void> read_shape();
  [[nodiscard]] result<void> read_texts(std::string& fields);
  void make(std::uint64_t number);
  void fill_texts(dynamic_builder& row, random_source& random, std::uint64_t key, double amount, std::uint64_t number);
  [[nodiscard]] event_time time_of(std::uint64_t number) const noexcept;
  /// Events of this partition until its burst ends.
  [[nodiscard]] std::size_t left_in_burst() const noexcept;
  [[nodiscard]] std::uint64_t own_count() const noexcept;

  param<std::int64_t> seed_{this, "seed", 1, {.help = "Another seed gives other events."}};
  param<double> rate_{this,
                      "rate",
                      0,
                      {.unit = "events/s",
                       .min = 0,
                       .max = 1e9,
                       .help = "Events a second over all partitions; 0: as fast as possible."}};
  param<std::int64_t> count_{
      this,
      "count",
      0,
      {.unit = "events", .min = 0, .help = "How many events there are, over all partitions; 0: endless."}};
  param<std::int64_t> keys_{this, "keys", 1000, {.min = 1, .max = 1e9, .help = "Number of distinct keys."}};
  param<double> skew_{
      this,
      "skew",
      0,
      {.min = 0,
       .max = 4,
       .help = "Exponent of a Zipf distribution: key n is drawn with weight n^-skew; 0: all keys alike."}};
  param<std::string> key_type_{
      this,
      "key_type",
      "int",
      {.choices = {"int", "text"}, .help = "How keys look: 0, 1, … (int) or key-0, key-1, … (text)."}};
  param<std::string> start_{this, "start", "2026-01-01T00:00:00Z", {.help = "Event time of event 0."}};
  param<std::int64_t> step_us_{
      this, "step", 1000, {.unit = "us", .min = 0, .max = 3.6e9, .help = "Event time between one event and the next."}};
  param<std::int64_t> disorder_ms_{
      this,
      "disorder",
      0,
      {.unit = "ms", .min = 0, .max = 86'400'000, .help = "Event times are set back at random by up to this much."}};
  param<std::int64_t> payload_bytes_{this,
                                     "payload",
                                     0,
                                     {.unit = "bytes",
                                      .min = 0,
                                      .max = 65'536,
                                      .help = "Length of an additional text field 'payload'; 0: no such field."}};
  param<std::string> distribution_{
      this,
      "distribution",
      "uniform",
      {.choices = {"uniform", "normal", "exponential", "log_normal", "pareto", "sine"},
       .help = "Of the values. uniform: 0 to 9999.99; the others go by 'mean' and what is said with them."}};
  param<double> mean_{
      this,
      "mean",
      100,
      {.min = -1e12,
       .max = 1e12,
       .shown_when = param_condition{"distribution", {"normal", "exponential", "log_normal", "pareto", "sine"}},
       .help = "Of the values, unless they are uniform."}};
  param<double> deviation_{
      this,
      "deviation",
      10,
      {.min = 0,
       .max = 1e12,
       .shown_when = param_condition{"distribution", {"normal", "log_normal", "sine"}},
       .help = "Standard deviation: of normal values, of the logarithm of log-normal ones, of the noise on a sine."}};
  param<double> shape_{this,
                       "shape",
                       1.5,
                       {.min = 1.01,
                        .max = 100,
                        .shown_when = param_condition{"distribution", {"pareto"}},
                        .help = "Of Pareto values: the smaller, the heavier the tail."}};
  param<double> amplitude_{this,
                           "amplitude",
                           50,
                           {.min = 0,
                            .max = 1e12,
                            .shown_when = param_condition{"distribution", {"sine"}},
                            .help = "Of a sine, around its mean."}};
  param<std::int64_t> period_s_{this,
                                "period",
                                60,
                                {.unit = "s",
                                 .min = 1,
                                 .max = 31'536'000,
                                 .shown_when = param_condition{"distribution", {"sine"}},
                                 .help = "Of a sine, in event time."}};
  param<std::int64_t> burst_{
      this,
      "burst",
      0,
      {.unit = "events", .min = 0, .max = 1e12, .help = "So many events, then a pause, and again; 0: no pauses."}};
  param<std::int64_t> pause_ms_{this,
                                "pause",
                                1000,
                                {.unit = "ms",
                                 .min = 0,
                                 .max = 86'400'000,
                                 .help = "Between two bursts, in event time; with a rate also by the clock."}};
  param<std::string> texts_{
      this,
      "texts",
      "",
      {.help =
           "Additional text fields, separated by ';': note=order {number} of {key}: {choice:new,paid}. Also {value}, "
           "{int:1-90}, {letters:8}, {digits:4}, {hex:16}; {{ is a brace."}};
  out<record_view> out_{this, "out"};

  std::optional<zipf> zipf_;
  value_shape values_;
  std::vector<text_field> text_fields_;
  std::uint32_t first_text_ = 0;
  std::chrono::nanoseconds resume_{};  ///< end of a pause, by `pace_time`
  pacer pacer_;
  event_time first_;
  std::string text_;
  std::string payload_;
  std::uint64_t partition_ = 0;
  std::uint64_t parallelism_ = 1;
  std::uint64_t made_ = 0;  ///< by this partition
};

}  // namespace millrace::library
