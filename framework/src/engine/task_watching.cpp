#include "millrace/engine/task.hpp"

namespace millrace::engine {

/// The rows of the current batch before this one may be handled; where it is the next one, the task stands still.
std::uint32_t task::rows_allowed() {
  if (parts_.watch == nullptr || !parts_.watch->is_on()) [[likely]]
    return current_.count;
  // Nobody waits for what is taken a second time, or comes from no channel.
  if (replayed_ || is_catching_up()) return current_.count;
  return parts_.watch->stop_row(current_, cursor_, places_);
}

/// Stands before the next record until somebody lets it go on: what comes behind it waits, barriers too.
task::progress task::stand_still() {
  constexpr std::int64_t look_again_ns = 10'000'000;
  parts_.host->wake_at(parts_.time->steady_ns() + look_again_ns);
  return progress::nothing;
}

/// The records from `cursor_` up to `end` as a batch of their own, with what came with them.
batch_ptr task::slice(std::uint32_t end) const {
  const auto& all = *current_.body;
  const auto builder = all.type().make_builder(end - cursor_);
  std::vector<late_mark> marks;
  for (auto row = cursor_; row < end; ++row) builder->append_from(all, row);
  for (const auto& m : all.late_marks()) {
    if (m.row >= cursor_ && m.row < end) marks.push_back({m.row - cursor_, m.watermark});
  }
  auto made = builder->finish();
  if (!marks.empty()) batch_builder::mark_late(made, std::move(marks));
  return made;
}

}  // namespace millrace::engine
