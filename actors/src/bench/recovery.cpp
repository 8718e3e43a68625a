#include "bench/recovery.hpp"

#include <algorithm>
#include <cstdio>
#include <random>
#include <thread>

#include "bench/measure.hpp"
#include "bench/recovery_runs.hpp"

namespace millrace::bench {

namespace {

using namespace std::chrono_literals;
using engine::latency_histogram;
using runtime::recovery_report;

constexpr double rate_by_size = 20'000;  // events/s while what is measured is the size of the state
constexpr std::uint64_t hot_by_size = 10'000;
constexpr auto recovery_timeout = 5min;

double ms(std::chrono::nanoseconds d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

tally_setup setup_of_size(const recovery_options& o, std::uint32_t megabytes) {
  tally_setup s;
  s.keys = keys_of(megabytes);
  s.hot = std::min(s.keys, hot_by_size);
  s.events = std::uint64_t{1} << 40U;  // ended before
  s.rate = rate_by_size;
  s.backoff = o.backoff;
  s.seed = o.seed;
  return s;
}

/// Has the task fail and waits until it has caught up.
result<recovery_report> fail_once(runtime::topology_run& run, task_id task) {
  const auto before = run.status().recoveries.size();
  run.fail_task(task, "killed by the bench");
  const auto until = std::chrono::steady_clock::now() + recovery_timeout;
  while (std::chrono::steady_clock::now() < until) {
    if (const auto over = run.wait(1ms)) return fatal_error(errc::failed, "the run ended: " + over->message);
    const auto now = run.status().recoveries;
    if (now.size() > before && now.back().is_over) return now.back();
  }
  return fatal_error(errc::timeout, "an actor did not come back within five minutes");
}

task_id task_named(const runtime::topology_run& run, const std::string& name) {
  const auto& tasks = run.plan().tasks;
  const auto at = std::ranges::find_if(tasks, [&](const auto& t) { return run.plan().task_name(t.id) == name; });
  return at->id;
}

result<recovery_report> actor_failure(const recovery_options& o, std::uint32_t megabytes) {
  const scratch folder;
  const auto s = setup_of_size(o, megabytes);
  auto run = start_tally(s, folder.path());
  if (!run) return std::move(run).error();
  if (auto ok = wait_until_filled(**run, s); !ok) return std::move(ok).error();
  std::vector<recovery_report> all;
  for (std::uint32_t i = 0; i < o.repeats; ++i) {
    if (auto ok = wait_for_snapshot(**run); !ok) return std::move(ok).error();
    auto one = fail_once(**run, task_named(**run, "count/0"));
    if (!one) return one;
    all.push_back(*std::move(one));
  }
  std::ranges::sort(all, {}, &recovery_report::total);
  return all[all.size() / 2];
}

result<process_recovery> process_failure(const recovery_options& o, std::uint32_t megabytes) {
  std::vector<process_recovery> all;
  for (std::uint32_t i = 0; i < o.repeats; ++i) {
    const scratch folder;
    auto one = kill_and_start_again(setup_of_size(o, megabytes), folder.path());
    if (!one) return one;
    all.push_back(*one);
  }
  std::ranges::sort(all, {}, &process_recovery::total);
  return all[all.size() / 2];
}

void print_header(bool json) {
  if (json) return;
  std::printf("%-8s %6s %-8s %10s %9s %8s %8s %8s %8s %8s %8s %9s %9s\n", "failed", "MB", "with it", "state read",
              "noticed", "ended", "pause", "opened", "made", "loaded", "back", "caught up", "total");
}

void print(std::uint32_t megabytes, const recovery_report& r, bool json) {
  if (json) {
    std::printf(
        "{\"failed\":\"actor\",\"mb\":%u,\"scope\":\"%s\",\"state_bytes\":%llu,\"noticed_ms\":%.2f,\"ended_ms\":%.2f,"
        "\"backed_off_ms\":%.2f,\"opened_ms\":%.2f,\"made_ms\":%.2f,\"loaded_ms\":%.2f,\"back_ms\":%.2f,"
        "\"caught_up_ms\":%.2f,\"total_ms\":%.2f}\n",
        megabytes, r.scope.c_str(), static_cast<unsigned long long>(r.state_bytes), ms(r.noticed), ms(r.ended),
        ms(r.backed_off), ms(r.opened), ms(r.made), ms(r.loaded), ms(r.until_back()), ms(r.caught_up), ms(r.total()));
  } else {
    std::printf("%-8s %6u %-8s %7.1f MB %6.1f ms %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f %9.1f %9.1f\n", "actor", megabytes,
                r.scope.c_str(), static_cast<double>(r.state_bytes) / 1e6, ms(r.noticed), ms(r.ended), ms(r.backed_off),
                ms(r.opened), ms(r.made), ms(r.loaded), ms(r.until_back()), ms(r.caught_up), ms(r.total()));
  }
  std::fflush(stdout);
}

void print(std::uint32_t megabytes, const process_recovery& r, bool json) {
  if (json) {
    std::printf("{\"failed\":\"process\",\"mb\":%u,\"back_ms\":%.2f,\"total_ms\":%.2f}\n", megabytes, ms(r.until_back),
                ms(r.total));
  } else {
    std::printf("%-8s %6u %-8s %64s %8.1f %9.1f %9.1f\n", "process", megabytes, "all", "", ms(r.until_back),
                ms(r.total - r.until_back), ms(r.total));
  }
  std::fflush(stdout);
}

/// What a run under load came to.
struct loaded_run {
  std::uint32_t kills = 0;
  std::uint32_t alone = 0;
  std::chrono::nanoseconds back_median{};
  std::chrono::nanoseconds total_median{};
  std::int64_t neighbours_p50 = 0;
  std::int64_t neighbours_p99 = 0;
  std::int64_t victim_p99 = 0;
  std::int64_t side_p99 = 0;
  double events_per_s = 0;
  tally_sum sum;
};

result<std::vector<recovery_report>> kill_again_and_again(runtime::topology_run& run, const recovery_options& o) {
  std::mt19937_64 random{o.seed};
  const auto victim = task_named(run, "count/" + std::to_string(o.partitions / 2));
  std::vector<recovery_report> all;
  while (all.size() < o.kills) {
    const auto pause = o.between_kills / 2 + std::chrono::milliseconds{random() % (o.between_kills.count() + 1)};
    if (const auto over = run.wait(pause)) return fatal_error(errc::failed, "the run ended: " + over->message);
    auto one = fail_once(run, victim);
    if (!one) return std::move(one).error();
    all.push_back(*std::move(one));
  }
  return all;
}

void read_latencies(const recovery_options& o, loaded_run& out) {
  const auto& seen = result_of_tally();
  const auto quantile = [](const latency_histogram::counts& c, double q) { return latency_histogram::quantile(c, q); };
  latency_histogram::counts neighbours{};
  latency_histogram::counts victim{};
  latency_histogram::counts side{};
  for (std::uint32_t p = 0; p < o.partitions; ++p) seen.of_part[p].add_to(p == o.partitions / 2 ? victim : neighbours);
  seen.of_side.add_to(side);
  out.neighbours_p50 = quantile(neighbours, 0.5);
  out.neighbours_p99 = quantile(neighbours, 0.99);
  out.victim_p99 = quantile(victim, 0.99);
  out.side_p99 = quantile(side, 0.99);
}

result<loaded_run> run_loaded(const recovery_options& o, const tally_setup& s, bool with_kills) {
  const scratch folder;
  auto run = start_tally(s, folder.path());
  if (!run) return std::move(run).error();
  if (auto ok = wait_until_filled(**run, s); !ok) return std::move(ok).error();
  loaded_run out;
  result_of_tally().is_measured = true;
  if (with_kills) {
    auto all = kill_again_and_again(**run, o);
    if (!all) return std::move(all).error();
    result_of_tally().is_measured = false;  // what is left of the input is undisturbed
    out.kills = static_cast<std::uint32_t>(all->size());
    out.alone = static_cast<std::uint32_t>(std::ranges::count(*all, "alone", &recovery_report::scope));
    std::ranges::sort(*all, {}, &recovery_report::until_back);
    out.back_median = (*all)[all->size() / 2].until_back();
    std::ranges::sort(*all, {}, &recovery_report::total);
    out.total_median = (*all)[all->size() / 2].total();
  }
  const auto over = (*run)->wait(30min);
  if (!over) return fatal_error(errc::timeout, "the run did not end");
  if (over->how != runtime::run_outcome::kind::finished) return fatal_error(errc::failed, over->message);
  read_latencies(o, out);
  out.sum = result_of_tally().sum;
  return out;
}

void print(const recovery_options& o, const loaded_run& r, bool is_equal) {
  const auto us = [](std::int64_t ns) { return static_cast<long long>(ns / 1000); };
  if (o.json) {
    std::printf(
        "{\"run\":\"%s\",\"partitions\":%u,\"keys\":%llu,\"rate\":%.0f,\"kills\":%u,\"alone\":%u,\"back_ms\":%.2f,"
        "\"total_ms\":%.2f,\"neighbours_p50_us\":%lld,\"neighbours_p99_us\":%lld,\"victim_p99_us\":%lld,"
        "\"side_p99_us\":%lld,\"equal\":%s}\n",
        r.kills == 0 ? "undisturbed" : "kills", o.partitions, static_cast<unsigned long long>(o.keys), o.rate, r.kills,
        r.alone, ms(r.back_median), ms(r.total_median), us(r.neighbours_p50), us(r.neighbours_p99), us(r.victim_p99),
        us(r.side_p99), is_equal ? "true" : "false");
  } else {
    std::printf(
        "%-11s %3u kills, %u alone, back %.1f ms, caught up %.1f ms; neighbours p50 %lld us p99 %lld us, itself p99 "
        "%lld us, beside p99 %lld us; output %s\n",
        r.kills == 0 ? "undisturbed" : "with kills", r.kills, r.alone, ms(r.back_median), ms(r.total_median),
        us(r.neighbours_p50), us(r.neighbours_p99), us(r.victim_p99), us(r.side_p99), is_equal ? "equal" : "DIFFERS");
  }
  std::fflush(stdout);
}

result<void> kill_under_load(const recovery_options& o) {
  tally_setup s;
  s.keys = o.keys;
  s.hot = o.keys;
  s.rate = o.rate;
  s.partitions = o.partitions;
  s.backoff = o.backoff;
  s.seed = o.seed;
  s.has_side = true;
  s.is_broken = o.is_broken;
  // Long enough for the kills with their recoveries; what is left over runs undisturbed.
  const auto seconds = std::chrono::duration<double>(o.between_kills + o.backoff + 300ms).count() * (o.kills + 4);
  s.events = static_cast<std::uint64_t>(seconds * o.rate);
  const auto expected = expected_of(s);
  bool is_equal = true;
  for (const bool with_kills : {false, true}) {
    auto r = run_loaded(o, s, with_kills);
    if (!r) return std::move(r).error();
    is_equal = is_equal && r->sum == expected;
    print(o, *r, r->sum == expected);
  }
  if (o.is_broken == is_equal) {
    return fatal_error(errc::failed, o.is_broken ? "taking again what was seen before was NOT caught"
                                                 : "the output is not that of plain counting");
  }
  return {};
}

}  // namespace

result<void> run_recovery(const recovery_options& o) {
  if (o.is_broken) return kill_under_load(o);
  print_header(o.json);
  // Processes first: a child is made while this process has one thread.
  for (const auto size : o.sizes_mb) {
    auto r = process_failure(o, size);
    if (!r) return std::move(r).error();
    print(size, *r, o.json);
  }
  for (const auto size : o.sizes_mb) {
    auto r = actor_failure(o, size);
    if (!r) return std::move(r).error();
    print(size, *r, o.json);
  }
  return o.kills == 0 ? result<void>{} : kill_under_load(o);
}

}  // namespace millrace::bench
