#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "millrace/engine/latency_histogram.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"
#include "millrace/windows.hpp"

namespace millrace::bench {

inline constexpr std::int64_t window_disorder_ns = 10'000'000;

struct window_event {
  std::uint64_t key{};
  event_time at{};
  std::int64_t amount{};
};
MILLRACE_RECORD(window_event, 1, key, at, amount)

struct window_sum {
  std::uint64_t count{};
  std::int64_t sum{};
  void merge(const window_sum& o) {
    count += o.count;
    sum += o.sum;
  }
};
MILLRACE_RECORD(window_sum, 1, count, sum)

struct window_total {
  std::uint64_t key{};
  event_time end{};
  std::uint64_t count{};
  std::int64_t sum{};
};
MILLRACE_RECORD(window_total, 1, key, end, count, sum)

/// Event `n`, as a function of nothing else: up to 10 ms behind its place.
[[nodiscard]] window_event window_event_of(std::uint64_t n, std::uint64_t keys, double events_per_s,
                                           std::int64_t base_ns);
/// What a result adds to the checksum over all of them, whatever their order: once for the result, and for its content.
[[nodiscard]] std::uint64_t checksum_of(const window_total& t);

/// What the sink of this process has seen, and when the generator let watermarks pass. One run at a time.
struct window_outcome {
  static constexpr std::size_t windows_max = 4096;
  std::atomic<std::uint64_t> results{0};
  std::atomic<std::uint64_t> events{0};  ///< in all results
  std::atomic<std::uint64_t> checksum{0};
  std::int64_t base_ns = 0;  ///< event time of event 0
  std::int64_t slide_ns = 0;
  /// Latency runs, by window: steady clock when the event was made that lets the watermark pass the window's end; the
  /// last result of it.
  std::array<std::atomic<std::int64_t>, windows_max> may_pass{};
  std::array<std::atomic<std::int64_t>, windows_max> last_result{};
  std::atomic<bool> measures_latency{false};
  engine::latency_histogram latency;

  [[nodiscard]] std::size_t window_of(std::int64_t end_ns) const noexcept {
    return static_cast<std::size_t>((end_ns - base_ns) / slide_ns) % windows_max;
  }
};
window_outcome& outcome_of_windows();

struct window_generator : producer {
  out<window_event> made{this, "out"};
  param<std::int64_t> keys{this, "keys", 10'000, {.min = 1}};
  param<std::int64_t> count{this, "events", 1'000'000, {.min = 1}};
  param<double> density{this, "density", 1e7, {.unit = "events/s", .help = "events a second of event time"}};
  param<bool> paced{this, "paced", false, {.help = "event time goes with the clock"}};

  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& w) const override { w.integer(next_); }
  bool load_position(msgpack::reader& r) override { return r.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }
  std::chrono::nanoseconds disorder() const override { return std::chrono::nanoseconds{window_disorder_ns}; }

private:
  void note(event_time at);

  std::uint64_t next_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t passes_ns_ = 0;  // the end of the window that the next advance of time completes
};

struct window_totals : processor {
  in<window_event> events{this, "in", &window_totals::on_event, {.key = &window_event::key}};
  out<window_total> totals{this, "out"};
  windows<window_sum> open_windows{this, "windows", &window_totals::on_window};
  param<std::int64_t> size_ms{this, "size_ms", 1000, {.min = 1}};
  param<std::int64_t> slide_ms{this, "slide_ms", 1000, {.min = 1}};

  result<void> configure(wiring&) override {
    return open_windows.set(sliding(std::chrono::milliseconds{*size_ms}, std::chrono::milliseconds{*slide_ms}));
  }
  void on_event(context& c, const window_event& e) {
    (void)open_windows.add(c, e.at, [&](window_sum& s) {
      ++s.count;
      s.sum += e.amount;
    });
  }
  void on_window(context& c, const window_result<window_sum>& r) {
    totals.emit({c.key<std::uint64_t>(), r.window.end, r.value.count, r.value.sum});
  }
};

struct window_sink : sink {
  in<window_total> totals{this, "in", &window_sink::on_batch};
  void on_batch(context&, std::span<const window_total> batch);
  delivery delivers() const noexcept override { return delivery::idempotent; }
};

}  // namespace millrace::bench
