#include "millrace/engine/task.hpp"

// One task's failure need not send its whole region back: its neighbours retain what they have sent it, a journal knows
// in which order it took that, and what it emits once more they know by its sequence.

namespace millrace::engine {

void task::begin_retaining(epoch_id epoch) {
  if (parts_.retained_bytes_max != 0) {
    const retention may{.bytes_max = parts_.retained_bytes_max,
                        .all = parts_.retained.get(),
                        .disk = parts_.retained_disk,
                        .batch_events = parts_.batch_events,
                        .sends_again = parts_.protect.send_again};
    outputs_.for_each_lane([&](output_lane& lane) { lane.retain(may, epoch); });
  }
  if (parts_.journal == nullptr) return;
  // What a sink writes is taken back with its epoch, whatever it depended on.
  if (kind_ != actor_kind::sink) context_.tell(parts_.journal.get());
  if (parts_.journal->obstacle(epoch).empty()) {
    parts_.journal->rewind(epoch);
  } else {
    *parts_.journal = {};
    parts_.journal->mark(epoch);
  }
}

void task::note_taken(std::size_t channel) {
  auto& journal = *parts_.journal;
  if (journal.next_replayed()) {
    journal.advance();
    return;
  }
  journal.took(static_cast<std::uint32_t>(channel));
}

void task::forget_before(epoch_id epoch) {
  if (parts_.retained_bytes_max != 0) {
    outputs_.for_each_lane([&](output_lane& lane) { lane.epoch_complete(epoch); });
  }
  if (parts_.journal != nullptr) parts_.journal->forget_before(epoch);
}

void task::part(const std::string& channel) {
  outputs_.for_each_lane([&](output_lane& lane) {
    if (lane.name() == channel) lane.part();
  });
}

result<void> task::reconnect(const std::string& channel, std::unique_ptr<channel_sender> sender, generation incarnation,
                             epoch_id from) {
  bool is_done = false;
  std::string why;
  outputs_.for_each_lane([&](output_lane& lane) {
    if (lane.name() != channel) return;
    is_done = lane.reconnect(std::move(sender), incarnation, from);
    why = lane.why_not();
  });
  if (is_done) return {};
  return retryable_error(errc::unavailable, channel + ": more was sent since snapshot " + std::to_string(from.value) +
                                                " than is retained" + (why.empty() ? why : " (" + why + ")"));
}

void task::reconnect(const std::string& channel, std::unique_ptr<channel_receiver> receiver, generation incarnation) {
  for (std::size_t i = 0; i < parts_.inputs.size(); ++i) {
    if (parts_.inputs[i].name() != channel) continue;
    parts_.inputs[i].reconnect(std::move(receiver), incarnation);
    // The barrier it stood at belongs to an epoch that came to nothing.
    if (aligner_.is_held(i)) {
      aligner_.give_up();
      release_inputs(parts_.time->steady_ns());
    }
    return;
  }
}

}  // namespace millrace::engine
