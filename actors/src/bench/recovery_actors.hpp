#pragma once

#include <atomic>
#include <cstdint>

#include "millrace/context.hpp"
#include "millrace/engine/latency_histogram.hpp"
#include "millrace/inline_string.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"
#include "millrace/state.hpp"

namespace millrace::bench {

/// An event of the recovery bench: 32 bytes.
struct tally_event {
  std::uint64_t key{};
  std::int64_t due_ns{};  ///< steady clock: when it ought to have been made; 0: one that fills the state
  std::int64_t amount{};
  std::int64_t part{};  ///< which partition counted it
};
MILLRACE_RECORD(tally_event, 1, key, due_ns, amount, part)

/// What is kept of a key: about 100 bytes in a snapshot.
struct tally_row {
  std::uint64_t count{};
  std::int64_t sum{};
  inline_string<80> note;
};
MILLRACE_RECORD(tally_row, 1, count, sum, note)

/// The events of a run, the same each time: first one of each key, then any of the `hot` first ones.
class tally_input {
public:
  tally_input(std::uint64_t keys, std::uint64_t hot, std::uint64_t seed) : keys_{keys}, hot_{hot}, seed_{seed} {}
  [[nodiscard]] tally_event at(std::uint64_t n) const noexcept {
    random_source r{seed_ * 0x9e3779b97f4a7c15ULL + n};
    const auto amount = static_cast<std::int64_t>(r.below(1000));
    return {n < keys_ ? n : r.below(hot_), 0, amount, 0};
  }

private:
  std::uint64_t keys_;
  std::uint64_t hot_;
  std::uint64_t seed_;
};

/// What the sink adds up: equal for equal sets of results, whatever their order.
struct tally_sum {
  std::uint64_t events = 0;
  std::uint64_t mix = 0;

  void add(std::uint64_t key, std::uint64_t count, std::int64_t sum) noexcept {
    random_source r{key * 0x9e3779b97f4a7c15ULL ^ count * 0xc2b2ae3d27d4eb4fULL ^ static_cast<std::uint64_t>(sum)};
    ++events;
    mix += r();
  }
  bool operator==(const tally_sum&) const = default;
};

/// What the sinks of the bench in this process have seen. One run at a time.
struct tally_result {
  static constexpr std::size_t parts_max = 64;
  std::atomic<std::uint64_t> events{0};  ///< that came to the sink, those that come again too
  std::atomic<std::uint64_t> newest{0};  ///< the largest count of events that the sink's state has had
  std::atomic<bool> is_measured{false};  ///< latencies are recorded
  std::atomic<bool> has_ended{false};    ///< then `sum` is set
  tally_sum sum;
  engine::latency_histogram of_part[parts_max];
  engine::latency_histogram of_side;
};
tally_result& result_of_tally();

struct tally_source : producer {
  out<tally_event> events{this, "out"};
  param<std::int64_t> keys{this, "keys", 1000, {.min = 1, .help = "how many the state is filled with first"}};
  param<std::int64_t> hot{this, "hot", 1000, {.min = 1, .help = "keys of the events behind that"}};
  param<std::int64_t> count{this, "count", 0, {.min = 0, .help = "events behind those that fill the state"}};
  param<double> rate{this, "rate", 10'000, {.unit = "events/s", .min = 1, .help = "of the events behind that"}};
  param<std::int64_t> seed{this, "seed", 1, {.help = "decides amounts and keys"}};

  void open(context& c) override;
  poll_result poll(context& c, std::size_t max) override;
  void save_position(msgpack::writer& w) const override { w.integer(made_); }
  bool load_position(msgpack::reader& r) override { return r.integer(made_); }
  std::string describe_position() const override { return std::to_string(made_); }

private:
  tally_input input_{1, 1, 0};
  std::uint64_t made_ = 0;
  std::int64_t base_ns_ = 0;  ///< when the first of the paced events would have been due; 0: not yet known
};

struct tally_count : processor {
  in<tally_event> events{this, "in", &tally_count::on_event, {.key = &tally_event::key}};
  out<tally_event> counted{this, "out"};
  keyed_value<tally_row> rows{this, "rows"};
  void on_event(context& c, const tally_event& e);
};

struct tally_sink : sink {
  in<tally_event> events{this, "in", &tally_sink::on_batch};
  void on_batch(context&, std::span<const tally_event> batch);
  void on_end_of_input(context&) override;
  void save_state(msgpack::writer& w) const override;
  [[nodiscard]] bool load_state(msgpack::reader& r) override;
  delivery delivers() const noexcept override { return delivery::idempotent; }

private:
  tally_sum sum_;
};

/// The branch beside: it has nothing to do with what is killed.
struct tally_side : sink {
  in<tally_event> events{this, "in", &tally_side::on_batch};
  void on_batch(context&, std::span<const tally_event> batch);
  delivery delivers() const noexcept override { return delivery::idempotent; }
};

}  // namespace millrace::bench
