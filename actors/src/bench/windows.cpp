#include "bench/windows.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "bench/measure.hpp"
#include "bench/windows_actors.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

namespace millrace::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;
constexpr double density = 1e7;

struct setup {
  std::uint64_t keys = 0;
  std::int64_t slide_ms = 1000;
  std::uint64_t events = 0;
  double rate = 0;  ///< 0: as fast as possible
  std::uint32_t partitions = 1;
};

struct figures {
  double events_per_s = 0;
  double cpu_ns_per_event = 0;
  double results_per_s = 0;
  double peak_mib = 0;
  std::uint64_t results = 0;
  double p50_us = 0, p99_us = 0;
  double last_us = 0, worst_last_us = 0;
};

constexpr std::int64_t size_ms = 1000;

topology topology_of(const setup& s) {
  topology t;
  t.name = "windows";
  t.settings.snapshot_interval = 10s;
  t.add("generator", "millrace.bench.window_generator",
        {{"keys", static_cast<std::int64_t>(s.keys)},
         {"events", static_cast<std::int64_t>(s.events)},
         {"density", s.rate == 0 ? density : s.rate},
         {"paced", s.rate != 0}});
  t.add("route", "millrace.by_key");
  t.add("totals", "millrace.bench.window_totals", {{"size_ms", size_ms}, {"slide_ms", s.slide_ms}}, s.partitions);
  t.add("sink", "millrace.bench.window_sink");
  return t.connect("generator", "route").connect("route", "totals").connect("totals", "sink");
}

void start_over(const setup& s) {
  auto& seen = outcome_of_windows();
  seen.results = seen.events = seen.checksum = 0;
  seen.base_ns = 1'000'000 * size_ms * ms;
  seen.slide_ns = s.slide_ms * ms;
  for (auto& a : seen.may_pass) a = 0;
  for (auto& a : seen.last_result) a = 0;
  seen.measures_latency = s.rate != 0;
}

struct check_sums {
  std::uint64_t results = 0, events = 0, checksum = 0;
};

/// The same windows counted plainly: a counter for each key and window.
check_sums expected(const setup& s) {
  const auto base = outcome_of_windows().base_ns;
  const auto slide = s.slide_ms * ms;
  const auto rate = s.rate == 0 ? density : s.rate;
  const auto span = static_cast<std::int64_t>(static_cast<double>(s.events) * 1e9 / rate) + 2 * size_ms * ms;
  const auto first = base - 2 * size_ms * ms;  // event times may lie a little before the base
  const auto windows = static_cast<std::size_t>((span + 4 * size_ms * ms) / slide);
  std::vector<std::uint32_t> counts(windows * s.keys);
  check_sums out;
  for (std::uint64_t n = 0; n < s.events; ++n) {
    const auto e = window_event_of(n, s.keys, rate, base);
    // Windows begin at multiples of the slide; the last that holds the event begins at or before it.
    for (auto start = e.at.ns / slide * slide; start > e.at.ns - size_ms * ms; start -= slide) {
      ++counts[static_cast<std::size_t>((start - first) / slide) * s.keys + e.key];
      ++out.events;
    }
  }
  for (std::size_t w = 0; w < windows; ++w) {
    for (std::uint64_t k = 0; k < s.keys; ++k) {
      const auto n = counts[w * s.keys + k];
      if (n == 0) continue;
      ++out.results;
      out.checksum += checksum_of({k, {first + static_cast<std::int64_t>(w) * slide + size_ms * ms}, n, 0});
    }
  }
  return out;
}

result<void> verify(const setup& s) {
  const auto want = expected(s);
  const auto& got = outcome_of_windows();
  if (got.results == want.results && got.events == want.events && got.checksum == want.checksum) return {};
  return fatal_error(errc::failed, "the windows are not exact: " + std::to_string(got.results) + " results with " +
                                       std::to_string(got.events) + " events, expected " +
                                       std::to_string(want.results) + " with " + std::to_string(want.events));
}

void add_latency(figures& f) {
  auto& seen = outcome_of_windows();
  engine::latency_histogram::counts all{};
  seen.latency.add_to(all);
  f.p50_us = static_cast<double>(engine::latency_histogram::quantile(all, 0.5)) / 1000;
  f.p99_us = static_cast<double>(engine::latency_histogram::quantile(all, 0.99)) / 1000;
  std::vector<double> last;
  for (std::size_t w = 0; w < window_outcome::windows_max; ++w) {
    if (seen.last_result[w] != 0) last.push_back(static_cast<double>(seen.last_result[w] - seen.may_pass[w]) / 1000);
  }
  if (last.empty()) return;
  std::ranges::sort(last);
  f.last_us = last[last.size() / 2];
  f.worst_last_us = last.back();
}

