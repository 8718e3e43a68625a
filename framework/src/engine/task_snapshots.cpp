#include <algorithm>

#include "engine/task_meta.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::engine {

void task::take_snapshot(const epoch_target& target) {
  freeze(target);
  apply_settings(target.epoch);
}

void task::freeze(const epoch_target& target) {
  const auto started = parts_.time->steady_ns();
  task_snapshot part{parts_.id, target, {}, {}, {}, {}};
  outputs_.send_barrier(target.epoch);
  collect_letters();
  letters_want_out_ = false;
  if (!prepare_sink(target.epoch, part.prepared)) return;
  if (tracer_ != nullptr) tracer_->at_barrier(target.epoch);
  const calling here{*parts_.stats, task_call::snapshot};
  const auto saved = guarded("its state cannot be saved", [&]() -> result<void> {
    msgpack::writer out{part.meta};
    encode_meta(out);
    if (kind_ == actor_kind::producer) part.position = static_cast<producer&>(*parts_.behavior).describe_position();
    return {};
  });
  if (!saved) {
    parts_.host->snapshot_failed(target.epoch, saved.error());
    return;
  }
  if (log_) log_->note(target.epoch);
  if (parts_.journal != nullptr) parts_.journal->mark(target.epoch);
  letters_at_[target.epoch] = letters_next_;
  part.counters = {letters_next_, replays_next_};
  part.letters = kept_letters_;
  auto& rows = actor_access::state(*parts_.behavior).rows();
  take_back_pages(target.environment);
  part.rows = rows.freeze(target.environment, target.full);
  auto& frozen = frozen_pages_[target.epoch];
  frozen.first = target.environment;
  for (const auto& page : part.rows.pages) frozen.second.push_back(page.number);
  parts_.stats->snapshots.add(1);
  const auto stood_still = static_cast<std::uint64_t>(parts_.time->steady_ns() - started);
  parts_.stats->snapshot_freeze_ns.set(stood_still);
  parts_.stats->freeze_ns.add(stood_still);
  (void)fault_point("task.freeze");
  parts_.host->snapshot_taken(std::move(part));
}

// The same environment twice means that the epoch before was given up, even if the word of it is still under way (a
// barrier in a channel may overtake it); taking a complete one's pages again would only cost time.
void task::take_back_pages(unsigned environment) {
  for (auto& [epoch, frozen] : frozen_pages_) {
    if (frozen.first == environment) actor_access::state(*parts_.behavior).rows().thaw(environment, frozen.second);
  }
  std::erase_if(frozen_pages_, [&](const auto& f) { return f.second.first == environment; });
}

bool task::prepare_sink(epoch_id epoch, std::string& handle) {
  if (kind_ != actor_kind::sink) return true;
  auto& s = static_cast<sink&>(*parts_.behavior);
  (void)fault_point("sink.prepare");
  const calling here{*parts_.stats, task_call::snapshot};
  const auto ready = guarded("its output cannot be prepared", [&] { return s.prepare(context_, epoch); });
  if (!ready) {
    parts_.host->snapshot_failed(epoch, ready.error());
    return false;
  }
  handle = *ready;
  if (!handle.empty()) prepared_.push_back({epoch, handle});
  (void)fault_point("sink.prepared");
  if (!parts_.protect.commit_after_manifest) {
    if (auto done = epoch_complete(epoch); !done) (void)fail(std::move(done).error(), failure_action::restart);
  }
  return true;
}

void task::encode_meta(msgpack::writer& out) const {
  out.array(meta_fields);
  out.integer(meta_format);
  out.integer(letters_next_);
  out.integer(replays_next_);
  out.integer(parts_.parallelism);
  const auto& cells = actor_access::state(*parts_.behavior).rows().layout().cells();
  out.array(static_cast<std::uint32_t>(cells.size()));
  for (const auto& c : cells) {
    out.array(2);
    out.string(c.name);
    out.string(c.type);
  }
  out.array(static_cast<std::uint32_t>(parts_.inputs.size()));
  for (std::size_t i = 0; i < parts_.inputs.size(); ++i) {
    out.array(5);
    out.string(parts_.inputs[i].name());
    out.integer(parts_.inputs[i].expected().value);
    out.integer(watermarks_.of(i).ns);
    out.boolean(parts_.inputs[i].has_ended());
    out.boolean(watermarks_.is_idle(i));
  }
  out.integer(watermarks_.current().ns);
  std::uint32_t lanes = 0;
  outputs_.for_each_lane([&](const output_lane&) { ++lanes; });
  out.array(lanes);
  outputs_.for_each_lane([&](const output_lane& lane) {
    out.array(2);
    out.string(lane.name());
    out.integer(lane.next().value);
  });
  out.integer(outputs_.watermark().ns);
  out.boolean(ended_);
  out.integer(context_.random_state());
  parts_.behavior->save_state(out);
  if (kind_ == actor_kind::producer) {
    out.array(log_ ? 3 : 2);
    out.integer(newest_.ns);
    static_cast<const producer&>(*parts_.behavior).save_position(out);
    if (log_) out.integer(log_->next().value);
  } else {
    out.nil();
  }
  out.array(static_cast<std::uint32_t>(prepared_.size()));
  for (const auto& p : prepared_) {
    out.array(2);
    out.integer(p.epoch.value);
    out.string(p.handle);
  }
  encode_partition_states(out);
  out.string(key_type());
}

result<void> task::epoch_complete(epoch_id epoch, epoch_id oldest_retained) {
  frozen_pages_.erase(frozen_pages_.begin(), frozen_pages_.upper_bound(epoch));
  release_letters(epoch);
  forget_before(epoch);
  if (log_) {
    // Only room on the disk is lost, and the next epoch tries again.
    if (auto done = log_->trim(oldest_retained); !done) parts_.host->log(log_level::warning, done.error().message);
  }
  if (kind_ != actor_kind::sink) return {};
  auto& s = static_cast<sink&>(*parts_.behavior);
  while (!prepared_.empty() && prepared_.front().epoch <= epoch) {
    const auto& next = prepared_.front();
    (void)fault_point("sink.commit");
    const calling_out here{*parts_.stats, *parts_.time, task_call::commit};
    auto done =
        guarded(parts_.name + ": the output of epoch " + std::to_string(next.epoch.value) + " cannot be committed",
                [&] { return s.commit(context_, next.epoch, next.handle); });
    if (!done) return done;
    (void)fault_point("sink.committed");
    if (tracer_ != nullptr) tracer_->committed(next.epoch, true);
    prepared_.erase(prepared_.begin());
  }
  if (tracer_ != nullptr) tracer_->committed(epoch, false);
  return {};
}

void task::epoch_aborted(epoch_id epoch) {
  // One that is not in the stream yet would hold up receivers whose other inputs never see it.
  if (barrier_ && barrier_->epoch == epoch) barrier_.reset();
  replays_want_out_ = more_replays_;
  // As if its barriers had come: inputs that wait for one that is lost are read again, else what they hold up would
  // keep the next epoch's barriers from coming, too. One that comes after all is stale.
  for (std::size_t i = 0; i < parts_.inputs.size(); ++i) (void)aligner_.on_barrier(i, epoch);
  if (!aligner_.is_aligning()) release_inputs(parts_.time->steady_ns());
  const auto at = frozen_pages_.find(epoch);
  if (at == frozen_pages_.end()) return;
  actor_access::state(*parts_.behavior).rows().thaw(at->second.first, at->second.second);
  frozen_pages_.erase(at);
}

}  // namespace millrace::engine
