#include "millrace/testing/faults.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "millrace/context.hpp"

namespace millrace::testing {

namespace {

constexpr std::array<const char*, fault_kinds> names{"crash",        "kill",          "drop",          "duplicate",
                                                     "reorder",      "delay",         "cut",           "torn write",
                                                     "failing sync", "lost snapshot", "set the clock", "pause"};
// A run that fails is started again so many times more than it has faults: each may end it once.
constexpr std::uint64_t spare_starts = 3;

constexpr std::int64_t ms = 1'000'000;

bool is_of_channel(fault_kind k) {
  return k >= fault_kind::drop && k <= fault_kind::cut;
}
bool is_time(fault_kind k) {
  return k == fault_kind::delay || k == fault_kind::cut || k == fault_kind::clock_jump || k == fault_kind::pause;
}

std::int64_t draw_amount(random_source& random, fault_kind k) {
  switch (k) {
    case fault_kind::drop:
    case fault_kind::duplicate:
    case fault_kind::reorder:
      return 1 + static_cast<std::int64_t>(random.below(6));
    case fault_kind::delay:
    case fault_kind::cut:
      return ms * (1 + static_cast<std::int64_t>(random.below(1ULL << random.below(8))));  // most short, some 128 ms
    case fault_kind::clock_jump:
      return ms * (static_cast<std::int64_t>(random.below(7'200'000)) - 3'600'000);  // an hour back to an hour on
    case fault_kind::pause:
      return ms * (1 + static_cast<std::int64_t>(random.below(1ULL << random.below(12))));
    default:
      return 1;
  }
}

}  // namespace

const char* to_string(fault_kind k) noexcept {
  return names[static_cast<std::size_t>(k)];
}

std::string to_string(const fault& f) {
  auto text = "step " + std::to_string(f.at_step) + ": " + to_string(f.kind);
  if (!f.target.empty()) text += " " + f.target;
  if (f.kind == fault_kind::clock_jump) {
    text += (f.amount < 0 ? " back by " : " forward by ") + std::to_string(std::abs(f.amount) / ms) + "ms";
  } else if (is_time(f.kind)) {
    text += " for " + std::to_string(f.amount / ms) + "ms";
  } else if (is_of_channel(f.kind)) {
    text += f.amount == 1 ? ", one packet" : ", " + std::to_string(f.amount) + " packets";
  }
  return text;
}

std::vector<fault_kind> all_fault_kinds() {
  std::vector<fault_kind> all;
  for (std::size_t k = 0; k < fault_kinds; ++k) all.push_back(static_cast<fault_kind>(k));
  return all;
}

fault_plan draw_faults(const engine::plan& p, std::uint64_t seed, std::uint64_t steps, std::size_t max,
                       const std::vector<fault_kind>& kinds) {
  random_source random{seed};
  fault_plan out(kinds.empty() || max == 0 ? 0 : 1 + random.below(max));
  for (auto& f : out) {
    f.kind = kinds[random.below(kinds.size())];
    if (is_of_channel(f.kind) && p.channels.empty()) f.kind = fault_kind::crash;
    f.at_step = random.below(std::max<std::uint64_t>(steps, 1));
    f.amount = draw_amount(random, f.kind);
    if (f.kind == fault_kind::kill_task) {
      f.target = p.task_name(p.tasks[random.below(p.tasks.size())].id);
    } else if (is_of_channel(f.kind)) {
      f.target = p.channels[random.below(p.channels.size())].name;
    }
  }
  std::ranges::stable_sort(out, {}, &fault::at_step);
  return out;
}

bool faulty_run::run(std::uint64_t steps_max) {
  sim_.start();
  while (sim_.steps() < steps_max) {
    for (; next_ < plan_.size() && plan_[next_].at_step <= sim_.steps(); ++next_) apply(plan_[next_]);
    if (sim_.step()) {
      if (sim_.store().is_torn()) {
        hit(fault_kind::torn_write);
        crash();
      }
      continue;
    }
    if (sim_.now_is() == simulation::phase::failed) {
      if (!start_again()) return false;
      continue;
    }
    count_channel_hits();
    restarts_ += sim_.restarts();
    if (sim_.now_is() == simulation::phase::running) message_ = "nothing is left to do, but the run is not over";
    return sim_.now_is() != simulation::phase::running;
  }
  message_ = "the run is not over after " + std::to_string(steps_max) + " steps";
  return false;
}

void faulty_run::apply(const fault& f) {
  switch (f.kind) {
    case fault_kind::crash:
      hit(f.kind);
      crash();
      break;
    case fault_kind::kill_task:
      if (sim_.kill_task(f.target)) hit(f.kind);
      break;
    case fault_kind::torn_write:
      sim_.store().tear_next_commit();
      break;
    case fault_kind::failing_sync:
      sim_.store().fail_next_sync();
      break;
    case fault_kind::lost_snapshot: {
      const auto kept = sim_.store().list();
      if (std::ranges::count(kept, true, &engine::snapshot_info::is_ok) < 2) break;
      hit(f.kind);
      sim_.store().damage_newest();
      crash();
      break;
    }
    case fault_kind::clock_jump:
      hit(f.kind);
      sim_.shift_wall_clock(std::chrono::nanoseconds{f.amount});
      break;
    case fault_kind::pause:
      hit(f.kind);
      sim_.advance(std::chrono::nanoseconds{f.amount});
      break;
    default:
      disturbing_.emplace_back(&f, sim_.disturbed(f.target));
      (void)apply_to_channel(f);
  }
}

bool faulty_run::apply_to_channel(const fault& f) {
  constexpr auto first = static_cast<int>(fault_kind::drop);
  static_assert(static_cast<int>(fault_kind::cut) - first == static_cast<int>(disturbance::cut));
  const auto what = static_cast<disturbance>(static_cast<int>(f.kind) - first);
  return sim_.disturb(f.target, what, static_cast<std::uint64_t>(f.amount));
}

void faulty_run::count_channel_hits() {
  for (const auto& [f, before] : disturbing_) {
    if (sim_.disturbed(f->target) > before) hit(f->kind);
  }
  hits_[static_cast<std::size_t>(fault_kind::failing_sync)] = sim_.store().failed_syncs();
}

void faulty_run::crash() {
  ++crashes_;
  restarts_ += sim_.restarts();
  sim_.crash();
  sim_.restart();
}

bool faulty_run::start_again() {
  if (failures_++ >= plan_.size() + spare_starts) {
    message_ = "the run fails however often it is started: " + sim_.message();
    return false;
  }
  crash();
  return true;
}

}  // namespace millrace::testing
