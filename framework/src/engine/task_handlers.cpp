#include <algorithm>

#include "millrace/dead_letter.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/record_text.hpp"

namespace millrace::engine {

std::string current_failure() {
  try {
    throw;
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "something that is not a std::exception was thrown";
  }
}

task::progress task::run_records() {
  if (cursor_ >= current_.count) return finish_frame();
  if (kind_ == actor_kind::sink && outputs_.is_muted()) return drop_records();
  try {
    const bool is_router = kind_ == actor_kind::router;
    if (!(is_router ? prepare_targets() : prepare_keys())) return progress::stopped;
    const auto end = rows_allowed();
    if (end == cursor_ && end < current_.count) return stand_still();
    is_router ? route_records(end) : run_handlers(end);
  } catch (const state_backend_failure& e) {
    return fail(fatal_error(errc::io_error, parts_.name + ": " + e.what()), failure_action::restart);
  } catch (...) {
    actor_access::state(*parts_.behavior).deselect();
    return on_handler_failure(current_failure(), true);
  }
  if (cursor_ < current_.count) return progress::worked;
  attempts_ = 0;
  return finish_frame();
}

namespace {

/// Gives `cursor` back and takes the marks of the record at work away however handlers end.
class handler_scope {
public:
  handler_scope(task_outputs& outputs, task_context& context, batch_run& run, std::uint32_t& cursor, event_time late)
      : outputs_{&outputs}, context_{&context}, run_{&run}, cursor_{&cursor}, late_{late} {
    outputs_->set_current(run_);
    if (late_ == event_time::min()) return;
    context_->set_late_against(late_);
    outputs_->begin_late(late_);
  }
  handler_scope(const handler_scope&) = delete;
  handler_scope& operator=(const handler_scope&) = delete;
  ~handler_scope() {
    *cursor_ = run_->cursor;
    outputs_->set_current(nullptr);
    if (late_ == event_time::min()) return;
    context_->set_late_against(event_time::min());
    outputs_->end_late();
  }

private:
  task_outputs* outputs_;
  task_context* context_;
  batch_run* run_;
  std::uint32_t* cursor_;
  event_time late_;
};

}  // namespace

// Records between two looks at the clock where each may have to wait for its page from the disk.
constexpr std::uint32_t paged_records_at_once = 64;

void task::run_handlers(std::uint32_t end) {
  const bool is_paged = actor_access::state(*parts_.behavior).rows().is_paged();
  const auto turn_end = is_paged ? std::min(cursor_ + paged_records_at_once, end) : end;
  const auto port = current_input();
  const bool keyed = parts_.input_keys[port] != nullptr;
  auto& input = *actor_access::inputs(*parts_.behavior)[port];
  const calling here{*parts_.stats, task_call::handler, port};
  const bool takes_batches = input.takes_batches();
  while (cursor_ < turn_end && !outputs_.pause()) {
    event_time late_against;
    auto segment_end = std::min(end_of_segment(late_against), turn_end);
    if (tracer_ != nullptr) segment_end = end_of_untraced(segment_end, takes_batches);
    batch_run run{context_,
                  *current_.body,
                  actor_access::state(*parts_.behavior),
                  keyed ? hashes_.data() : nullptr,
                  keyed ? keys_.data() : nullptr,
                  cursor_,
                  &outputs_.pause(),
                  keyed ? hints_.data() : nullptr,
                  segment_end,
                  &input};
    const handler_scope scope{outputs_, context_, run, cursor_, late_against};
    if (tracer_ != nullptr && tracer_->next(cursor_) < segment_end) {
      run_traced(input, run, late_against);
    } else {
      run_input(input, run, late_against);
    }
  }
}

/// Where the records from `cursor_` on that are late against the same thing end; all of the batch when none is late.
std::uint32_t task::end_of_segment(event_time& late_against) const noexcept {
  late_against = event_time::min();
  const auto marks = current_.body->late_marks();
  if (marks.empty()) return current_.count;
  auto mark = std::ranges::lower_bound(marks, cursor_, {}, &late_mark::row);
  if (mark == marks.end()) return current_.count;
  if (mark->row != cursor_) return mark->row;
  late_against = mark->watermark;
  return cursor_ + 1;
}

bool task::prepare_keys() {
  if (keys_ready_) return true;
  const auto& key = parts_.input_keys[current_input()];
  if (key == nullptr) return keys_ready_ = true;
  const auto sent = current_.body->key_hashes();
  if (sent.size() == current_.count) {
    hashes_.assign(sent.begin(), sent.end());
  } else if (!hash_keys(*key)) {
    return false;
  }
  const auto n = current_.count;
  if (keys_.size() < n) {
    keys_.resize(n);
    hints_.resize(n);
  }
  auto& rows = actor_access::state(*parts_.behavior).rows();
  for (std::uint32_t i = cursor_; i < n; ++i) rows.prefetch_index(hashes_[i]);
  if (!key->keys(*current_.body, keys_.data())) {
    (void)fail(fatal_error(errc::failed, place() + ": its keys changed while they were read"), failure_action::restart);
    return false;
  }
  for (std::uint32_t i = cursor_; i < n; ++i) hints_[i] = rows.prefetch_row(hashes_[i]);
  return keys_ready_ = true;
}

bool task::hash_keys(const key_extractor& key) {
  if (hashes_.size() < current_.count) hashes_.resize(current_.count);
  if (key.hashes(*current_.body, hashes_.data())) return true;
  if (!drop_invalid_keys(key)) return false;
  return key.hashes(*current_.body, hashes_.data());
}

/// Takes records whose key is NaN out of the current frame: each a failure of its own under the actor's policy. A retry
/// would find the same key, so its last resort applies at once.
bool task::drop_invalid_keys(const key_extractor& key) {
  const auto& policy = parts_.on_failure;
  const auto action = replayed_                                ? failure_action::resume
                      : policy.action == failure_action::retry ? policy.after_retries
                                                               : policy.action;
  std::vector<std::uint32_t> valid;
  key_bytes ignored;
  for (; cursor_ < current_.count; ++cursor_) {
    const auto ok = key.key(*current_.body, cursor_, ignored);
    if (ok) {
      valid.push_back(cursor_);
    } else if (action == failure_action::resume) {
      dead_letter(ok.error().message, true);
    } else {
      (void)fail(fatal_error(errc::failed, place() + ": " + ok.error().message), action);
      return false;
    }
  }
  keep_records(valid);
  return true;
}

void task::keep_records(const std::vector<std::uint32_t>& kept) {
  std::vector<std::uint64_t> places;
  for (const auto i : kept) places.push_back(place_of(i));
  const auto builder = current_.body->type().make_builder(static_cast<std::uint32_t>(kept.size()));
  builder->append_rows(*current_.body, kept);
  std::vector<late_mark> marks;
  for (const auto& m : current_.body->late_marks()) {
    const auto at = std::ranges::lower_bound(kept, m.row);
    if (at != kept.end() && *at == m.row) marks.push_back({static_cast<std::uint32_t>(at - kept.begin()), m.watermark});
  }
  current_.body = builder->finish();
  if (!marks.empty()) batch_builder::mark_late(current_.body, std::move(marks));
  if (tracer_ != nullptr) tracer_->keep_rows(kept);
  current_.count = current_.body->size();
  cursor_ = 0;
  places_ = std::move(places);
}

std::uint64_t task::place_of(std::uint32_t record) const noexcept {
  return record < places_.size() ? places_[record] : current_.first.value + record;
}

void task::pick_targets(std::uint32_t partitions) {
  const auto n = current_.count;
  if (targets_.size() < n) targets_.resize(n);
  if (hashes_.size() < n) hashes_.resize(n);
  auto& r = static_cast<router&>(*parts_.behavior);
  if (r.wants_load()) {
    spoil_journal("it routes by load");
    r.see_load(outputs_.loads());
  }
  // What was seen before has moved a router that takes turns already.
  const auto body = cursor_ == 0 ? current_.body : slice(n);
  const auto left = n - cursor_;
  const std::span<std::uint64_t> hashes{hashes_.data() + cursor_, left};
  hashed_ = r.route(context_, *body, partitions, {targets_.data() + cursor_, left}, hashes);
  if (hot_keys_ != nullptr && hashed_) hot_keys_->look(hashes, *body, *parts_.router_key);
}

/// Where each record goes is known; false: the task is over.
bool task::prepare_targets() {
  const auto partitions = outputs_.dealing_groups();
  if (keys_ready_ || partitions == 1 || static_cast<router&>(*parts_.behavior).broadcasts()) return true;
  try {
    pick_targets(partitions);
  } catch (const std::invalid_argument&) {
    // What a router by key says to a key that is NaN. Those records are out of the way at the second try.
    if (parts_.router_key == nullptr) throw;
    if (!drop_invalid_keys(*parts_.router_key)) return false;
    pick_targets(partitions);
  }
  return keys_ready_ = true;
}

void task::route_records(std::uint32_t end) {
  if (outputs_.dealing_groups() == 1 || static_cast<router&>(*parts_.behavior).broadcasts()) {
    // Records before the cursor were sent on before.
    outputs_.broadcast(cursor_ == 0 && end == current_.count ? current_.body : slice(end), cursor_);
    cursor_ = end;
    return;
  }
  const auto n = current_.count;
  outputs_.deal(*current_.body, cursor_, end, {targets_.data(), n},
                hashed_ ? std::span<const std::uint64_t>{hashes_.data(), n} : std::span<const std::uint64_t>{});
}

task::progress task::on_handler_failure(const std::string& reason, bool in_record) {
  if (replayed_) {
    // It was given up before, whatever the policy says: a second time must not hold up anything else.
    dead_letter(to_string(replayed_->id) + " was replayed: " + reason, true);
    ++cursor_;
    return progress::worked;
  }
  const auto& policy = parts_.on_failure;
  auto action = policy.action;
  if (in_record && attempted_at_ != cursor_) attempts_ = 0;
  attempted_at_ = cursor_;
  if (action == failure_action::retry) {
    if (attempts_ < policy.max_attempts) {
      const auto backoff = std::min(policy.backoff * (std::int64_t{1} << std::min(attempts_, 20U)), policy.backoff_max);
      ++attempts_;
      parts_.stats->retries.add(1);
      parts_.host->log(log_level::warning, place() + ": " + reason + "; attempt " + std::to_string(attempts_) + " of " +
                                               std::to_string(policy.max_attempts) + " follows in " +
                                               std::to_string(backoff.count()) + " ms");
      retry_at_ = parts_.time->steady_ns() + std::chrono::nanoseconds{backoff}.count();
      parts_.host->wake_at(retry_at_);
      return progress::nothing;
    }
    action = policy.after_retries;
  }
  if (action == failure_action::resume && kind_ == actor_kind::producer) return on_poll_failure(reason);
  if (action == failure_action::resume) {
    attempts_ = 0;
    if (in_record) return give_up_records(reason);
    dead_letter(reason, false);
    return progress::worked;
  }
  return fail(fatal_error(errc::failed, place() + ": " + reason), action);
}

/// The handler of one record names the event that failed. One of whole batches cannot: all of its batch is given up. A
/// router chose for all records before it sent any: each is asked about again, alone.
task::progress task::give_up_records(const std::string& reason) {
  if (kind_ == actor_kind::router) return route_singly();
  const bool takes_batches = actor_access::inputs(*parts_.behavior)[current_input()]->takes_batches();
  do {
    dead_letter(reason, true);
    ++cursor_;
  } while (takes_batches && cursor_ < current_.count);
  return progress::worked;
}

task::progress task::route_singly() {
  auto& r = static_cast<router&>(*parts_.behavior);
  const auto all = current_.body;
  std::vector<std::uint32_t> placed;
  if (r.wants_load()) {
    spoil_journal("it routes by load");
    r.see_load(outputs_.loads());
  }
  for (; cursor_ < current_.count; ++cursor_) {
    const auto builder = all->type().make_builder(1);
    builder->append_from(*all, cursor_);
    const auto at = placed.size();
    try {
      hashed_ = r.route(context_, *builder->finish(), outputs_.dealing_groups(), {&targets_[at], 1}, {&hashes_[at], 1});
      placed.push_back(cursor_);
    } catch (...) {
      dead_letter(current_failure(), true);
    }
  }
  keep_records(placed);
  keys_ready_ = true;
  return progress::worked;
}

/// A producer that cannot get past its input has no event to give up: polling again for ever would only fill the log.
task::progress task::on_poll_failure(const std::string& reason) {
  const auto& policy = parts_.on_failure;
  if (++poll_failures_ > policy.max_restarts) {
    return fail(fatal_error(errc::failed, place() + ": " + reason + "; given up after " +
                                              std::to_string(poll_failures_) + " attempts without an event"),
                failure_action::stop);
  }
  dead_letter(reason, false);
  attempts_ = 0;
  poll_at_ = parts_.time->steady_ns() + std::chrono::nanoseconds{policy.backoff}.count();
  return progress::worked;
}

void task::dead_letter(const std::string& reason, bool in_record) {
  parts_.stats->dead_letters.add(1);
  parts_.host->log(log_level::warning, place() + ": " + reason + "; " +
                                           (in_record ? "the event became a dead letter" : "the actor goes on"));
  if (!in_record) return;
  millrace::dead_letter letter;
  letter.actor = context_.actor_name();
  letter.partition = parts_.partition;
  letter.input = actor_access::inputs(*parts_.behavior)[current_input()]->name();
  letter.channel = replayed_ ? replayed_->what.channel : parts_.inputs[current_channel_].name();
  letter.sequence = place_of(cursor_);
  letter.reason = reason;
  letter.at = event_time{parts_.time->now().ns};
  letter.content = record_text(*current_.body, cursor_);
  if (parts_.keeps_letters) {
    const auto& type = current_.body->type();
    const auto alone = type.make_builder(1);
    alone->append_from(*current_.body, cursor_);
    byte_buffer encoded;
    type.encode(*alone->finish(), encoded);
    letter.fields = to_text(type.schema());
    letter.encoded.assign(encoded.view().begin(), encoded.view().end());
  }
  emit_letter(std::move(letter));
}

std::string task::place() const {
  if (!in_frame_) return parts_.name;
  if (replayed_) return parts_.name + ", replay of dead letter " + to_string(replayed_->id);
  return parts_.name + ", event " + std::to_string(place_of(cursor_)) + " of " + parts_.inputs[current_channel_].name();
}

task::progress task::fail(error what, failure_action action) {
  parts_.host->log(log_level::error, what.message);
  failure_ = task_failure{std::move(what), action};
  return progress::stopped;
}

}  // namespace millrace::engine
