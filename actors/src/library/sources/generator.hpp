#pragma once

#include <optional>
#include <string>

#include "library/sources/pacer.hpp"
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
  void make(std::uint64_t number);
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
  out<record_view> out_{this, "out"};

  std::optional<zipf> zipf_;
  pacer pacer_;
  event_time first_;
  std::string text_;
  std::string payload_;
  std::uint64_t partition_ = 0;
  std::uint64_t parallelism_ = 1;
  std::uint64_t made_ = 0;  ///< by this partition
};

}  // namespace millrace::library
