#include "runtime/recovery_board.hpp"

#include <algorithm>
#include <utility>

namespace millrace::runtime {

recovery_board::open* recovery_board::find(std::uint64_t number) {
  const auto at = std::ranges::find(recoveries_, number, &open::number);
  return at == recoveries_.end() ? nullptr : &*at;
}

recovery_board::open* recovery_board::find(generation incarnation) {
  const auto at = std::ranges::find(recoveries_, incarnation, &open::incarnation);
  return at == recoveries_.end() ? nullptr : &*at;
}

std::chrono::nanoseconds recovery_board::since(open& o) {
  const auto now = time_.steady_ns();
  return std::chrono::nanoseconds{now - std::exchange(o.reached_ns, now)};
}

std::uint64_t recovery_board::begin(recovery_report first, std::int64_t failed_ns) {
  const std::lock_guard lock{mutex_};
  auto& o = recoveries_.emplace_back();
  o.number = ++last_number_;
  o.report = std::move(first);
  o.reached_ns = failed_ns;
  o.report.failed_at = {time_.now().ns - (time_.steady_ns() - failed_ns)};
  if (recoveries_.size() > reports_max) recoveries_.pop_front();
  return last_number_;
}

void recovery_board::reach(std::uint64_t number, step s) {
  const std::lock_guard lock{mutex_};
  auto* o = find(number);
  if (o == nullptr) return;
  auto& r = o->report;
  std::chrono::nanoseconds* const spans[] = {&r.noticed, &r.ended, &r.backed_off, &r.opened, &r.made};
  *spans[static_cast<std::size_t>(s)] += since(*o);
}

void recovery_board::widen(std::uint64_t number, const std::string& scope, const std::string& obstacle,
                           std::uint64_t tasks) {
  const std::lock_guard lock{mutex_};
  auto* o = find(number);
  if (o == nullptr) return;
  o->report.scope = scope;
  o->report.obstacle = obstacle;
  o->report.tasks = tasks;
}

void recovery_board::wait_for(std::uint64_t number, generation incarnation, epoch_id from,
                              const std::set<task_id>& tasks, const std::set<std::string>& channels) {
  const std::lock_guard lock{mutex_};
  auto* o = find(number);
  if (o == nullptr) return;
  o->incarnation = incarnation;
  o->report.from = from;
  o->loading = tasks;
  o->behind = tasks;
  o->channels = channels;
}

void recovery_board::on_loaded(generation incarnation, task_id task, std::uint64_t state_bytes) {
  const std::lock_guard lock{mutex_};
  auto* o = find(incarnation);
  if (o == nullptr || o->loading.erase(task) == 0) return;
  o->report.state_bytes += state_bytes;
  if (o->loading.empty()) o->report.loaded = since(*o);
  close_if_over(*o);
}

void recovery_board::on_caught_up(generation incarnation, task_id task) {
  const std::lock_guard lock{mutex_};
  auto* o = find(incarnation);
  if (o == nullptr || o->behind.erase(task) == 0) return;
  close_if_over(*o);
}

void recovery_board::on_emptied(generation incarnation, const std::string& channel) {
  const std::lock_guard lock{mutex_};
  auto* o = find(incarnation);
  if (o == nullptr || o->channels.erase(channel) == 0) return;
  close_if_over(*o);
}

void recovery_board::wait_for_events(generation incarnation, std::uint32_t region, std::uint64_t target) {
  const std::lock_guard lock{mutex_};
  auto* o = find(incarnation);
  if (o == nullptr) return;
  o->region = region;
  o->events = target;
}

bool recovery_board::look_at_events(const std::function<std::uint64_t(std::uint32_t)>& handled) {
  struct question {
    std::uint64_t number = 0;
    std::uint32_t region = 0;
    std::uint64_t events = 0;
  };
  std::vector<question> questions;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& o : recoveries_) {
      if (o.events != 0 && !o.report.is_over) questions.push_back({o.number, o.region, o.events});
    }
  }
  // Who answers has a lock of its own, under which it may ask for the reports.
  std::erase_if(questions, [&](const question& q) { return handled(q.region) < q.events; });
  const std::lock_guard lock{mutex_};
  for (const auto& q : questions) {
    auto* o = find(q.number);
    if (o == nullptr || o->events != q.events) continue;  // it begins again, and waits for others
    o->events = 0;
    close_if_over(*o);
  }
  return std::ranges::any_of(recoveries_, [](const open& o) { return o.events != 0 && !o.report.is_over; });
}

void recovery_board::close_if_over(open& o) {
  if (!o.loading.empty() || !o.behind.empty() || !o.channels.empty() || o.events != 0 || o.report.is_over) return;
  o.report.caught_up = since(o);
  o.report.is_over = true;
}

std::vector<recovery_report> recovery_board::reports() const {
  const std::lock_guard lock{mutex_};
  std::vector<recovery_report> out;
  for (const auto& o : recoveries_) out.push_back(o.report);
  return out;
}

}  // namespace millrace::runtime
