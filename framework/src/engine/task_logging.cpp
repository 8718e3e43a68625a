#include <algorithm>

#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/task.hpp"

namespace millrace::engine {

namespace {

// A log that cannot be written (a full disk, as a rule) is tried again while the events wait in memory and nothing is
// polled: two minutes for somebody to make room, as snapshots have, then the task fails and with it what was never
// durable.
constexpr std::uint32_t log_failures_max = 120;
constexpr std::int64_t log_retry_ns = 1'000'000'000;

bool may_pass(const error& e) noexcept {
  return e.kind == error_class::retryable || e.code == errc::disk_full || e.code == errc::io_error;
}

}  // namespace

/// False: the producer is not logged, or emitted nothing.
bool task::stage_emitted(bool is_final) {
  if (!log_) return false;
  unsent_ = outputs_.take_held();
  if (unsent_.empty()) return false;
  // Negative control: what the poll before emitted is written only now.
  if (log_->has_staged()) (void)log_->write();
  logged_state behind;
  behind.before = outputs_.watermark();
  behind.told = static_cast<const producer&>(*parts_.behavior).watermark();
  behind.random = context_.random_state();
  behind.replays = replays_next_;
  behind.is_final = is_final;
  msgpack::writer state{behind.actor};
  parts_.behavior->save_state(state);
  msgpack::writer position{behind.position};
  static_cast<const producer&>(*parts_.behavior).save_position(position);
  log_->stage(unsent_, behind);
  return true;
}

task::progress task::log_emitted() {
  return parts_.protect.log_before_emit ? write_log() : send_logged();
}

task::progress task::write_log() {
  const calling here{*parts_.stats, task_call::log};
  if (auto done = log_->write(); !done) return on_log_failure(done.error());
  log_failures_ = 0;
  (void)fault_point("log.appended");
  return send_logged();
}

task::progress task::on_log_failure(const error& why) {
  if (!may_pass(why) || ++log_failures_ > log_failures_max) {
    return fail(fatal_error(why.code, parts_.name + ": what it emitted cannot be logged: " + why.message),
                failure_action::stop);
  }
  parts_.host->log(log_level::warning, parts_.name + ": what it emitted cannot be logged, so it waits: " + why.message +
                                           "; attempt " + std::to_string(log_failures_) + " of " +
                                           std::to_string(log_failures_max));
  retry_at_ = parts_.time->steady_ns() + log_retry_ns;
  parts_.host->wake_at(retry_at_);
  return progress::nothing;
}

task::progress task::send_logged() {
  for (const auto& b : unsent_) outputs_.send(b);
  unsent_.clear();
  follow_told_watermark();
  try {
    static_cast<producer&>(*parts_.behavior).on_logged(context_);
  } catch (...) {
    return on_handler_failure(current_failure(), false);
  }
  return progress::worked;
}

task::progress task::replay_logged() {
  (void)fault_point("log.replay");
  outputs_.begin_frame(parts_.time->steady_ns());
  auto entry = log_->replay();
  if (!entry) return fail(std::move(entry).error(), failure_action::stop);
  // As it was then, lateness included, wherever the producer stands now.
  if (entry->behind.before > outputs_.watermark()) outputs_.set_watermark(entry->behind.before);
  for (const auto& b : entry->batches) outputs_.send(b);
  if (entry->behind.told > outputs_.watermark()) outputs_.set_watermark(*entry->behind.told);
  if (!entry->behind.is_final) return progress::worked;
  settling_ = settling::ended;
  return settle();
}

/// True: the log knows more than the snapshot, and the actor is where the log ends.
result<bool> task::restore_log(bool covered) {
  if (!log_) return false;
  auto last = log_->restore(snapshot_offset_, covered);
  if (!last) return std::move(last).error();
  if (!parts_.protect.replay_log) log_->skip_replay();
  if (!last->has_value()) return false;
  auto& behind = **last;
  msgpack::reader state{behind.actor.view()};
  msgpack::reader position{behind.position.view()};
  if (!parts_.behavior->load_state(state) || !static_cast<producer&>(*parts_.behavior).load_position(position)) {
    return fatal_error(errc::corrupt, parts_.name +
                                          ": the position in its event log cannot be read; run the version "
                                          "that wrote it, or restore the data directory from a backup");
  }
  context_.random().restore(behind.random);
  replays_next_ = std::max(replays_next_, behind.replays);
  return true;
}

}  // namespace millrace::engine
