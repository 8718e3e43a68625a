#include "millrace/inspect/watch_board.hpp"

#include <algorithm>
#include <ranges>

#include "millrace/inspect/channel_choice.hpp"

namespace millrace::inspect {

namespace {

std::string name_of(std::uint64_t id) {
  return "breakpoint " + std::to_string(id);
}

result<void> check_lease(std::chrono::nanoseconds lease) {
  if (lease >= lease_least && lease <= lease_most) return {};
  return user_error(errc::invalid_argument, "a lease is from 1 s to 1 h");
}

}  // namespace

watch_board::watch_board(surroundings s) : around_{std::move(s)}, tasks_(around_.plan->tasks.size()) {
  told_.stopped = [this](const stop_place& where) { say(log_level::info, text_of(where)); };
  told_.failed = [this](const breakpoint& b, const std::string& why) {
    say(log_level::warning, name_of(b.id) + ": its condition does not hold where it cannot be worked out: " + why);
  };
  for (auto& t : tasks_) t = make_watch();
}

std::shared_ptr<task_watch> watch_board::make_watch() const {
  auto made = std::make_shared<task_watch>();
  made->connect(*around_.time, told_);
  return made;
}

std::shared_ptr<task_watch> watch_board::task(task_id t) const {
  const std::lock_guard lock{mutex_};
  return tasks_[t.value];
}

std::vector<std::shared_ptr<task_watch>> watch_board::all() const {
  const std::lock_guard lock{mutex_};
  return tasks_;
}

std::shared_ptr<task_watch> watch_board::fresh(task_id t) {
  auto made = make_watch();
  const std::lock_guard lock{mutex_};
  tasks_[t.value]->hand_over(*made);
  return tasks_[t.value] = std::move(made);
}

watch_board::~watch_board() {
  close();
}

void watch_board::say(log_level level, const std::string& text) const {
  if (around_.log) around_.log(level, text);
}

result<void> watch_board::check_here(const std::vector<channel_id>& channels) const {
  for (const auto c : channels) {
    const auto task = around_.plan->channels[c.value].target;
    if (around_.is_here(task)) continue;
    return user_error(errc::invalid_argument, around_.plan->channels[c.value].name + ": " +
                                                  around_.plan->task_name(task) +
                                                  " runs on another node, whose channels cannot be looked into from "
                                                  "here; name partitions that run on this one");
  }
  return {};
}

result<std::uint64_t> watch_board::add_breakpoint(const break_request& r) {
  if (auto fine = check_lease(r.lease); !fine) return std::move(fine).error();
  auto channels = choose_channels(*around_.plan, r.channels);
  if (!channels) return std::move(channels).error();
  if (auto here = check_here(*channels); !here) return std::move(here).error();
  std::vector<std::shared_ptr<record_condition>> conditions;
  for (const auto c : *channels) {
    conditions.emplace_back();
    if (r.when.empty()) continue;
    if (!around_.conditions) return user_error(errc::invalid_argument, "nobody here can work out conditions");
    auto made = around_.conditions(r.when, *received_type(*around_.plan, around_.plan->channels[c.value]));
    if (!made) return std::move(made).error();
    conditions.back() = *std::move(made);
  }
  sweep();
  kept_breakpoint made{std::make_shared<breakpoint>(), r, *std::move(channels)};
  made.b->begun_ns = around_.time->steady_ns();
  made.b->ends_ns = made.b->begun_ns + r.lease.count();
  {
    const std::lock_guard lock{mutex_};
    if (is_closed_) return user_error(errc::unavailable, "the run is ending");
    if (breakpoints_.size() >= breakpoints_max) {
      return user_error(errc::limit_exceeded,
                        "there are " + std::to_string(breakpoints_max) + " breakpoints already; clear some first");
    }
    made.b->id = next_id_++;
    breakpoints_.emplace(made.b->id, made);
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      const auto channel = made.channels[i];
      receiver_of(channel).add(channel, made.b, std::move(conditions[i]));
    }
  }
  say(log_level::info, name_of(made.b->id) + ": tasks stop on " + r.channels +
                           (r.when.empty() ? " before every record" : " before records for which " + r.when));
  around_.sweep_at(made.b->ends_ns);
  return made.b->id;
}

result<void> watch_board::renew(std::uint64_t id) {
  const std::lock_guard lock{mutex_};
  const auto found = breakpoints_.find(id);
  const auto now = around_.time->steady_ns();
  if (found == breakpoints_.end() || found->second.b->is_over(now)) {
    return user_error(errc::not_found, "there is no " + name_of(id) + " any more");
  }
  found->second.b->ends_ns = now + found->second.request.lease.count();
  return {};
}

void watch_board::detach(const kept_breakpoint& b) {
  for (const auto c : b.channels) receiver_of(c).remove(*b.b);
}

void watch_board::detach(const kept_tap& t) {
  for (const auto c : t.channels) receiver_of(c).remove(*t.t);
}

