#include <algorithm>
#include <limits>

#include "millrace/engine/task.hpp"
#include "millrace/timer.hpp"

namespace millrace::engine {

task_call task::call_of(settling s) noexcept {
  switch (s) {
    case settling::timers:
    case settling::processing:
      return task_call::timer;
    case settling::windows:
      return task_call::window;
    case settling::watermark:
      return task_call::watermark;
    case settling::end:
      return task_call::end_of_input;
    case settling::ended:
    case settling::done:
      break;
  }
  return task_call::none;
}

// What follows a frame that moved the watermark or ended the input, or a moment of processing time. Each step may
// throw, and then be tried again or given up, without keeping the steps behind it from happening.
task::progress task::settle() {
  while (settling_ != settling::done) {
    try {
      const bool is_done = tracer_ != nullptr ? run_traced_settling_step() : run_settling_step();
      if (!is_done) return progress::worked;  // no credit: the rest follows later
    } catch (const state_backend_failure& e) {
      return fail(fatal_error(errc::io_error, parts_.name + ": " + e.what()), failure_action::restart);
    } catch (...) {
      actor_access::state(*parts_.behavior).deselect();
      const auto p = on_handler_failure(current_failure(), false);
      if (p == progress::nothing) put_timer_back();
      if (p != progress::worked) return p;
      if (fired_ != nullptr) fired_->skip();
      if (settling_ != settling::watermark && settling_ != settling::end) continue;
    }
    attempts_ = 0;
    next_settling_step();
  }
  return failure_ ? progress::stopped : progress::worked;
}

bool task::run_settling_step() {
  fired_ = nullptr;
  const calling here{*parts_.stats, call_of(settling_)};
  switch (settling_) {
    case settling::timers:
      return fire_timers(actor_access::timer_heap(*parts_.behavior), watermarks_.current().ns);
    case settling::windows:
      return fire_windows();
    case settling::watermark:
      if (watermark_moved_ && !only_collects()) parts_.behavior->on_watermark(context_);
      return true;
    case settling::end:
      if (!only_collects()) parts_.behavior->on_end_of_input(context_);
      return true;
    case settling::processing:
      spoil_journal("a timer of the clock has fired since its last snapshot");
      return fire_processing(parts_.time->now());
    case settling::ended:
      return unsent_.empty();
    case settling::done:
      break;
  }
  return true;
}

void task::next_settling_step() {
  switch (settling_) {
    case settling::timers:
      settling_ = settling::windows;
      break;
    case settling::windows:
      settling_ = settling::watermark;
      break;
    case settling::watermark:
      outputs_.set_watermark(watermarks_.current());
      if (watermarks_.all_idle() && !is_catching_up()) outputs_.send_idle();
      settling_ = ends_ == parts_.inputs.size() && !ended_ ? settling::end : settling::done;
      break;
    case settling::end:
      settling_ = settling::ended;
      (void)stage_emitted(true);
      break;
    case settling::ended:
      settling_ = settling::done;
      ended_ = true;
      if (kind_ == actor_kind::producer) outputs_.flush();  // not late against the end of the input
      outputs_.set_watermark(event_time::max());
      outputs_.send_end();
      parts_.host->ended();
      break;
    case settling::processing:
    case settling::done:
      settling_ = settling::done;
      break;
  }
}

bool task::fire_timers(timer_queue& due, std::int64_t limit) {
  auto& state = actor_access::state(*parts_.behavior);
  state.clock().set_watermark(watermarks_.current());
  while (due.is_due(limit)) {
    if (outputs_.pause()) return false;
    firing_ = due.pop();
    const auto* row = state.rows().live_row(firing_.row);
    if (row == nullptr) continue;
    firing_key_ = header_of(row).key;
    state.select(key_hash(firing_key_.view()), firing_key_);
    auto& at_work = *actor_access::timers(*parts_.behavior)[firing_.timer];
    if (!at_work.by_clock()) state.clock().enter_timer({firing_.deadline});
    if (tracer_ != nullptr) {
      fire_traced(at_work, key_hash(firing_key_.view()));
    } else {
      at_work.fire(context_, firing_.deadline);
    }
    state.clock().leave();
    state.deselect();
    attempts_ = 0;
  }
  return true;
}

bool task::fire_windows() {
  for (auto* f : actor_access::firings(*parts_.behavior)) {
    // What is due at the same time comes in the order it arrived, which a snapshot does not keep.
    spoil_journal("windows may have fired since its last snapshot");
    fired_ = f;
    if (!f->fire(context_, watermarks_.current(), outputs_.pause())) return false;
  }
  // Nothing comes after the end of the input: what waits for the clock would wait for nothing.
  return ends_ != parts_.inputs.size() || fire_processing({std::numeric_limits<std::int64_t>::max()});
}

bool task::fire_processing(processing_time now) {
  fired_ = nullptr;
  if (!fire_timers(actor_access::processing_timer_heap(*parts_.behavior), now.ns)) return false;
  for (auto* f : actor_access::firings(*parts_.behavior)) {
    fired_ = f;
    if (!f->fire_processing(context_, now, outputs_.pause())) return false;
  }
  return true;
}

void task::put_timer_back() {
  const bool at_timers = settling_ == settling::timers || settling_ == settling::processing;
  if (fired_ != nullptr || !at_timers) return;
  auto& state = actor_access::state(*parts_.behavior);
  state.select(key_hash(firing_key_.view()), firing_key_);
  actor_access::timers(*parts_.behavior)[firing_.timer]->put_back(firing_.deadline);
  state.deselect();
}

}  // namespace millrace::engine
