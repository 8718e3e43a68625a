#include "bench/recovery_runs.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <new>
#include <thread>
#include <vector>

#include "bench/measure.hpp"
#include "millrace/validation.hpp"

namespace millrace::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto fill_timeout = 15min;
constexpr auto poll_every = 1ms;
constexpr std::uint64_t row_bytes = 100;

topology topology_of(const tally_setup& s) {
  topology t;
  t.name = "tally";
  t.settings.snapshot_interval = 1000ms;
  t.settings.snapshot_timeout = 10min;
  const auto number = [](std::uint64_t n) { return param_value{static_cast<std::int64_t>(n)}; };
  t.add("source", "millrace.bench.tally_source",
        {{"keys", number(s.keys)},
         {"hot", number(s.hot)},
         {"count", number(s.events)},
         {"rate", s.rate},
         {"seed", number(s.seed)}});
  t.add("route", "millrace.by_key");
  auto& policy = t.add("count", "millrace.bench.tally_count", {}, s.partitions).on_failure;
  policy.backoff = s.backoff;
  policy.backoff_max = s.backoff;
  policy.jitter_percent = 0;
  policy.max_restarts = 1000;
  t.add("sink", "millrace.bench.tally_sink");
  t.connect("source", "route").connect("route", "count").connect("count", "sink");
  if (!s.has_side) return t;
  t.add("side", "millrace.bench.tally_side");
  t.connect("source", "side");
  return t;
}

void forget_results() {
  auto& r = result_of_tally();
  r.~tally_result();
  new (&r) tally_result{};
}

template <class Done>
result<void> wait_until(runtime::topology_run& run, const char* what, Done done) {
  const auto until = std::chrono::steady_clock::now() + fill_timeout;
  while (!done()) {
    if (const auto over = run.wait(poll_every)) {
      return fatal_error(errc::failed, std::string{"the run ended before "} + what + ": " + over->message);
    }
    if (std::chrono::steady_clock::now() > until) {
      return fatal_error(errc::timeout, std::string{what} + " took longer than a quarter of an hour");
    }
  }
  return {};
}

/// What the process that is killed and the one that kills share.
struct shared_page {
  std::atomic<bool> is_filled{false};
  std::atomic<bool> has_failed{false};
  std::atomic<std::uint64_t> newest{0};
  std::atomic<std::int64_t> back_ns{0};
  std::atomic<std::int64_t> caught_up_ns{0};
};

/// Of the child: fills the state, says so, and goes on until it is killed.
void first_life(const tally_setup& s, const std::string& folder, shared_page& page) {
  auto run = start_tally(s, folder);
  if (!run || !wait_until_filled(**run, s)) {
    page.has_failed = true;
    return;
  }
  page.is_filled = true;
  for (;;) {
    page.newest = result_of_tally().newest.load();
    if ((*run)->wait(poll_every)) return;
  }
}

void second_life(const tally_setup& s, const std::string& folder, shared_page& page) {
  auto run = start_tally(s, folder);
  const auto& seen = result_of_tally();
  const auto is_back = [&] { return seen.events != 0; };
  const auto has_caught_up = [&] { return seen.newest >= page.newest; };
  if (!run || !wait_until(**run, "it was back", is_back)) {
    page.has_failed = true;
    return;
  }
  page.back_ns = steady_ns();
  if (!wait_until(**run, "it had caught up", has_caught_up)) page.has_failed = true;
  page.caught_up_ns = steady_ns();
}

template <class Life>
pid_t start_life(Life life) {
  std::fflush(nullptr);
  const auto pid = ::fork();
  if (pid != 0) return pid;
  life();
  ::_exit(0);
}

}  // namespace

std::uint64_t keys_of(std::uint32_t megabytes) noexcept {
  return std::uint64_t{megabytes} * 1'000'000 / row_bytes;
}

result<std::unique_ptr<runtime::topology_run>> start_tally(const tally_setup& s, const std::string& folder) {
  const auto checked = validate(topology_of(s));
  if (!checked.ok()) return fatal_error(errc::invalid_topology, to_string(checked.problems.back()));
  forget_results();
  runtime::run_options options;
  options.data_dir = folder;
  options.protect.trim_seen = !s.is_broken;
  options.log = [](log_level level, const std::string& m) {
    if (level >= log_level::error) std::fprintf(stderr, "%s\n", m.c_str());
  };
  return runtime::topology_run::start(checked.plan, options);
}

tally_sum expected_of(const tally_setup& s) {
  struct row {
    std::uint64_t count = 0;
    std::int64_t sum = 0;
  };
  std::vector<row> rows(s.keys);
  const tally_input input{s.keys, s.hot, s.seed};
  tally_sum out;
  for (std::uint64_t n = 0; n < s.keys + s.events; ++n) {
    const auto e = input.at(n);
    auto& r = rows[e.key];
    ++r.count;
    r.sum += e.amount;
    out.add(e.key, r.count, r.sum);
  }
  return out;
}

result<void> wait_until_filled(runtime::topology_run& run, const tally_setup& s) {
  auto filled = wait_until(run, "its state was filled", [&] { return result_of_tally().newest >= s.keys; });
  // The one under way may have begun before, and two environments take turns: the next ones are small.
  for (int i = 0; filled && i < 3; ++i) filled = wait_for_snapshot(run);
  return filled;
}

result<void> wait_for_snapshot(runtime::topology_run& run) {
  const auto before = run.status().snapshots;
  return wait_until(run, "a snapshot was complete", [&] { return run.status().snapshots > before; });
}

result<process_recovery> kill_and_start_again(const tally_setup& s, const std::string& folder) {
  auto* const room = ::mmap(nullptr, sizeof(shared_page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return fatal_error(errc::failed, "no memory to share with a child process");
  auto& page = *new (room) shared_page;
  const auto first = start_life([&] { first_life(s, folder, page); });
  while (!page.is_filled && !page.has_failed && ::waitpid(first, nullptr, WNOHANG) == 0) {
    std::this_thread::sleep_for(poll_every);
  }
  ::kill(first, SIGKILL);
  ::waitpid(first, nullptr, 0);
  const auto killed_ns = steady_ns();
  if (page.is_filled && !page.has_failed) {
    const auto second = start_life([&] { second_life(s, folder, page); });
    ::waitpid(second, nullptr, 0);
  }
  const bool has_failed = !page.is_filled || page.has_failed || page.caught_up_ns == 0;
  const process_recovery out{std::chrono::nanoseconds{page.back_ns - killed_ns},
                             std::chrono::nanoseconds{page.caught_up_ns - killed_ns}};
  ::munmap(room, sizeof(shared_page));
  if (has_failed) return fatal_error(errc::failed, "a process that was to be killed did not come so far");
  return out;
}

}  // namespace millrace::bench
