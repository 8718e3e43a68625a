#include "millrace/engine/task.hpp"

#include "millrace/check.hpp"

namespace millrace::engine {

namespace {

// What a producer's event times say, record by record.
struct event_time_observer {
  event_time newest;
  event_time complete;                               // the watermark so far
  std::optional<std::chrono::nanoseconds> disorder;  // nullopt: the producer tells the watermark itself
  latency_histogram* behind;
  std::vector<late_mark> late{};
  std::uint64_t in_order = 0;

  event_time_observer(event_time newest_before, event_time told, std::optional<std::chrono::nanoseconds> bound,
                      latency_histogram& how_far_behind)
      : newest{newest_before}, complete{told}, disorder{bound}, behind{&how_far_behind} {
    follow();
  }
  void observe(std::uint32_t row, event_time t) {
    if (t < newest) {
      behind->record((newest - t).count(), 1);
    } else {
      ++in_order;
    }
    if (t <= complete) {
      late.push_back({row, complete});
    } else if (t > newest) {
      newest = t;
      follow();
    }
  }
  void follow() {
    if (disorder && newest != event_time::min()) complete = newest - *disorder - std::chrono::nanoseconds{1};
  }
};

// Frames a step handles before other tasks get the thread: long enough to amortise the switch, short enough for
// fairness. Frames may take long (state on disk), and a query of the task's state waits for the step to end.
constexpr int frames_per_step = 16;
constexpr std::int64_t step_ns_max = 5'000'000;
// Records a producer is asked for at once.
constexpr std::size_t poll_events = 256;
// A logged one: each poll costs a sync, which more events share.
constexpr std::size_t logged_poll_events = 1024;
// Hot keys are told about so often; a status is asked for once a second.
constexpr std::int64_t hot_keys_every_ns = 200'000'000;
// Nobody rings when the disk has taken what was waiting for it.
constexpr std::int64_t disk_wait_ns = 5'000'000;
// A partial batch waits no longer than this while input keeps coming.
constexpr std::int64_t linger_ns = 1'000'000;

watermark_tracker::rule rule_of(const task_parts& parts) {
  using rule = watermark_tracker::rule;
  if (!parts.protect.slowest_input_rules) return rule::fastest;
  return actor_access::role(*parts.behavior) == salt_role::merges ? rule::slowest_of_all : rule::slowest;
}

std::string actor_name_of(const std::string& task_name) {
  return task_name.substr(0, task_name.rfind('/'));
}

}  // namespace

task::task(task_parts parts)
    : parts_{std::move(parts)},
      kind_{parts_.behavior->kind()},
      context_{actor_name_of(parts_.name),
               parts_.partition,
               parts_.parallelism,
               actor_access::state(*parts_.behavior),
               *parts_.time,
               *parts_.host,
               *parts_.stats},
      outputs_{std::move(parts_.outputs)},
      aligner_{parts_.inputs.size()},
      watermarks_{parts_.inputs.size(), rule_of(parts_)},
      meter_{*parts_.stats, parts_.measures, parts_.time->steady_ns()} {
  if (parts_.spill != nullptr) {
    actor_access::state(*parts_.behavior).rows().page_to(std::move(parts_.spill), parts_.state_memory_bytes);
  }
  const auto& ports = actor_access::outputs(*parts_.behavior);
  context_.bind(outputs_);
  outputs_.bind(parts_.batch_events, kind_ == actor_kind::router ? ports.back() : nullptr, parts_.keeps_letters);
  if (kind_ == actor_kind::producer) {
    outputs_.on_batch([this](std::size_t port, const batch_ptr& b) {
      observe_event_times(b);
      if (upstream_ != nullptr && has_faults()) upstream_->saw(port, b);
    });
  }
  if (kind_ == actor_kind::producer && static_cast<producer&>(*parts_.behavior).replays() == replay::logged) {
    MILLRACE_CHECK(parts_.log != nullptr, "a logged producer was started without an event log");
    log_ = std::make_unique<producer_log>(*parts_.log, context_.actor_name(), parts_.partition, ports);
    outputs_.hold();
  }
  if (parts_.router_key != nullptr) {
    static_cast<router&>(*parts_.behavior).use_key(parts_.router_key, parts_.key_groups);
    hot_keys_ = std::make_unique<hot_key_watch>(parts_.partition);
  }
  if (parts_.tracing) begin_tracing();
  if (parts_.steering) {
    settings_from_ = parts_.steering->newest_setting();
    parts_.steering->apply(settings_from_, *parts_.behavior);
  }
  parts_.stats->credit_window.set(outputs_.credit_total());
  parts_.stats->phase.set(task_phase::starting);
}

task::~task() = default;

step_result task::step() {
  if (failure_) return step_result::failed;
  const auto started = parts_.time->steady_ns();
  meter_.begin(started);
  follow_steering();
  outputs_.collect_credit();
  if (outputs_.failure() != nullptr) {
    (void)fail(*outputs_.failure(), failure_action::restart);
    publish(step_result::failed, false);
    return step_result::failed;
  }
  read_state_clock();
  auto result = step_result::again;
  bool has_worked = false;
  for (int i = 0; i < frames_per_step; ++i) {
    if (!outputs_.is_free()) {
      result = step_result::idle;  // the credit's doorbell wakes us
      if (outputs_.waits_for_disk()) parts_.host->wake_at(parts_.time->steady_ns() + disk_wait_ns);
      break;
    }
    const auto p = advance();
    if (p == progress::worked) {
      has_worked = true;
      if (parts_.time->steady_ns() - started >= step_ns_max) break;
      continue;
    }
    result = p == progress::stopped ? step_result::failed : step_result::idle;
    if (p == progress::nothing) outputs_.flush();
    break;
  }
  if (result != step_result::failed) result = expire_state(result);
  flush_if_lingering(started);
  publish(result, has_worked);
  if (tracer_ != nullptr) set_current_trace({});
  return result;
}

task::progress task::advance() {
  if (retry_at_ != 0) {
    if (parts_.time->steady_ns() < retry_at_) {
      parts_.host->wake_at(retry_at_);
      return progress::nothing;
    }
    retry_at_ = 0;
  }
  if (!unsent_.empty()) return write_log();
  if (settling_ != settling::done) return settle();
  if (in_frame_) return run_records();
  if (is_processing_due()) {
    settling_ = settling::processing;
    return settle();
  }
  const bool is_full_of_letters = has_too_many_letters();
  if (can_replay() && !is_full_of_letters) return replay_letter();
  ask_for_more_replays();
  // A barrier takes them away. Others than producers get theirs behind what their inputs hold, so they go on.
  if (is_full_of_letters && kind_ == actor_kind::producer && !barrier_) return progress::nothing;
  return kind_ == actor_kind::producer ? poll_producer() : take_frame();
}

task::progress task::take_frame() {
  const auto n = parts_.inputs.size();
  const auto past = parts_.journal != nullptr ? parts_.journal->next_replayed() : std::nullopt;
  const bool is_strict = parts_.protect.align_barriers && parts_.protect.send_again;
  const auto order = !parts_.protect.trim_seen ? input_channel::order::repeats
                     : is_strict               ? input_channel::order::strict
                                               : input_channel::order::unchecked;
  for (std::size_t i = 0; i < n; ++i) {
    const auto channel = past ? *past : next_channel_;
    next_channel_ = channel + 1 == n ? 0 : channel + 1;
    if (aligner_.is_held(channel)) continue;
    std::uint32_t skip = 0;
    auto got = parts_.inputs[channel].receive(current_, skip, order, *parts_.stats);
    if (!got) return fail(std::move(got).error(), failure_action::restart);
    if (*got == input_channel::arrival::none) {
      if (past) break;  // it is on its way again
      continue;
    }
    if (parts_.journal != nullptr && *got != input_channel::arrival::barrier) note_taken(channel);
    return start_frame(channel, *got, skip);
  }
  return progress::nothing;
}

task::progress task::start_frame(std::size_t channel, input_channel::arrival what, std::uint32_t skip) {
  current_channel_ = channel;
  outputs_.begin_frame(current_.ingest_ns);
  switch (what) {
    case input_channel::arrival::data:
      cursor_ = skip;
      in_frame_ = true;
      keys_ready_ = false;
      if (tracer_ != nullptr) tracer_->take(current_, channel, is_catching_up());
      parts_.stats->events_in.add(current_.count - skip);
      parts_.stats->batches_in.add(1);
      measure_wait(channel);
      if (parts_.watch != nullptr && parts_.watch->is_on()) [[unlikely]]
        parts_.watch->see(current_, skip);
      if (has_faults()) {
        const calling here{*parts_.stats, task_call::handler, current_input()};
        if (const auto met = meet_faults(current_.count - skip, true)) return *met;
      }
      return run_records();
    case input_channel::arrival::barrier: {
      const auto verdict = aligner_.on_barrier(channel, current_.epoch);
      if (!parts_.protect.align_barriers) {
        // Negative control: the first barrier counts, the others are let through.
        if (verdict == barrier_aligner::verdict::stale) return progress::worked;
        aligner_ = barrier_aligner{parts_.inputs.size()};
        for (std::size_t i = 0; i < parts_.inputs.size(); ++i) (void)aligner_.on_barrier(i, current_.epoch);
        take_snapshot(parts_.host->target_of(current_.epoch));
        return progress::worked;
      }
      if (verdict == barrier_aligner::verdict::hold) {
        const auto now = parts_.time->steady_ns();
        if (parts_.stats->aligning_since.get() == 0) parts_.stats->aligning_since.set(now);
        parts_.inputs[channel].hold(now);
        if (tracer_ != nullptr) tracer_->hold(channel);
      } else if (verdict == barrier_aligner::verdict::aligned) {
        release_inputs(parts_.time->steady_ns());
        take_snapshot(parts_.host->target_of(current_.epoch));
      }
      return failure_ ? progress::stopped : progress::worked;
    }
    case input_channel::arrival::end:
      ++ends_;
      [[fallthrough]];
    case input_channel::arrival::watermark:
    case input_channel::arrival::idle:
      return finish_frame();
    case input_channel::arrival::none:
      break;
  }
  return progress::nothing;
}

/// All inputs are read again: the snapshot is taken.
void task::release_inputs(std::int64_t now) {
  auto& since = parts_.stats->aligning_since;
  if (since.get() == 0) return;
  parts_.stats->align_ns.add(static_cast<std::uint64_t>(now - since.get()));
  since.set(0);
  if (tracer_ != nullptr) tracer_->release();
  for (auto& input : parts_.inputs) input.hold(0);
}

task::progress task::finish_frame() {
  in_frame_ = false;
  if (tracer_ != nullptr) tracer_->drop();
  if (replayed_) {
    replayed_.reset();
    current_.body = nullptr;
    places_.clear();
    return progress::worked;
  }
  const bool is_idle = current_.kind == frame_kind::idle;
  if (current_.kind == frame_kind::data || current_.kind == frame_kind::watermark || is_idle) {
    parts_.inputs[current_channel_].done(current_);
  }
  if (current_.kind == frame_kind::data && current_.ingest_ns != 0 && kind_ == actor_kind::sink) {
    parts_.stats->latency.record(parts_.time->steady_ns() - current_.ingest_ns, current_.count);
  }
  current_.body = nullptr;
  places_.clear();
  watermark_moved_ =
      is_idle ? watermarks_.set_idle(current_channel_) : watermarks_.advance(current_channel_, current_.watermark);
  if (watermark_moved_) context_.set_watermark(watermarks_.current());
  const bool has_ended = ends_ == parts_.inputs.size() && !ended_;
  const bool passes_idleness = is_idle && watermarks_.all_idle();
  settling_ = watermark_moved_ || has_ended || passes_idleness ? settling::timers : settling::done;
  return settle();
}

task::progress task::poll_producer() {
  if (barrier_) {
    const auto target = *std::exchange(barrier_, std::nullopt);
    stop_polling_ = stop_polling_ || target.last;
    take_snapshot(target);
    return progress::worked;
  }
  if (ended_ || stop_polling_) return progress::nothing;
  if (is_paused()) return rest();
  if (log_ && log_->is_replaying()) return replay_logged();
  if (input_over_) {
    if (more_replays_) return progress::nothing;
    input_over_ = false;
    settling_ = settling::end;
    return settle();
  }
  const auto now = parts_.time->steady_ns();
  if (now < poll_at_) {
    parts_.host->wake_at(poll_at_);
    return progress::nothing;
  }
  if (has_faults()) {
    const calling here{*parts_.stats, task_call::poll};
    if (const auto met = meet_poll_faults(now)) return *met;
  } else if (upstream_ != nullptr) {
    upstream_.reset();
  }
  outputs_.begin_frame(now);
  auto& source = static_cast<producer&>(*parts_.behavior);
  try {
    const calling here{*parts_.stats, task_call::poll};
    const auto r = source.poll(context_, log_ ? logged_poll_events : poll_events);
    attempts_ = 0;
    poll_failures_ = 0;
    parts_.stats->backlog.set(source.backlog());
    return after_poll(r, now);
  } catch (...) {
    const auto reason = current_failure();
    // What it emitted before stays emitted.
    if (stage_emitted(false) && log_emitted() == progress::stopped) return progress::stopped;
    return on_handler_failure(reason, false);
  }
}

task::progress task::after_poll(poll_result r, std::int64_t now) {
  if (r.what == poll_result::next::end) {
    input_over_ = more_replays_;
    if (!input_over_) settling_ = settling::end;
  } else if (r.what != poll_result::next::more) {
    const auto pace = upstream_ != nullptr && has_faults() ? upstream_->pace() : 1;
    poll_at_ = now + static_cast<std::int64_t>(static_cast<double>(r.after.count()) / pace);
  }
  if (stage_emitted(false)) return log_emitted();
  follow_told_watermark();
  if (r.what == poll_result::next::more) return progress::worked;
  if (input_over_) return progress::nothing;
  if (r.what == poll_result::next::end) return settle();
  outputs_.flush();
  if (r.what == poll_result::next::idle) outputs_.send_idle();
  parts_.host->wake_at(poll_at_);
  return progress::nothing;
}

void task::follow_told_watermark() {
  const auto told = static_cast<producer&>(*parts_.behavior).watermark();
  if (!told || *told <= outputs_.watermark()) return;
  outputs_.flush();  // what was emitted before is not late against what is told after it
  outputs_.set_watermark(*told);
}

// The watermark after a record depends on the records before it alone, and so does which records are late: batches may
// be cut anywhere.
void task::observe_event_times(const batch_ptr& records) {
  const auto& type = records->type();
  if (!type.schema().event_time_field) return;
  const auto field = static_cast<std::uint32_t>(*type.schema().event_time_field);
  const auto& source = static_cast<producer&>(*parts_.behavior);
  const auto told = source.watermark();
  // After the end of the input only dead letters come, and all of them too late.
  const bool is_set = told || outputs_.watermark() == event_time::max();
  event_time_observer seen{newest_, is_set ? outputs_.watermark() : event_time::min(),
                           is_set ? std::nullopt : std::optional{source.disorder()}, parts_.stats->disorder};
  if (const auto c = type.column_of(*records, field); c.kind == column_kind::event_time) {
    for (std::uint32_t i = 0; i < records->size(); ++i) {
      seen.observe(i, *reinterpret_cast<const event_time*>(c.first + i * c.stride));
    }
  } else {
    byte_buffer scratch;
    for (std::uint32_t i = 0; i < records->size(); ++i) {
      const auto v = type.value_at(*records, i, field, scratch);
      if (v.kind() == value_kind::event_time) seen.observe(i, v.as_time());
    }
  }
  parts_.stats->disorder.record(0, seen.in_order);
  newest_ = seen.newest;
  if (seen.complete > outputs_.watermark()) outputs_.set_watermark(seen.complete);
  if (!seen.late.empty()) batch_builder::mark_late(records, std::move(seen.late));
}

bool task::is_processing_due() {
  const auto next = next_processing();
  if (!next) return false;
  const auto now = parts_.time->now();
  if (*next <= now) return true;
  parts_.host->wake_at(parts_.time->steady_ns() + (*next - now).count());
  return false;
}

std::optional<processing_time> task::next_processing() {
  std::optional<processing_time> next;
  const auto& heap = actor_access::processing_timer_heap(*parts_.behavior);
  if (!heap.empty()) next = processing_time{heap.next()};
  for (const auto* f : actor_access::firings(*parts_.behavior)) {
    if (const auto due = f->next_processing(); due && (!next || *due < *next)) next = due;
  }
  return next;
}

void task::flush_if_lingering(std::int64_t now) {
  if (!outputs_.has_partial()) {
    partial_since_ = 0;
  } else if (partial_since_ == 0) {
    partial_since_ = now;
  } else if (now - partial_since_ > linger_ns && outputs_.is_free()) {
    outputs_.flush();
    partial_since_ = 0;
  }
}

void task::inject_barrier(const epoch_target& target) {
  if (kind_ == actor_kind::producer) barrier_ = target;
}

void task::close() {
  const calling_out here{*parts_.stats, *parts_.time, task_call::close};
  try {
    parts_.behavior->close(context_);
  } catch (...) {
    parts_.host->log(log_level::error, "close failed: " + current_failure());
  }
}

void task::publish(step_result r, bool has_worked) {
  auto& s = *parts_.stats;
  const auto now = parts_.time->steady_ns();
  const bool blocked = r == step_result::idle && !outputs_.is_free();
  meter_.end(now,
             blocked                   ? step_meter::next::blocked
             : r == step_result::again ? step_meter::next::ready
                                       : step_meter::next::waits,
             has_worked);
  s.events_out.set(outputs_.events_sent());
  s.late.set(outputs_.events_late());
  s.credit_used.set(outputs_.credit_used());
  s.watermark.set(outputs_.watermark().ns);
  const auto& rows = actor_access::state(*parts_.behavior).rows();
  s.state_rows.set(rows.size());
  s.state_bytes.set(rows.bytes());
  s.state_spilled_bytes.set(rows.spilled_bytes());
  s.state_faults.set(rows.faults());
  s.state_expired.set(actor_access::state(*parts_.behavior).expired());
  s.phase.set(r == step_result::failed ? task_phase::failed
              : ended_                 ? task_phase::finished
              : retry_at_ != 0         ? task_phase::backing_off
              : blocked                ? task_phase::blocked
              : r == step_result::idle ? task_phase::idle
                                       : task_phase::running);
  if (hot_keys_ != nullptr) publish_hot_keys(now);
}

void task::publish_hot_keys(std::int64_t now) {
  if (!ended_ && now - hot_keys_told_ < hot_keys_every_ns) return;
  hot_keys_told_ = now;
  parts_.stats->hot_keys.post(hot_keys_->report());
}

}  // namespace millrace::engine
