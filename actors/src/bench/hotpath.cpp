#include "bench/hotpath.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

#include <absl/container/flat_hash_map.h>

#include "bench/hotpath_actors.hpp"
#include "bench/measure.hpp"
#include "millrace/key_codec.hpp"
#include "millrace/key_group.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/validation.hpp"

namespace millrace::bench {

namespace {

using namespace std::chrono_literals;

struct setup {
  std::uint64_t keys = 0;
  std::uint32_t partitions = 1;
  double rate = 0;
  transport::payload_mode payload = transport::payload_mode::shared;
  bool snapshots = false;
};

struct figures {
  double events_per_s = 0;
  double cpu_ns_per_event = 0;
  double cores = 0;
  std::int64_t p50_us = 0;
  std::int64_t p99_us = 0;
  std::int64_t p999_us = 0;
};

topology topology_of(const setup& s) {
  topology t;
  t.name = "hotpath";
  t.settings.snapshot_interval = s.snapshots ? 1000ms : 0ms;
  t.add("generator", "millrace.bench.generator", {{"keys", static_cast<std::int64_t>(s.keys)}, {"rate", s.rate}});
  t.add("map", "millrace.bench.map");
  t.add("route", "millrace.by_key");
  t.add("total", "millrace.bench.aggregate", {}, s.partitions);
  t.add("sink", "millrace.bench.sink");
  t.connect("generator", "map").connect("map", "route").connect("route", "total").connect("total", "sink");
  return t;
}

result<figures> measure(const setup& s, const hotpath_options& o) {
  const auto checked = validate(topology_of(s));
  if (!checked.ok()) return fatal_error(errc::invalid_topology, to_string(checked.problems.back()));
  const scratch folder;
  runtime::run_options options;
  options.data_dir = folder.path();
  options.payload = s.payload;
  options.log = [](log_level level, const std::string& m) {
    if (level >= log_level::warning) std::fprintf(stderr, "%s\n", m.c_str());
  };
  auto run = runtime::topology_run::start(checked.plan, options);
  if (!run) return std::move(run).error();
  auto& seen = result_of_hot_path();
  std::this_thread::sleep_for(o.warm_up);
  engine::latency_histogram::counts before{};
  seen.latency.add_to(before);
  seen.measuring = true;
  const auto e0 = seen.events.load();
  const auto c0 = cpu_seconds();
  const auto t0 = steady_ns();
  std::this_thread::sleep_for(o.measure);
  const auto events = static_cast<double>(seen.events.load() - e0);
  const auto cpu = cpu_seconds() - c0;
  const auto seconds = static_cast<double>(steady_ns() - t0) / 1e9;
  seen.measuring = false;
  engine::latency_histogram::counts latency{};
  seen.latency.add_to(latency);
  for (std::size_t i = 0; i < latency.size(); ++i) latency[i] -= before[i];
  const auto q = [&](double p) { return engine::latency_histogram::quantile(latency, p) / 1000; };
  if ((*run)->wait(0ms)) return fatal_error(errc::failed, "the run ended while it was measured");
  (*run)->stop();
  if (!(*run)->wait(20s)) return fatal_error(errc::timeout, "the run did not end");
  return figures{events / seconds, cpu * 1e9 / std::max(events, 1.0), cpu / seconds, q(0.5), q(0.99), q(0.999)};
}

result<figures> median_of(const setup& s, const hotpath_options& o) {
  std::vector<figures> all;
  for (std::uint32_t i = 0; i < o.repeats; ++i) {
    auto one = measure(s, o);
    if (!one) return one;
    all.push_back(*one);
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.cpu_ns_per_event < b.cpu_ns_per_event; });
  return all[all.size() / 2];
}

// The same work in one thread without actors, channels or snapshots: what the machine could do at best.
double fused_ns_per_event(std::uint64_t keys, const hotpath_options& o) {
  constexpr std::size_t parts = 4;
  constexpr std::size_t batch = 256;
  hot_source source{keys, 1};
  std::vector<absl::flat_hash_map<std::uint64_t, hot_totals>> maps(parts);
  std::vector<std::vector<hot_event>> dealt(parts);
  for (auto& d : dealt) d.reserve(batch);
  const auto key = key_of<hot_event>(&hot_event::key);
  const auto made = record_type_of<hot_event>()->make_builder(batch);
  auto& builder = static_cast<typed_builder<hot_event>&>(*made);
  std::vector<std::uint64_t> hashes(batch);
  for (auto& m : maps) m.reserve(keys / 3);
  double checksum = 0;
  std::uint64_t events = 0;
  const auto handle = [&](std::size_t p) {
    for (const auto& e : dealt[p]) maps[p].prefetch(e.key);
    for (auto& e : dealt[p]) {
      auto& t = maps[p][e.key];
      ++t.count;
      t.sum += e.price;
      e.price = t.sum;
      e.quantity = static_cast<std::int32_t>(t.count);
      checksum += e.price;
    }
    dealt[p].clear();
  };
  // Every key is in its map before the clock starts.
  const auto fill_until = steady_ns() + std::chrono::nanoseconds{o.warm_up}.count();
  auto c0 = cpu_seconds();
  auto end = fill_until + std::chrono::nanoseconds{o.measure}.count();
  bool warm = false;
  while (steady_ns() < end) {
    const auto now = steady_ns();
    if (!warm && now >= fill_until) {
      warm = true;
      events = 0;
      c0 = cpu_seconds();
    }
    for (std::size_t i = 0; i < batch; ++i) {
      auto e = source.next(now);
      e.price *= 0.908;
      builder.push(e);
    }
    const auto records = builder.finish();
    (void)key->hashes(*records, hashes.data());
    const auto all = rows<hot_event>(*records);
    for (std::size_t i = 0; i < batch; ++i) {
      const auto p = partition_of(key_group_of(hashes[i], 1024), parts);
      dealt[p].push_back(all[i]);
      if (dealt[p].size() == batch) handle(p);
    }
    events += batch;
  }
  const auto ns = (cpu_seconds() - c0) * 1e9 / static_cast<double>(events);
  if (checksum == 0.123) std::puts("");
  return ns;
}

void print(const setup& s, const figures& f, double fused, bool json) {
  const auto* payload = s.payload == transport::payload_mode::shared ? "shared" : "encoded";
  if (json) {
    std::printf(
        "{\"keys\":%llu,\"partitions\":%u,\"rate\":%.0f,\"payload\":\"%s\",\"snapshots\":%s,\"events_per_s\":%.0f,"
        "\"cpu_ns_per_event\":%.1f,\"ratio_to_fused\":%.2f,\"cores\":%.3f,\"p50_us\":%lld,\"p99_us\":%lld,"
        "\"p999_us\":%lld}\n",
        static_cast<unsigned long long>(s.keys), s.partitions, s.rate, payload, s.snapshots ? "true" : "false",
        f.events_per_s, f.cpu_ns_per_event, f.cpu_ns_per_event / fused, f.cores, static_cast<long long>(f.p50_us),
        static_cast<long long>(f.p99_us), static_cast<long long>(f.p999_us));
  } else {
    const auto rate = s.rate == 0 ? std::string{"full"} : std::to_string(static_cast<long long>(s.rate)) + "/s";
    std::printf(
        "%9llu keys  %u partitions  %-8s %-8s %-9s %9.2f M/s  %7.1f ns CPU/event  x%-5.2f %5.2f cores  p50 %lld us  "
        "p99 %lld us  p99.9 %lld us\n",
        static_cast<unsigned long long>(s.keys), s.partitions, rate.c_str(), payload, s.snapshots ? "snapshots" : "-",
        f.events_per_s / 1e6, f.cpu_ns_per_event, f.cpu_ns_per_event / fused, f.cores, static_cast<long long>(f.p50_us),
        static_cast<long long>(f.p99_us), static_cast<long long>(f.p999_us));
  }
  std::fflush(stdout);
}

}  // namespace