result<figures> measure(const setup& s) {
  const auto checked = validate(topology_of(s));
  if (!checked.ok()) return fatal_error(errc::invalid_topology, to_string(checked.problems.back()));
  start_over(s);
  engine::latency_histogram::counts before{};
  outcome_of_windows().latency.add_to(before);
  const scratch folder;
  runtime::run_options options;
  options.data_dir = folder.path();
  options.log = [](log_level level, const std::string& m) {
    if (level >= log_level::warning) std::fprintf(stderr, "%s\n", m.c_str());
  };
  reset_peak_memory();
  const auto c0 = cpu_seconds();
  const auto t0 = steady_ns();
  auto run = runtime::topology_run::start(checked.plan, options);
  if (!run) return std::move(run).error();
  const auto limit = std::chrono::minutes{10};
  const auto outcome = (*run)->wait(limit);
  if (!outcome) return fatal_error(errc::timeout, "the run did not end within ten minutes");
  const auto seconds = static_cast<double>(steady_ns() - t0) / 1e9;
  figures f;
  const auto events = static_cast<double>(s.events);
  f.events_per_s = events / seconds;
  f.cpu_ns_per_event = (cpu_seconds() - c0) * 1e9 / events;
  f.results = outcome_of_windows().results;
  f.results_per_s = static_cast<double>(f.results) / seconds;
  f.peak_mib = peak_memory_mib();
  if (auto ok = verify(s); !ok) return std::move(ok).error();
  if (s.rate != 0) add_latency(f);
  return f;
}

result<figures> median_of(const setup& s, std::uint32_t repeats) {
  std::vector<figures> all;
  for (std::uint32_t i = 0; i < repeats; ++i) {
    auto one = measure(s);
    if (!one) return one;
    all.push_back(*one);
  }
  std::ranges::sort(all, {}, &figures::cpu_ns_per_event);
  return all[all.size() / 2];
}

void print(const setup& s, const figures& f, bool json) {
  const auto* kind = s.slide_ms == size_ms ? "tumbling 1 s" : "sliding 1 s/100 ms";
  const auto keys = static_cast<unsigned long long>(s.keys);
  if (json) {
    std::printf(
        "{\"keys\":%llu,\"windows\":\"%s\",\"partitions\":%u,\"rate\":%.0f,\"events_per_s\":%.0f,"
        "\"cpu_ns_per_event\":%.1f,\"results_per_s\":%.0f,\"results\":%llu,\"peak_mib\":%.0f,\"exact\":true,"
        "\"p50_us\":%.0f,\"p99_us\":%.0f,\"last_us\":%.0f,\"worst_last_us\":%.0f}\n",
        keys, kind, s.partitions, s.rate, f.events_per_s, f.cpu_ns_per_event, f.results_per_s,
        static_cast<unsigned long long>(f.results), f.peak_mib, f.p50_us, f.p99_us, f.last_us, f.worst_last_us);
  } else if (s.rate == 0) {
    std::printf(
        "%8llu keys  %-18s  %u partitions  %7.2f M events/s  %6.1f ns CPU/event  %6.2f M results/s  peak %5.0f "
        "MiB  exact\n",
        keys, kind, s.partitions, f.events_per_s / 1e6, f.cpu_ns_per_event, f.results_per_s / 1e6, f.peak_mib);
  } else {
    std::printf(
        "%8llu keys  %-18s  %u partitions  at %.0f/s: results p50 %.0f us  p99 %.0f us, last of a window %.0f us "
        "(worst %.0f)  exact\n",
        keys, kind, s.partitions, s.rate, f.p50_us, f.p99_us, f.last_us, f.worst_last_us);
  }
  std::fflush(stdout);
}

}  // namespace

result<void> run_windows(const windows_options& o) {
  for (const auto keys : o.keys) {
    for (const std::int64_t slide : {std::int64_t{1000}, std::int64_t{100}}) {
      const setup s{keys, slide, o.events, 0, o.partitions};
      auto f = median_of(s, o.repeats);
      if (!f) return std::move(f).error();
      print(s, *f, o.json);
    }
  }
  for (const auto keys : o.latency_keys) {
    const auto events = static_cast<std::uint64_t>(o.latency_rate * o.latency_seconds);
    const setup s{keys, 1000, events, o.latency_rate, o.partitions};
    auto f = measure(s);
    if (!f) return std::move(f).error();
    print(s, *f, o.json);
  }
  return {};
}

}  // namespace millrace::bench
