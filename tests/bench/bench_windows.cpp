// What a window costs a key when it fires, and an event when it is counted: one task with all around it but channels,
// in one thread. `millrace bench windows` measures the same in a whole topology.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/param.hpp"
#include "millrace/port.hpp"
#include "millrace/registry.hpp"
#include "millrace/testing/actor_harness.hpp"
#include "millrace/windows.hpp"

namespace {

using namespace millrace;
using namespace std::chrono_literals;

struct reading {
  std::uint64_t key{};
  event_time at{};
  std::int64_t amount{};
};
MILLRACE_RECORD(reading, 1, key, at, amount)

struct sum {
  std::int64_t n{};
  std::int64_t total{};
  void merge(const sum& o) noexcept {
    n += o.n;
    total += o.total;
  }
};
MILLRACE_RECORD(sum, 1, n, total)

struct row {
  std::uint64_t key{};
  event_time end{};
  std::int64_t n{};
  std::int64_t total{};
};
MILLRACE_RECORD(row, 1, key, end, n, total)

struct summing final : processor {
  in<reading> readings{this, "in", &summing::on_reading, {.key = &reading::key}};
  out<row> rows{this, "out"};
  windows<sum> per_second{this, "per_second", tumbling(1s), &summing::on_window};

  void on_reading(context& c, const reading& r) {
    (void)per_second.add(c, r.at, [&](sum& s) {
      ++s.n;
      s.total += r.amount;
    });
  }
  void on_window(context& c, const window_result<sum>& r) {
    rows.emit({c.key<std::uint64_t>(), r.window.end, r.value.n, r.value.total});
  }
};
MILLRACE_ACTOR(summing, {.id = "bench.summing", .title = "Summing"})

constexpr std::int64_t second = 1'000'000'000;

/// All keys have an event of second `s`, in a random order.
std::vector<std::vector<reading>> second_of(std::int64_t s, std::uint64_t keys, random_source& r) {
  constexpr std::size_t batch = 256;
  std::vector<std::uint64_t> order(keys);
  for (std::uint64_t k = 0; k < keys; ++k) {
    const auto at = r.below(k + 1);
    order[k] = order[at];
    order[at] = k;
  }
  std::vector<std::vector<reading>> out;
  for (std::uint64_t i = 0; i < keys; ++i) {
    if (i % batch == 0) out.emplace_back();
    out.back().push_back({order[i], {s * second + static_cast<std::int64_t>(i)}, 1});
  }
  return out;
}

void count_and_fire(benchmark::State& state, bool measures_firing) {
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  testing::actor_harness<summing> h;
  random_source random{7};
  std::int64_t now = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const auto events = second_of(now, keys, random);
    if (!measures_firing) state.ResumeTiming();
    for (const auto& batch : events) h.push_all(batch);
    if (measures_firing) {
      state.ResumeTiming();
    } else {
      state.PauseTiming();
    }
    ++now;
    h.watermark({now * second});
    if (measures_firing) state.PauseTiming();
    benchmark::DoNotOptimize(h.take());
    state.ResumeTiming();
  }
  state.counters["per_key"] = benchmark::Counter(static_cast<double>(keys) * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void count(benchmark::State& state) {
  count_and_fire(state, false);
}
void fire(benchmark::State& state) {
  count_and_fire(state, true);
}
/// Windows of so many panes, one of which all keys enter between two firings.
struct long_windows final : processor {
  in<reading> readings{this, "in", &long_windows::on_reading, {.key = &reading::key}};
  out<row> rows{this, "out"};
  windows<sum> overlapping{this, "overlapping", &long_windows::on_window};
  param<std::int64_t> panes{this, "panes", 10};

  result<void> configure(wiring&) override { return overlapping.set(sliding(*panes * 1s, 1s)); }
  void on_reading(context& c, const reading& r) {
    (void)overlapping.add(c, r.at, [&](sum& s) {
      ++s.n;
      s.total += r.amount;
    });
  }
  void on_window(context& c, const window_result<sum>& r) {
    rows.emit({c.key<std::uint64_t>(), r.window.end, r.value.n, r.value.total});
  }
};
MILLRACE_ACTOR(long_windows, {.id = "bench.long_windows", .title = "Long windows"})

void fire_sliding(benchmark::State& state) {
  constexpr std::uint64_t keys = 1000;
  testing::actor_harness<long_windows> h{{.params = {{"panes", state.range(0)}}}};
  random_source random{7};
  std::int64_t now = 0;
  const auto go_on = [&] {
    for (const auto& batch : second_of(now, keys, random)) h.push_all(batch);
    ++now;
  };
  for (std::int64_t i = 0; i < 2 * state.range(0); ++i) {
    go_on();
    h.watermark({now * second});
    benchmark::DoNotOptimize(h.take());
  }
  for (auto _ : state) {
    state.PauseTiming();
    go_on();
    state.ResumeTiming();
    h.watermark({now * second});
    state.PauseTiming();
    benchmark::DoNotOptimize(h.take());
    state.ResumeTiming();
  }
  state.counters["per_key"] = benchmark::Counter(static_cast<double>(keys) * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(fire_sliding)->Arg(1)->Arg(10)->Arg(60)->Arg(600)->Unit(benchmark::kMillisecond);

BENCHMARK(count)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(fire)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
