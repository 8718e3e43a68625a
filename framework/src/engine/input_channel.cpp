#include "millrace/engine/input_channel.hpp"

#include <algorithm>
#include <utility>

namespace millrace::engine {

result<input_channel::arrival> input_channel::receive(frame& out, std::uint32_t& skip, order check, task_stats& stats) {
  for (;;) {
    switch (receiver_->receive(out)) {
      case receive_status::empty:
        return arrival::none;
      case receive_status::broken:
        return fatal_error(errc::corrupt, "channel " + name_ + ": " + receiver_->failure());
      case receive_status::received:
        break;
    }
    if (out.incarnation == incarnation_) break;
    stats.duplicates.add(out.count);
  }
  if (out.first > expected_ && check == order::strict) return gap(out.first);
  switch (out.kind) {
    case frame_kind::data: {
      const auto seen = expected_;
      if (check == order::repeats) expected_ = std::min(seen, out.first);  // a negative control: nothing is trimmed
      const auto what = take_data(out, skip, stats);
      expected_ = std::max(expected_, seen);
      return what;
    }
    case frame_kind::watermark:
      return arrival::watermark;
    case frame_kind::barrier:
      return arrival::barrier;
    case frame_kind::end:
      // A sender that was rebuilt says it once more.
      return std::exchange(ended_, true) ? arrival::watermark : arrival::end;
    case frame_kind::idle:
      return arrival::idle;
  }
  return fatal_error(errc::corrupt, "channel " + name_ + ": frame of an unknown kind");
}

error input_channel::gap(sequence first) const {
  return fatal_error(errc::corrupt, "channel " + name_ + ": events " + std::to_string(expected_.value) + " to " +
                                        std::to_string(first.value - 1) +
                                        " are missing; the region goes back to its snapshot");
}

input_channel::arrival input_channel::take_data(frame& f, std::uint32_t& skip, task_stats& stats) {
  const auto seen = expected_ > f.first ? expected_.value - f.first.value : 0;
  skip = static_cast<std::uint32_t>(std::min<std::uint64_t>(seen, f.count));
  if (skip != 0) stats.duplicates.add(skip);
  expected_ = std::max(expected_, sequence{f.first.value + f.count});
  if (to_input_ != nullptr) f.body = to_input_->convert(*f.body);
  return arrival::data;
}

void input_channel::done(const frame& f) {
  if (f.incarnation != incarnation_) return;  // of a sender that is gone
  if (told_ != nullptr && f.kind == frame_kind::data) told_->on_done(f.first.value + f.count);
  owed_.batches += 1;
  owed_.bytes += f.bytes;
  if (owed_.batches * 4 < window_.batches && owed_.bytes * 4 < window_.bytes) return;
  receiver_->give_credit(owed_);
  owed_ = {};
}

}  // namespace millrace::engine
