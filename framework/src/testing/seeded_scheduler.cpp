#include "testing/seeded_scheduler.hpp"

namespace millrace::testing {

namespace {

// Often enough for several slow phases in a run of some thousand steps.
constexpr std::uint64_t steps_per_change = 64;

}  // namespace

seeded_scheduler::line seeded_scheduler::open_line() {
  lines_.push_back({{}, draw_speed()});
  return lines_.size() - 1;
}

void seeded_scheduler::post(line to, action what) {
  lines_[to].pending.push_back(std::move(what));
}

void seeded_scheduler::post_at(std::int64_t at_ns, line to, action what) {
  alarms_.emplace(at_ns, std::pair{to, std::move(what)});
}

bool seeded_scheduler::step() {
  if (lines_.empty()) return false;
  if (++steps_ % steps_per_change == 0) lines_[random_.below(lines_.size())].speed = draw_speed();
  if (step_ns_ > 0) clock_.move_by(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(2 * step_ns_))));
  wake_sleepers();
  std::uint64_t total = 0;
  for (;;) {
    for (const auto& l : lines_) total += l.pending.empty() ? 0 : l.speed;
    if (total != 0) break;
    if (alarms_.empty()) return false;
    clock_.move_to(alarms_.begin()->first);
    wake_sleepers();
  }
  const auto chosen = pick(total);
  trace(chosen);
  trace(static_cast<std::uint64_t>(clock_.steady_ns()));
  const auto what = std::move(lines_[chosen].pending.front());
  lines_[chosen].pending.pop_front();
  what();
  return true;
}

void seeded_scheduler::clear() {
  lines_.clear();
  alarms_.clear();
}

void seeded_scheduler::wake_sleepers() {
  while (!alarms_.empty() && alarms_.begin()->first <= clock_.steady_ns()) {
    auto [to, what] = std::move(alarms_.begin()->second);
    alarms_.erase(alarms_.begin());
    post(to, std::move(what));
  }
}

std::uint64_t seeded_scheduler::draw_speed() {
  return std::uint64_t{1} << 2 * random_.below(4);
}

seeded_scheduler::line seeded_scheduler::pick(std::uint64_t total) {
  auto left = random_.below(total);
  line at = 0;
  for (;; ++at) {
    const auto& l = lines_[at];
    if (l.pending.empty()) continue;
    if (left < l.speed) return at;
    left -= l.speed;
  }
}

}  // namespace millrace::testing