result<void> run_hotpath(const hotpath_options& o) {
  double first_fused = 0;
  for (const auto keys : o.keys) {
    const auto fused = fused_ns_per_event(keys, o);
    if (first_fused == 0) first_fused = fused;
    if (o.json) {
      std::printf("{\"keys\":%llu,\"fused_ns_per_event\":%.1f}\n", static_cast<unsigned long long>(keys), fused);
    } else {
      std::printf("%9llu keys  fused loop, one thread: %.1f ns CPU/event\n", static_cast<unsigned long long>(keys),
                  fused);
    }
    std::vector<setup> setups;
    for (const auto p : o.partitions) setups.push_back({keys, p});
    setups.push_back({keys, o.partitions.back(), 0, transport::payload_mode::encoded});
    setups.push_back({keys, o.partitions.back(), 0, transport::payload_mode::shared, true});
    for (const auto& s : setups) {
      auto f = median_of(s, o);
      if (!f) return std::move(f).error();
      print(s, *f, fused, o.json);
    }
  }
  for (const auto rate : o.rates) {
    const setup s{o.keys.front(), o.partitions.back(), rate};
    auto f = median_of(s, o);
    if (!f) return std::move(f).error();
    print(s, *f, first_fused, o.json);
  }
  return {};
}

}  // namespace millrace::bench
