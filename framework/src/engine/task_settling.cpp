#include "millrace/engine/task.hpp"
#include "millrace/timer.hpp"

namespace millrace::engine {

// What follows a frame that moved the watermark or ended the input. Each step may throw, and then be tried again or
// given up, without keeping the steps behind it from happening.
task::progress task::settle() {
  while (settling_ != settling::done) {
    try {
      if (!run_settling_step()) return progress::worked;  // no credit: the rest follows later
    } catch (...) {
      actor_access::state(*parts_.behavior).deselect();
      const auto p = on_handler_failure(current_failure(), false);
      if (p == progress::nothing) put_timer_back();
      if (p != progress::worked) return p;
      if (settling_ == settling::timers) continue;
    }
    attempts_ = 0;
    next_settling_step();
  }
  return failure_ ? progress::stopped : progress::worked;
}

bool task::run_settling_step() {
  switch (settling_) {
    case settling::timers:
      return fire_timers();
    case settling::watermark:
      if (watermark_moved_) parts_.behavior->on_watermark(context_);
      return true;
    case settling::end:
      parts_.behavior->on_end_of_input(context_);
      return true;
    case settling::done:
      break;
  }
  return true;
}

void task::next_settling_step() {
  switch (settling_) {
    case settling::timers:
      settling_ = settling::watermark;
      break;
    case settling::watermark:
      outputs_.set_watermark(watermarks_.current());
      settling_ = ends_ == parts_.inputs.size() && !ended_ ? settling::end : settling::done;
      break;
    case settling::end:
      settling_ = settling::done;
      ended_ = true;
      outputs_.set_watermark(event_time::max());
      outputs_.send_end();
      parts_.host->ended();
      break;
    case settling::done:
      break;
  }
}

bool task::fire_timers() {
  auto& heap = actor_access::timer_heap(*parts_.behavior);
  auto& state = actor_access::state(*parts_.behavior);
  const auto limit = watermarks_.current().ns;
  while (heap.is_due(limit)) {
    if (outputs_.pause()) return false;
    firing_ = heap.pop();
    const auto* row = state.rows().row(firing_.row);
    if (header_of(row).live == 0) continue;
    firing_key_ = header_of(row).key;
    state.select(key_hash(firing_key_.view()), firing_key_);
    actor_access::timers(*parts_.behavior)[firing_.timer]->fire(context_, firing_.deadline);
    state.deselect();
    attempts_ = 0;
  }
  return true;
}

void task::put_timer_back() {
  if (settling_ != settling::timers) return;
  auto& state = actor_access::state(*parts_.behavior);
  state.select(key_hash(firing_key_.view()), firing_key_);
  actor_access::timers(*parts_.behavior)[firing_.timer]->put_back(firing_.deadline);
  state.deselect();
}

}  // namespace millrace::engine
