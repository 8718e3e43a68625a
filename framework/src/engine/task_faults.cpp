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

/// A producer that is not to be polled for now, or whose input has got something more.
std::optional<task::progress> task::meet_poll_faults(std::int64_t now) {
  constexpr std::int64_t look_again_ns = 10'000'000;
  if (parts_.faults->is_stalled()) {
    outputs_.flush();
    parts_.host->wake_at(now + look_again_ns);
    return progress::nothing;
  }
  if (auto met = meet_faults(1, false)) return met;
  if (upstream_ == nullptr) upstream_ = std::make_unique<upstream_faults>(*parts_.faults, outputs_);
  outputs_.begin_frame(now);
  const bool has_added = upstream_->add(context_, now);
  context_.add_lead(upstream_->take_lead());
  if (!has_added) return std::nullopt;
  spoil_journal("a fault added to its input since its last snapshot");
  return stage_emitted(false) ? log_emitted() : progress::worked;
}

}  // namespace millrace::engine
