#include "window_samples.hpp"

#include <algorithm>

#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/producer.hpp"
#include "millrace/registry.hpp"

namespace sample {

using namespace millrace;
using namespace std::chrono_literals;
using testing::simulation;

// Time goes on in small and, now and then, large steps; one event in ten is late.
reading event_of(const support::stream_shape& s, std::int64_t source, std::int64_t number) {
  random_source r{static_cast<std::uint64_t>(s.seed * 1'000'003 + source * 10'007 + number)};
  const auto key = support::draw_key(r, s.keys, s.skew);
  const auto back = r.below(10) == 0 ? r.below(60) : r.below(disorder_ms + 1);
  const auto leap = number / 40 * 37;
  return {"k" + std::to_string(key),
          source,
          number,
          static_cast<std::int64_t>(r.below(100)),
          {(number + leap - static_cast<std::int64_t>(back)) * ms + static_cast<std::int64_t>(r.below(3)) - 1}};
}

namespace {

class source final : public producer {
public:
  out<reading> readings{this, "out"};
  param<std::int64_t> seed{this, "seed", 1};
  param<std::int64_t> count{this, "count", 100};
  param<std::int64_t> keys{this, "keys", 5};
  param<std::int64_t> skew{this, "skew", 0};
  param<std::int64_t> silent{this, "silent", 0};  // so many partitions, the last ones, emit nothing and end

  param<bool> tells{this, "tells", false};  // events in order, and the watermark told by the producer
  // Partition 1 never has an event: "waits" says nothing about it, "idles" says so.
  param<std::string> silence{this, "silence", ""};

  poll_result poll(context& c, std::size_t max) override {
    if (c.partition() == 1 && *silence == "idles") return poll_result::idle(1ms);
    if (c.partition() == 1 && *silence == "waits") return poll_result::wait(1ms);
    support::stream_shape s;
    s.seed = *seed;
    s.keys = *keys;
    s.skew = static_cast<support::key_skew>(*skew);
    if (c.partition() + *silent >= c.parallelism()) {
      return c.random().below(20) == 0 ? poll_result::end() : poll_result::idle(1ms);
    }
    const auto want = 1 + static_cast<std::int64_t>(c.random().below(max / 16));
    for (std::int64_t i = 0; i < want && next_ < *count; ++i) {
      auto e = event_of(s, c.partition(), next_++);
      if (*tells) e.at = {e.number * ms};
      readings.emit(std::move(e));
    }
    if (next_ == *count) return poll_result::end();
    return c.random().below(8) == 0 ? poll_result::wait(1ms) : poll_result::more();
  }
  void save_position(msgpack::writer& out) const override { out.integer(next_); }
  bool load_position(msgpack::reader& in) override { return in.integer(next_); }
  std::string describe_position() const override { return std::to_string(next_); }
  std::optional<event_time> watermark() const override {
    if (!*tells) return std::nullopt;
    return next_ == 0 ? event_time::min() : event_time{(next_ - 1) * ms};
  }
  std::chrono::nanoseconds disorder() const override { return std::chrono::milliseconds{disorder_ms}; }

private:
  std::int64_t next_ = 0;
};
MILLRACE_ACTOR(source, {.id = "win.source", .title = "Source"})

class lates final : public processor {
public:
  in<reading> readings{this, "in", &lates::on_reading};
  out<outcome> results{this, "out"};
  void on_reading(context& c, const reading& r) {
    results.emit({c.late_against() == event_time::min() ? "on time?" : "late", r.key, r.source, r.number, -1, 0, 0});
  }
};
MILLRACE_ACTOR(lates, {.id = "win.lates", .title = "Lates"})

}  // namespace

void add_source(topology& t, const stream_shape& s, const std::string& source) {
  t.add(source, "win.source",
        {{"seed", s.seed},
         {"count", s.count},
         {"keys", s.keys},
         {"skew", static_cast<std::int64_t>(s.skew)},
         {"silent", static_cast<std::int64_t>(s.silent)}},
        s.producers);
}

std::string simulate(const topology& t, const stream_shape& s, std::vector<outcome>& output) {
  constexpr std::size_t steps_max = 2'000'000;
  disk files;
  random_source random{static_cast<std::uint64_t>(s.seed)};
  simulation sim{plan_of(t),
                 {.seed = random(),
                  .batches = s.batches,
                  .batch_events = 1 + static_cast<std::uint32_t>(random.below(24)),
                  .credit = engine::credit_window{4, std::uint64_t{1} << 20},
                  .protect = s.protect}};
  sim.start();
  for (int i = 0; i < s.crashes; ++i) {
    for (auto steps = random.below(600); steps != 0 && sim.step(); --steps) {
    }
    if (sim.now_is() != simulation::phase::running) break;
    sim.crash();
    sim.restart();
  }
  if (sim.now_is() == simulation::phase::running && !sim.run_until_over(steps_max)) return "does not end";
  if (sim.now_is() != simulation::phase::finished) return "failed: " + sim.message();
  output = files.output();
  return {};
}

}  // namespace sample
