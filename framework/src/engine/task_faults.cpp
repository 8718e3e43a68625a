#include "millrace/engine/task.hpp"

namespace millrace::engine {

/// What faults make of the batch about to be handled; nothing: it is handled.
std::optional<task::progress> task::meet_faults(std::uint64_t events, bool in_record) {
  try {
    if (parts_.faults->pass(events)) return std::nullopt;
    return fail(fatal_error(errc::failed, parts_.name + " was killed by an injected fault"), failure_action::restart);
  } catch (const chaos::injected_failure& e) {
    return on_handler_failure(e.what(), in_record);
  }
}

/// A producer that is not to be polled for now.
std::optional<task::progress> task::meet_poll_faults() {
  constexpr std::int64_t look_again_ns = 10'000'000;
  if (parts_.faults->is_stalled()) {
    outputs_.flush();
    parts_.host->wake_at(parts_.time->steady_ns() + look_again_ns);
    return progress::nothing;
  }
  return meet_faults(1, false);
}

}  // namespace millrace::engine
