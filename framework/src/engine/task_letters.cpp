// Dead letters on their way out, and back in.
#include <algorithm>

#include "millrace/engine/task.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::engine {

namespace {

// What letters may take in memory until a snapshot carries them away: then one is asked for, and producers stop.
constexpr std::uint64_t letters_wanted_out_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t letters_held_bytes = std::uint64_t{32} << 20;

}  // namespace

/// Numbers the letters that came up since the last call.
void task::collect_letters() {
  for (auto& block : outputs_.take_letters()) {
    const auto n = block.count;
    kept_bytes_ += block.size;
    if (kind_ == actor_kind::producer) parts_.stats->dead_letters.add(n);
    kept_letters_.push_back({letters_next_, std::move(block)});
    letters_next_ += n;
  }
}

/// Those of complete epochs are in the store.
void task::release_letters(epoch_id complete) {
  const auto at = letters_at_.upper_bound(complete);
  if (at == letters_at_.begin()) return;
  const auto stored = std::prev(at)->second;
  letters_at_.erase(letters_at_.begin(), at);
  std::erase_if(kept_letters_, [&](const numbered_letters& l) {
    if (l.first >= stored) return false;
    kept_bytes_ -= l.block.size;
    return true;
  });
}

bool task::has_too_many_letters() {
  const auto bytes = kept_bytes_ + outputs_.letter_bytes();
  if (bytes > letters_wanted_out_bytes && !letters_want_out_) {
    letters_want_out_ = true;
    parts_.host->want_snapshot();
  }
  return bytes > letters_held_bytes;
}

void task::offer_replays(std::vector<replay_item> items, bool more) {
  for (auto& item : items) {
    const auto next = replays_.empty() ? replays_next_ : replays_.back().sequence + 1;
    if (item.sequence >= next) replays_.push_back(std::move(item));
  }
  more_replays_ = more;
}

/// The next lot comes when a complete snapshot has this one.
void task::ask_for_more_replays() {
  if (!replays_want_out_ || !more_replays_ || !replays_.empty()) return;
  replays_want_out_ = false;
  parts_.host->want_snapshot();
}

bool task::can_replay() const noexcept {
  return !replays_.empty() && !is_paused() && !ended_ && !stop_polling_ && !barrier_ && !(log_ && log_->is_replaying());
}

task::progress task::replay_letter() {
  outputs_.begin_frame(parts_.time->steady_ns());
  replayed_ = std::move(replays_.front());
  replays_.pop_front();
  replays_next_ = replayed_->sequence + 1;
  replays_want_out_ = true;
  if (parts_.journal != nullptr) parts_.journal->spoil("dead letters were replayed since its last snapshot");
  return kind_ == actor_kind::producer ? replay_line() : replay_record();
}

task::progress task::replay_line() {
  std::string why;
  try {
    const bool is_taken = static_cast<producer&>(*parts_.behavior).take_back(context_, replayed_->what);
    if (!is_taken) why = "its actor takes no events back";
  } catch (...) {
    why = current_failure();
  }
  if (!why.empty()) give_back(why);
  replayed_.reset();
  return stage_emitted(false) ? log_emitted() : progress::worked;
}

task::progress task::replay_record() {
  const auto& ports = actor_access::inputs(*parts_.behavior);
  const auto port = std::ranges::find(ports, replayed_->what.input, [](const auto* p) { return p->name(); });
  const auto type = port == ports.end() ? nullptr : parts_.input_types[static_cast<std::size_t>(port - ports.begin())];
  if (type == nullptr) {
    give_back("its actor has no input '" + replayed_->what.input + "' any more");
    replayed_.reset();
    return progress::worked;
  }
  auto body = record_of(replayed_->what, *type);
  if (!body) {
    give_back(body.error().message);
    replayed_.reset();
    return progress::worked;
  }
  mark_if_late(*body);
  current_ = frame{};
  current_.count = 1;
  current_.body = std::move(body).value();
  places_ = {replayed_->what.sequence};
  replay_input_ = static_cast<std::uint32_t>(port - ports.begin());
  cursor_ = 0;
  in_frame_ = true;
  keys_ready_ = false;
  parts_.stats->events_in.add(1);
  return run_records();
}

/// An event from long ago is judged by today's watermark, as any other that comes now.
void task::mark_if_late(const batch_ptr& records) {
  const auto& type = records->type();
  if (!type.schema().event_time_field) return;
  byte_buffer scratch;
  const auto v = type.value_at(*records, 0, static_cast<std::uint32_t>(*type.schema().event_time_field), scratch);
  if (v.kind() != value_kind::event_time || v.as_time() > context_.watermark()) return;
  batch_builder::mark_late(records, {{0, context_.watermark()}});
}

/// What is replayed is no good still: a dead letter of its own, from the same origin.
void task::give_back(const std::string& why) {
  auto letter = replayed_->what;
  letter.reason = to_string(replayed_->id) + " was replayed: " + why;
  letter.at = event_time{parts_.time->now().ns};
  if (kind_ != actor_kind::producer) parts_.stats->dead_letters.add(1);
  parts_.host->log(log_level::warning, parts_.name + ": dead letter " + letter.reason);
  actor_access::dead(*parts_.behavior).emit(std::move(letter));
}

letter_counters letter_counters_in(bytes_view meta) {
  msgpack::reader in{meta};
  std::uint32_t n = 0;
  std::uint64_t format = 0;
  letter_counters out;
  // Before format 4 nobody counted them.
  if (!in.array(n) || n < 3 || !in.integer(format) || format < 4 || !in.integer(out.letters) ||
      !in.integer(out.replays))
    return {};
  return out;
}

}  // namespace millrace::engine
