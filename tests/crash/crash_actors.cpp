#include "crash_actors.hpp"

namespace millrace::crash {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t recent_max = 5;

MILLRACE_ACTOR(ledger, {.id = "crash.ledger", .title = "Ledger"})

std::int64_t end_of(std::int64_t second) {
  return (second + 1) * second_ns;
}

}  // namespace

std::atomic<std::int64_t>& progress() {
  static std::atomic<std::int64_t> at{0};
  return at;
}

void ledger::on_entry(context&, const entry& e) {
  if (e.account.front() == 'a' && e.number > progress().load(std::memory_order_relaxed)) {
    progress().store(e.number, std::memory_order_relaxed);
  }
  const auto second = e.at.ns / second_ns;
  auto& turn = seconds[second];
  ++turn.count;
  turn.total += e.amount;
  const event_time first_end{end_of(seconds.get().begin()->first)};
  if (const auto due = second_over.pending(); !due || first_end < *due) second_over.set(first_end);
  // Accounts starting with 's' are fed by both files: the order of their entries is nobody's promise.
  if (e.account.front() == 's') return;
  ++so_far->count;
  so_far->total += e.amount;
  auto& recent = last.edit();
  recent.push_back(e.amount);
  if (recent.size() > recent_max) recent.erase(recent.begin());
  std::int64_t recent_sum = 0;
  for (const auto a : recent) recent_sum += a;
  statements.emit({e.account, "run", e.number, so_far->count, so_far->total, recent_sum});
}

void ledger::on_second_over(context& c, event_time at) {
  const auto second = at.ns / second_ns - 1;
  if (const auto* turn = seconds.find(second)) {
    statements.emit({c.key<std::string>(), "sum", second, turn->count, turn->total, 0});
  }
  seconds.erase(second);
  if (!seconds.get().empty()) second_over.set(event_time{end_of(seconds.get().begin()->first)});
}

}  // namespace millrace::crash
