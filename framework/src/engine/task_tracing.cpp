#include <algorithm>
#include <exception>

#include "millrace/dead_letter.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/timer.hpp"

// Where a task's work meets its tracer, and where it measures how long batches took to it.

namespace millrace::engine {

namespace {

/// A traced record, or those of a batch, in its handlers.
class traced_scope {
public:
  traced_scope(task_tracer& tracer, task_outputs& outputs, std::uint32_t first, std::uint32_t end, std::uint64_t hash)
      : tracer_{&tracer}, outputs_{&outputs}, hash_{hash}, failing_{std::uncaught_exceptions()} {
    outputs.begin_traced();
    tracer.begin(first, end);
  }
  traced_scope(const traced_scope&) = delete;
  traced_scope& operator=(const traced_scope&) = delete;
  ~traced_scope() {
    outputs_->end_traced();
    tracer_->end(std::uncaught_exceptions() > failing_, hash_);
  }

private:
  task_tracer* tracer_;
  task_outputs* outputs_;
  std::uint64_t hash_;
  int failing_;
};

/// Windows or a timer that fire, with traced events among what they may hold.
class firing_scope {
public:
  firing_scope(task_tracer& tracer, task_outputs& outputs, std::optional<std::uint64_t> key_hash)
      : tracer_{&tracer}, outputs_{&outputs}, is_on_{tracer.begin_firing(key_hash)} {
    if (is_on_) outputs.begin_traced();
  }
  firing_scope(const firing_scope&) = delete;
  firing_scope& operator=(const firing_scope&) = delete;
  ~firing_scope() {
    if (!is_on_) return;
    outputs_->end_traced();
    tracer_->end_firing();
  }

private:
  task_tracer* tracer_;
  task_outputs* outputs_;
  bool is_on_;
};

}  // namespace

/// Of some batches: how long they waited to be taken, and those of other nodes to arrive.
void task::measure_wait(std::size_t channel) {
  const auto sent = parts_.inputs[channel].sent_at(current_);
  const bool came_by_link = current_.arrived_ns != 0 && current_.traces != nullptr && current_.traces->sent_ns != 0;
  if (sent == 0 && !came_by_link) return;
  auto& stats = *parts_.stats;
  const auto now = parts_.time->steady_ns();
  const auto waited = std::max<std::int64_t>(now - (came_by_link ? current_.arrived_ns : sent), 0);
  stats.queue.record(waited, current_.count);
  stats.queue_ns.add(static_cast<std::uint64_t>(waited) * current_.count);
  stats.queue_events.add(current_.count);
  if (!came_by_link) return;
  // By the clocks of two machines, which may differ by more than the way took.
  const auto way = std::max<std::int64_t>(parts_.time->now().ns - waited - current_.traces->sent_ns, 0);
  stats.network_ns.add(static_cast<std::uint64_t>(way) * current_.count);
  stats.network_events.add(current_.count);
}

void task::begin_tracing() {
  task_tracer::owner owner;
  owner.task = parts_.id;
  owner.incarnation = parts_.incarnation;
  owner.inputs = parts_.inputs.size();
  owner.groups = outputs_.groups_of_ports();
  owner.dead_output = actor_access::dead_index;
  owner.is_producer = kind_ == actor_kind::producer;
  owner.is_sink = kind_ == actor_kind::sink;
  auto& actor = *parts_.behavior;
  owner.keeps_events = !actor_access::timers(actor).empty() || !actor_access::firings(actor).empty();
  outputs_.for_each_lane([this](output_lane& lane) { lane.stamp_with(*parts_.time, parts_.tracing->wall_offset_ns); });
  tracer_ = std::make_unique<task_tracer>(*std::move(parts_.tracing), std::move(owner));
  outputs_.trace_by(*tracer_);
}

/// Handlers of whole batches that emit nothing get theirs whole: its traced records share its time. All others are
/// alone, so that what appears on an output meanwhile is theirs.
std::uint32_t task::end_of_untraced(std::uint32_t end, bool takes_batches) const noexcept {
  if (takes_batches && kind_ == actor_kind::sink) return end;
  const auto next = tracer_->next(cursor_);
  return next == cursor_ ? cursor_ + 1 : std::min(end, next);
}

void task::run_traced(input_base& input, batch_run& run, event_time late_against) {
  const traced_scope scope{*tracer_, outputs_, run.cursor, run.end, run.hashes == nullptr ? 0 : run.hashes[run.cursor]};
  run_input(input, run, late_against);
}

void task::emit_letter(millrace::dead_letter&& letter) {
  auto& dead = actor_access::dead(*parts_.behavior);
  if (tracer_ == nullptr || !tracer_->begin_given_up()) {
    dead.emit(std::move(letter));
    return;
  }
  outputs_.begin_traced();
  dead.emit(std::move(letter));
  outputs_.end_traced();
  tracer_->end_given_up();
}

bool task::run_traced_settling_step() {
  const bool is_traced = settling_ == settling::windows || settling_ == settling::watermark ||
                         settling_ == settling::end || settling_ == settling::processing;
  if (!is_traced || kind_ == actor_kind::producer) return run_settling_step();
  const firing_scope scope{*tracer_, outputs_, std::nullopt};
  return run_settling_step();
}

void task::fire_traced(timer_base& at_work, std::uint64_t key_hash) {
  const firing_scope scope{*tracer_, outputs_, key_hash};
  at_work.fire(context_, firing_.deadline);
}

}  // namespace millrace::engine
