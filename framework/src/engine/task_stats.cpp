#include "millrace/engine/task_stats.hpp"

namespace millrace::engine {

const char* to_string(task_phase p) noexcept {
  switch (p) {
    case task_phase::starting:
      return "starting";
    case task_phase::running:
      return "running";
    case task_phase::blocked:
      return "blocked";
    case task_phase::idle:
      return "idle";
    case task_phase::backing_off:
      return "backing off";
    case task_phase::finished:
      return "finished";
    case task_phase::failed:
      return "failed";
  }
  return "?";
}

const char* to_string(task_call c) noexcept {
  switch (c) {
    case task_call::none:
      return "no call";
    case task_call::handler:
      return "handler";
    case task_call::timer:
      return "timer";
    case task_call::window:
      return "window";
    case task_call::watermark:
      return "on_watermark";
    case task_call::end_of_input:
      return "on_end_of_input";
    case task_call::poll:
      return "poll";
    case task_call::restore:
      return "restore";
    case task_call::open:
      return "open";
    case task_call::close:
      return "close";
    case task_call::snapshot:
      return "snapshot";
    case task_call::commit:
      return "commit";
    case task_call::log:
      return "event log";
  }
  return "?";
}

}  // namespace millrace::engine
