#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/wiring.hpp"
#include "nexmark/event_maker.hpp"
#include "nexmark/event_reader.hpp"

namespace millrace::nexmark {

/// Events that sources of this process have brought in since it started.
[[nodiscard]] std::atomic<std::uint64_t>& events_brought_in();

/// Brings the benchmark's events into a topology: makes them, or reads them from a file made by `millrace nexmark
/// generate`. Partition p has the events whose number, divided by 50, is p modulo the parallelism, either way.
class event_source final : public producer {
public:
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& out) const override;
  bool load_position(msgpack::reader& in) override;
  std::string describe_position() const override { return "event " + std::to_string(number_of(taken_)); }
  std::chrono::nanoseconds disorder() const override { return watermark_delay(options_); }
  std::uint64_t backlog() const override;

private:
  static constexpr std::uint64_t block = 50;

  /// The number of this partition's event `taken`.
  [[nodiscard]] std::uint64_t number_of(std::uint64_t taken) const noexcept {
    return (taken / block * parallelism_ + partition_) * block + taken % block;
  }
  [[nodiscard]] bool bring_in(std::uint64_t number);
  [[nodiscard]] bool read(std::uint64_t number, event& out);
  [[nodiscard]] std::uint64_t end() const noexcept { return static_cast<std::uint64_t>(*count_); }

  param<std::int64_t> count_{
      this,
      "count",
      0,
      {.unit = "events", .min = 0, .help = "How many events there are, over all partitions; 0: all of the file."}};
  param<std::int64_t> seed_{this, "seed", 1, {.help = "Another seed gives other events."}};
  param<std::int64_t> group_{
      this,
      "group",
      1,
      {.unit = "events", .min = 1, .max = 1e9, .help = "Events are out of order within groups of this many."}};
  param<double> rate_{
      this, "rate", 10'000, {.unit = "events/s", .min = 1e-3, .max = 1e9, .help = "Events a second of event time."}};
  param<std::string> input_{this, "input", "", {.is_path = true, .help = "A file of events to read instead."}};
  out<event> out_{this, "out"};

  stream_options options_;
  event_maker maker_{options_};
  event_reader reader_;
  std::uint64_t line_ = 0;   ///< of the file, which comes next
  std::uint64_t taken_ = 0;  ///< by this partition
  std::uint64_t offset_ = 0;
  std::uint64_t partition_ = 0;
  std::uint64_t parallelism_ = 1;
};

}  // namespace millrace::nexmark