result<std::size_t> watch_board::clear(std::uint64_t id) {
  std::vector<std::uint64_t> gone;
  {
    const std::lock_guard lock{mutex_};
    std::erase_if(breakpoints_, [&](const auto& known) {
      if (id != 0 && known.first != id) return false;
      detach(known.second);
      gone.push_back(known.first);
      return true;
    });
  }
  if (id != 0 && gone.empty()) return user_error(errc::not_found, "there is no " + name_of(id));
  for (const auto g : gone) say(log_level::info, name_of(g) + ": cleared");
  return gone.size();
}

std::vector<break_report> watch_board::breakpoints() const {
  const std::lock_guard lock{mutex_};
  const auto now = around_.time->steady_ns();
  std::vector<break_report> out;
  for (const auto& [id, known] : breakpoints_) {
    auto& row = out.emplace_back();
    row.id = id;
    row.request = known.request;
    for (const auto c : known.channels) row.channels.push_back(around_.plan->channels[c.value].name);
    row.hits = known.b->hits.load(std::memory_order_relaxed);
    row.failures = known.b->failures.load(std::memory_order_relaxed);
    row.left = std::chrono::nanoseconds{std::max<std::int64_t>(0, known.b->ends_ns - now)};
  }
  return out;
}

std::vector<stop_report> watch_board::stops() const {
  const auto now = around_.time->steady_ns();
  std::vector<stop_report> out;
  const auto tasks = all();
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    if (!tasks[i]->is_stopped()) continue;
    if (auto where = tasks[i]->stopped()) {
      const auto since = where->since_ns;
      out.push_back({{i}, *std::move(where), std::chrono::nanoseconds{now - since}});
    }
  }
  return out;
}

bool watch_board::is_stopped() const {
  const std::lock_guard lock{mutex_};
  return std::ranges::any_of(tasks_, [](const auto& t) { return t->is_stopped(); });
}

result<std::size_t> watch_board::go_on(std::optional<task_id> only, bool one_record) {
  std::size_t n = 0;
  const auto tasks = all();
  for (std::uint32_t i = 0; i < tasks.size(); ++i) {
    if (only && only->value != i) continue;
    n += tasks[i]->go_on(one_record) ? 1 : 0;
  }
  if (n != 0) return n;
  return user_error(errc::not_found,
                    only ? around_.plan->task_name(*only) + " does not stand still" : "no task stands still");
}

result<std::shared_ptr<tap>> watch_board::open_tap(const std::vector<channel_id>& channels,
                                                   std::chrono::nanoseconds lease) {
  if (auto fine = check_lease(lease); !fine) return std::move(fine).error();
  if (auto here = check_here(channels); !here) return std::move(here).error();
  sweep();
  kept_tap made{std::make_shared<tap>(around_.time, lease), channels};
  {
    const std::lock_guard lock{mutex_};
    if (is_closed_) return user_error(errc::unavailable, "the run is ending");
    if (taps_.size() >= taps_max) {
      return user_error(errc::limit_exceeded,
                        "there are " + std::to_string(taps_max) + " who look into channels already; try again later");
    }
    taps_.push_back(made);
    for (const auto c : channels) receiver_of(c).add(c, made.t);
  }
  around_.sweep_at(made.t->ends_ns());
  return made.t;
}

void watch_board::close_tap(const tap& t) {
  const std::lock_guard lock{mutex_};
  std::erase_if(taps_, [&](const kept_tap& known) {
    if (known.t.get() != &t) return false;
    detach(known);
    return true;
  });
}

void watch_board::close() {
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
    for (const auto& t : taps_) detach(t);
    taps_.clear();
  }
  (void)clear(0);
}

void watch_board::sweep() {
  std::vector<std::uint64_t> ended;
  std::int64_t next = 0;
  {
    const std::lock_guard lock{mutex_};
    const auto now = around_.time->steady_ns();
    const auto note = [&](std::int64_t ends) { next = next == 0 ? ends : std::min(next, ends); };
    std::erase_if(breakpoints_, [&](const auto& known) {
      if (!known.second.b->is_over(now)) {
        note(known.second.b->ends_ns);
        return false;
      }
      detach(known.second);
      ended.push_back(known.first);
      return true;
    });
    std::erase_if(taps_, [&](const kept_tap& known) {
      if (!known.t->is_over()) {
        note(known.t->ends_ns());
        return false;
      }
      detach(known);
      return true;
    });
  }
  for (const auto id : ended) say(log_level::warning, name_of(id) + ": taken away, for its lease was not renewed");
  if (next != 0) around_.sweep_at(next);
}

std::string watch_board::text_of(const stop_place& s) const {
  const auto& c = around_.plan->channels[s.channel.value];
  return around_.plan->task_name(c.target) + " stands before event " + std::to_string(s.number.value) + " of " +
         c.name + ": " + (s.by_step ? "a step from " : "") + name_of(s.at->id);
}

std::string watch_board::text_of_stop(task_id t) const {
  const auto watch = task(t);
  if (!watch->is_stopped()) return {};
  const auto where = watch->stopped();
  return where ? text_of(*where) : std::string{};
}

}  // namespace millrace::inspect
