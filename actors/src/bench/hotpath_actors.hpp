#pragma once

#include <atomic>
#include <cstdint>

#include "millrace/context.hpp"
#include "millrace/engine/latency_histogram.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"
#include "millrace/state.hpp"

namespace millrace::bench {

/// The event of the hot path: 32 bytes.
struct hot_event {
  std::uint64_t key{};
  std::int64_t due_ns{};  ///< steady clock: when it ought to have been made
  double price{};
  std::int32_t quantity{};
  std::int32_t part{};
};
MILLRACE_RECORD(hot_event, 1, key, due_ns, price, quantity, part)

/// What the sink of the bench in this process has seen. One sink at a time.
struct hot_result {
  std::atomic<std::uint64_t> events{0};
  std::atomic<bool> measuring{false};
  engine::latency_histogram latency;
};
hot_result& result_of_hot_path();

/// The generator both the topology and the fused loop use.
class hot_source {
public:
  explicit hot_source(std::uint64_t keys, std::uint64_t seed) noexcept : random_{seed}, keys_{keys} {}
  hot_event next(std::int64_t due_ns) noexcept {
    const auto r = random_();
    return {random_.below(keys_), due_ns, static_cast<double>(r >> 40), static_cast<std::int32_t>(r & 1023), 0};
  }

private:
  random_source random_;
  std::uint64_t keys_;
};

struct hot_generator : producer {
  out<hot_event> events{this, "out"};
  param<std::int64_t> keys{this, "keys", 10'000, {.min = 1, .help = "number of distinct keys"}};
  param<double> rate{this, "rate", 0, {.unit = "events/s", .min = 0, .help = "0: as fast as possible"}};

  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& w) const override { w.integer(made_); }
  bool load_position(msgpack::reader& r) override { return r.integer(made_); }
  std::string describe_position() const override { return std::to_string(made_); }
  replay replays() const noexcept override { return replay::live; }

private:
  hot_source source_{1, 0};
  std::uint64_t made_ = 0;
  std::uint64_t made_here_ = 0;
  std::int64_t started_ns_ = 0;
};

struct hot_map : processor {
  in<hot_event> events{this, "in", &hot_map::on_event};
  out<hot_event> mapped{this, "out"};
  void on_event(context&, const hot_event& e) {
    auto copy = e;
    copy.price = e.price * 0.908;
    mapped.emit(copy);
  }
};

struct hot_totals {
  std::uint64_t count{};
  double sum{};
};
MILLRACE_RECORD(hot_totals, 1, count, sum)

struct hot_aggregate : processor {
  in<hot_event> events{this, "in", &hot_aggregate::on_event, {.key = &hot_event::key}};
  out<hot_event> updated{this, "out"};
  keyed_value<hot_totals> totals{this, "totals"};
  void on_event(context&, const hot_event& e) {
    auto& t = *totals;
    ++t.count;
    t.sum += e.price;
    auto copy = e;
    copy.price = t.sum;
    copy.quantity = static_cast<std::int32_t>(t.count);
    updated.emit(copy);
  }
};

struct hot_sink : sink {
  in<hot_event> events{this, "in", &hot_sink::on_batch};
  void on_batch(context&, std::span<const hot_event> batch);
  delivery delivers() const noexcept override { return delivery::idempotent; }
};

}  // namespace millrace::bench
