#include "millrace/dead_letter.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/record_text.hpp"

namespace millrace::engine {

task::progress task::run_records() {
  try {
    if (kind_ == actor_kind::router) {
      route_records();
    } else {
      if (!prepare_keys()) return on_handler_failure("a record has a key that is not a number (NaN)", true);
      const bool keyed = parts_.input_keys[parts_.inputs[current_channel_].input()] != nullptr;
      batch_run run{context_,
                    *current_.body,
                    actor_access::state(*parts_.behavior),
                    keyed ? hashes_.data() : nullptr,
                    keyed ? keys_.data() : nullptr,
                    cursor_,
                    &outputs_.pause()};
      auto& input = *actor_access::inputs(*parts_.behavior)[parts_.inputs[current_channel_].input()];
      try {
        input.process(run);
      } catch (...) {
        cursor_ = run.cursor;
        throw;
      }
      cursor_ = run.cursor;
    }
  } catch (const std::exception& e) {
    actor_access::state(*parts_.behavior).deselect();
    return on_handler_failure(e.what(), true);
  } catch (...) {
    actor_access::state(*parts_.behavior).deselect();
    return on_handler_failure("something that is not a std::exception was thrown", true);
  }
  if (cursor_ < current_.count) return progress::worked;
  attempts_ = 0;
  return finish_frame();
}

bool task::prepare_keys() {
  if (keys_ready_) return true;
  const auto& key = parts_.input_keys[parts_.inputs[current_channel_].input()];
  if (key == nullptr) return keys_ready_ = true;
  const auto& records = *current_.body;
  const auto n = records.size();
  if (keys_.size() < n) {
    keys_.resize(n);
    hashes_.resize(n);
  }
  const auto sent = records.key_hashes();
  if (sent.size() == n) {
    std::copy(sent.begin(), sent.end(), hashes_.begin());
  } else if (!key->hashes(records, hashes_.data())) {
    return false;
  }
  auto& rows = actor_access::state(*parts_.behavior).rows();
  for (std::uint32_t i = cursor_; i < n; ++i) rows.prefetch_index(hashes_[i]);
  if (!key->keys(records, keys_.data())) return false;
  for (std::uint32_t i = cursor_; i < n; ++i) rows.prefetch_row(hashes_[i]);
  return keys_ready_ = true;
}

void task::route_records() {
  auto& r = static_cast<router&>(*parts_.behavior);
  const auto partitions = outputs_.dealing_groups();
  if (r.broadcasts() || partitions == 1) {
    outputs_.broadcast(current_.body);
    cursor_ = current_.count;
    return;
  }
  const auto n = current_.count;
  if (!keys_ready_) {
    if (targets_.size() < n) {
      targets_.resize(n);
      hashes_.resize(n);
    }
    hashed_ = r.route(context_, *current_.body, partitions, {targets_.data(), n}, {hashes_.data(), n});
    keys_ready_ = true;
  }
  outputs_.deal(*current_.body, cursor_, {targets_.data(), n},
                hashed_ ? std::span<const std::uint64_t>{hashes_.data(), n} : std::span<const std::uint64_t>{});
}

task::progress task::on_handler_failure(const std::string& reason, bool in_record) {
  const auto& policy = parts_.on_failure;
  auto action = policy.action;
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
  if (action == failure_action::resume) {
    dead_letter(reason, in_record);
    attempts_ = 0;
    if (in_record) ++cursor_;
    if (kind_ == actor_kind::producer) poll_at_ = parts_.time->steady_ns() + std::chrono::nanoseconds{policy.backoff}.count();
    return progress::worked;
  }
  return fail(fatal_error(errc::failed, place() + ": " + reason), action);
}

void task::dead_letter(const std::string& reason, bool in_record) {
  parts_.stats->dead_letters.add(1);
  parts_.host->log(log_level::warning, place() + ": " + reason + "; " +
                                           (in_record ? "the event became a dead letter" : "the actor goes on"));
  if (!in_record) return;
  millrace::dead_letter letter;
  letter.actor = context_.actor_name();
  letter.partition = parts_.partition;
  letter.input = actor_access::inputs(*parts_.behavior)[parts_.inputs[current_channel_].input()]->name();
  letter.channel = parts_.inputs[current_channel_].name();
  letter.sequence = current_.first.value + cursor_;
  letter.reason = reason;
  letter.at = event_time{parts_.time->now().ns};
  letter.content = record_text(*current_.body, cursor_);
  actor_access::dead(*parts_.behavior).emit(std::move(letter));
}

std::string task::place() const {
  if (!in_frame_) return parts_.name;
  return parts_.name + ", event " + std::to_string(current_.first.value + cursor_) + " of " +
         parts_.inputs[current_channel_].name();
}

task::progress task::fail(error what, failure_action action) {
  parts_.host->log(log_level::error, what.message);
  failure_ = task_failure{std::move(what), action};
  return progress::stopped;
}

}  // namespace millrace::engine
