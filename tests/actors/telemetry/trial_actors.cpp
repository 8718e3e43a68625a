#include "trial_actors.hpp"

#include <algorithm>
#include <thread>

#include "millrace/context.hpp"
#include "millrace/library.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/record.hpp"
#include "millrace/registry.hpp"
#include "millrace/sink.hpp"

namespace millrace::trial {

namespace {

using namespace std::chrono_literals;

struct number {
  std::int64_t key{};
  std::int64_t n{};
};
MILLRACE_RECORD(number, 1, key, n)

/// Never ends; positions are kept, so it goes on where a snapshot says.
struct numbers : producer {
  out<number> made{this, "out"};
  param<double> rate{this, "rate", 0, {.unit = "events/s", .min = 0}};
  param<std::int64_t> hot{this, "hot_percent", 0, {.min = 0, .max = 100}};

  poll_result poll(context& c, std::size_t max) override {
    if (*rate == 0) return emit(max);
    // Events are due at even distances from the first poll on.
    const auto now = c.now().ns;
    if (started_ == 0) started_ = now;
    const auto due = static_cast<std::uint64_t>(static_cast<double>(now - started_) / 1e9 * *rate);
    const auto missing = due > here_ ? due - here_ : 0;
    if (missing > 0) (void)emit(std::min<std::size_t>(max, missing));
    return missing > max ? poll_result::more() : poll_result::wait(1ms);
  }
  void save_position(msgpack::writer& w) const override { w.integer(next_); }
  bool load_position(msgpack::reader& r) override { return r.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }

private:
  poll_result emit(std::size_t events) {
    for (std::size_t i = 0; i < events; ++i, ++next_) {
      const auto key =
          next_ % 100 < static_cast<std::uint64_t>(*hot) ? 7 : 1000 + static_cast<std::int64_t>(next_ % 997);
      made.emit({key, static_cast<std::int64_t>(next_)});
    }
    here_ += events;
    return poll_result::more();
  }
  std::uint64_t next_ = 0;
  std::uint64_t here_ = 0;
  std::int64_t started_ = 0;
};
MILLRACE_ACTOR(numbers, {.id = "trial.numbers", .title = "Numbers"})

struct pass : processor {
  in<number> taken{this, "in", &pass::on_number, {.key = &number::key}};
  out<number> passed{this, "out"};
  void on_number(context&, const number& n) { passed.emit(n); }
};
MILLRACE_ACTOR(pass, {.id = "trial.pass", .title = "Pass"})

struct spin : processor {
  in<number> taken{this, "in", &spin::on_number, {.key = &number::key}};
  out<number> passed{this, "out"};
  param<std::int64_t> rounds{this, "rounds", 20'000, {.min = 1}};
  void on_number(context&, const number& n) {
    volatile std::uint64_t mixed = static_cast<std::uint64_t>(n.n);
    for (std::int64_t i = 0; i < *rounds; ++i) mixed = mixed * 6364136223846793005U + 1442695040888963407U;
    passed.emit({n.key, static_cast<std::int64_t>(mixed & 1U)});
  }
};
MILLRACE_ACTOR(spin, {.id = "trial.spin", .title = "Spin"})

struct hang : processor {
  in<number> taken{this, "in", &hang::on_number, {.key = &number::key}};
  out<number> passed{this, "out"};
  void on_number(context&, const number& n) {
    is_hanging.wait(true);
    passed.emit(n);
  }
  bool is_blocking() const noexcept override { return true; }
};
MILLRACE_ACTOR(hang, {.id = "trial.hang", .title = "Hang"})

struct drop : sink {
  in<number> taken{this, "in", &drop::on_batch};
  void on_batch(context&, std::span<const number>) {}
  delivery delivers() const noexcept override { return delivery::idempotent; }
};
MILLRACE_ACTOR(drop, {.id = "trial.drop", .title = "Drop"})

struct slow_store : sink {
  in<number> taken{this, "in", &slow_store::on_batch};
  void on_batch(context&, std::span<const number>) { std::this_thread::sleep_for(5ms); }
  delivery delivers() const noexcept override { return delivery::idempotent; }
  bool is_blocking() const noexcept override { return true; }
};
MILLRACE_ACTOR(slow_store, {.id = "trial.slow_store", .title = "Slow store"})

}  // namespace

topology made(const shape& s) {
  link_library();
  topology t;
  t.name = "trial";
  t.settings.snapshot_interval = s.snapshot_interval;
  t.add("numbers", "trial.numbers", {{"rate", s.rate}, {"hot_percent", s.hot_percent}});
  t.add("route", "millrace.by_key");
  t.add("work", s.work, {}, s.partitions);
  t.add("store", s.store);
  t.connect("numbers", "route").connect("route", "work").connect("work", "store");
  return t;
}

}  // namespace millrace::trial
