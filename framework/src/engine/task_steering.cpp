#include "millrace/engine/task_steering.hpp"

#include <algorithm>
#include <utility>

#include "millrace/actor.hpp"
#include "millrace/check.hpp"
#include "millrace/engine/task.hpp"

namespace millrace::engine {

namespace {

/// How often a producer that rests looks how much is waiting for it.
constexpr std::int64_t backlog_interval_ns = 1'000'000'000;

}  // namespace

void task_steering::set(epoch_id epoch, const std::string& param, param_value value) {
  const std::lock_guard lock{mutex_};
  // Words that went different ways may overtake each other.
  const auto known = settings_.find(param);
  if (known != settings_.end() && known->second.from > epoch) return;
  settings_.insert_or_assign(param, setting{epoch, std::move(value)});
  newest_.store(std::max(newest_.load(std::memory_order_relaxed), epoch.value), std::memory_order_release);
}

void task_steering::apply(epoch_id epoch, actor& to) const {
  const std::lock_guard lock{mutex_};
  for (auto* p : actor_access::params(to)) {
    const auto wanted = settings_.find(p->name());
    if (wanted == settings_.end() || wanted->second.from > epoch) continue;
    const auto done = p->set(wanted->second.value);
    MILLRACE_CHECK(done.has_value(), "a parameter refuses a value that was checked");
  }
}

bool task::is_paused() const noexcept {
  return kind_ == actor_kind::producer && parts_.steering && parts_.steering->is_paused();
}

// What waits for it grows meanwhile, and is told. Resting is not being idle: nothing is said about event time.
task::progress task::rest() {
  try {
    parts_.stats->backlog.set(static_cast<producer&>(*parts_.behavior).backlog());
  } catch (...) {
    parts_.host->log(log_level::warning, "cannot say how much is waiting for it: " + current_failure());
  }
  parts_.host->wake_at(parts_.time->steady_ns() + backlog_interval_ns);
  return progress::nothing;
}

void task::follow_steering() {
  if (!parts_.steering) return;
  // What was done once is done again as it was, whatever is wanted now.
  auto* journal = parts_.journal.get();
  const bool is_past = journal != nullptr && journal->next_replayed();
  const bool on = is_past ? journal->is_muted() : parts_.steering->is_muted();
  if (on == outputs_.is_muted() && (journal == nullptr || on == journal->is_muted())) return;
  outputs_.flush();  // what was emitted before goes or is dropped as it was then
  outputs_.mute(on ? parts_.steering.get() : nullptr);
  if (is_past || journal == nullptr || on == journal->is_muted()) return;
  journal->mute(on);
  // Of sinks, too: what they are given again is what they would drop.
  if (!journal->is_blank()) journal->spoil("it was muted, or heard again, since its last snapshot");
}

/// Behind the barrier of `epoch`. All partitions have it at the same place of their streams.
void task::apply_settings(epoch_id epoch) {
  if (!parts_.steering) return;
  const auto newest = parts_.steering->newest_setting();
  if (newest <= settings_from_ || newest > epoch) return;
  settings_from_ = newest;
  parts_.steering->apply(epoch, *parts_.behavior);
  spoil_journal("its parameters were changed since its last snapshot");
}

/// A sink that is muted: what comes is counted and dropped.
task::progress task::drop_records() {
  parts_.steering->count_muted(current_.count - cursor_);
  cursor_ = current_.count;
  return finish_frame();
}

}  // namespace millrace::engine
