#include <algorithm>

#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/state_type.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/timer.hpp"

namespace millrace::engine {

namespace {

// 3: states of the partition and the type of the keys behind what 2 had. 4: counts of dead letters and replays in
// front.
constexpr std::uint64_t meta_format = 4;
constexpr std::uint64_t meta_format_oldest = 2;
constexpr std::uint32_t meta_fields = 16;
constexpr std::uint32_t meta_fields_of_2 = 12;

error unreadable(const std::string& task, const char* part) {
  return fatal_error(errc::corrupt, "snapshot of " + task + ": its " + part +
                                        " cannot be read; discard this snapshot to go back to the one before");
}

void encode_text(msgpack::writer& out, const std::string& text) {
  out.string(text);
}

bool decode_text(msgpack::reader& in, std::string& text) {
  std::string_view view;
  if (!in.string(view)) return false;
  text.assign(view);
  return true;
}

/// Calls a function of the user's actor; what it throws becomes an error, as if it had returned one.
template <class F>
auto guarded(const std::string& what, F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return fatal_error(errc::failed, what + ": " + current_failure());
  }
}

}  // namespace

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
    encode_text(out, c.name);
    encode_text(out, c.type);
  }
  out.array(static_cast<std::uint32_t>(parts_.inputs.size()));
  for (std::size_t i = 0; i < parts_.inputs.size(); ++i) {
    out.array(5);
    encode_text(out, parts_.inputs[i].name());
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
    encode_text(out, lane.name());
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
    encode_text(out, p.handle);
  }
  encode_partition_states(out);
  encode_text(out, key_type());
}

result<void> task::restore(const restored& from) {
  if (parts_.watch != nullptr) parts_.watch->begin();
  if (!from.meta.empty()) {
    msgpack::reader in{from.meta};
    std::vector<cell_source> sources;
    if (auto ok = load_meta(in, sources); !ok) return ok;
    if (auto ok = load_channels(in, from.reopens); !ok) return ok;
    const calling here{*parts_.stats, task_call::restore};
    const auto loaded = guarded(parts_.name + ": its state cannot be loaded", [&]() -> result<void> {
      if (auto ok = load_actor(in); !ok) return ok;
      if (meta_format_ >= 3) {
        if (auto ok = load_partition_states(in); !ok) return ok;
        if (auto ok = load_key_type(in); !ok) return ok;
      }
      return load_rows(from, sources);
    });
    if (!loaded) return loaded;
  }
  if (auto ok = recover_sink(from.epoch); !ok) return ok;
  auto logged = restore_log(!from.meta.empty());
  if (!logged) return std::move(logged).error();
  if (log_) log_->note(from.epoch);
  begin_retaining(from.epoch);
  offer_replays(from.replays, from.reopens);
  const calling_out here{*parts_.stats, *parts_.time, task_call::open};
  const auto opened = guarded(parts_.name + ": cannot open", [&]() -> result<void> {
    if (!from.meta.empty() || *logged) parts_.behavior->on_restore(context_);
    parts_.behavior->open(context_);
    return {};
  });
  if (!opened) return opened;
  if (ended_) parts_.host->ended();
  return {};
}

result<void> task::load_meta(msgpack::reader& in, std::vector<cell_source>& sources) {
  std::uint32_t n = 0;
  std::uint64_t parallelism = 0;
  if (!in.array(n) || !in.integer(meta_format_) || meta_format_ < meta_format_oldest || meta_format_ > meta_format ||
      n != (meta_format_ == 2   ? meta_fields_of_2
            : meta_format_ == 3 ? meta_fields - 2
                                : meta_fields)) {
    return unreadable(parts_.name, "header");
  }
  if (meta_format_ >= 4 && (!in.integer(letters_next_) || !in.integer(replays_next_))) {
    return unreadable(parts_.name, "count of dead letters");
  }
  if (!in.integer(parallelism)) {
    return unreadable(parts_.name, "header");
  }
  if (parallelism != parts_.parallelism) {
    return user_error(errc::invalid_topology, parts_.name + " was snapshotted with parallelism " +
                                                  std::to_string(parallelism) + " and is now " +
                                                  std::to_string(parts_.parallelism) +
                                                  "; use the old parallelism or a new data directory");
  }
  return load_cells(in, sources);
}

result<void> task::load_cells(msgpack::reader& in, std::vector<cell_source>& sources) {
  const auto& cells = actor_access::state(*parts_.behavior).rows().layout().cells();
  const auto& dropped = actor_access::dropped_states(*parts_.behavior);
  std::uint32_t n = 0;
  if (!in.array(n)) return unreadable(parts_.name, "state layout");
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint32_t pair = 0;
    std::string name;
    std::string type;
    if (!in.array(pair) || pair != 2 || !decode_text(in, name) || !decode_text(in, type)) {
      return unreadable(parts_.name, "state layout");
    }
    const auto at = std::find_if(cells.begin(), cells.end(), [&](const cell& c) { return c.name == name; });
    if (at == cells.end()) {
      // Stamps go with a time to live that was taken away.
      const bool may_go = type == "ttl" || std::find(dropped.begin(), dropped.end(), name) != dropped.end();
      if (!may_go) return unknown_state(parts_.name, name, type);
      sources.emplace_back(cell_source::dropped);
      continue;
    }
    auto by = reader_of(parts_.name, type, {at->name, at->type, at->migrations});
    if (!by) return std::move(by).error();
    sources.emplace_back(static_cast<std::size_t>(at - cells.begin()), std::move(*by));
  }
  return {};
}

result<void> task::load_channels(msgpack::reader& in, bool reopens) {
  std::uint32_t n = 0;
  std::uint32_t fields = 0;
  std::string name;
  std::uint64_t next = 0;
  if (!in.array(n)) return unreadable(parts_.name, "input channels");
  for (std::uint32_t k = 0; k < n; ++k) {
    std::int64_t watermark = 0;
    bool ended = false;
    bool idle = false;
    if (!in.array(fields) || fields != 5 || !decode_text(in, name) || !in.integer(next) || !in.integer(watermark) ||
        !in.boolean(ended) || !in.boolean(idle)) {
      return unreadable(parts_.name, "input channels");
    }
    ended = ended && !reopens;
    for (std::size_t i = 0; i < parts_.inputs.size(); ++i) {
      if (parts_.inputs[i].name() != name) continue;
      parts_.inputs[i].restore({next}, ended);
      ends_ += ended ? 1 : 0;
      (void)watermarks_.advance(i, {watermark});
      if (idle) (void)watermarks_.set_idle(i);
    }
  }
  std::int64_t complete = 0;
  if (!in.integer(complete)) return unreadable(parts_.name, "watermark");
  watermarks_.restore_minimum({complete});
  context_.set_watermark(watermarks_.current());
  if (!in.array(n)) return unreadable(parts_.name, "output channels");
  for (std::uint32_t k = 0; k < n; ++k) {
    if (!in.array(fields) || fields != 2 || !decode_text(in, name) || !in.integer(next)) {
      return unreadable(parts_.name, "output channels");
    }
    outputs_.for_each_lane([&](output_lane& lane) {
      if (lane.name() == name) lane.restore({next});
    });
  }
  std::int64_t watermark = 0;
  if (!in.integer(watermark) || !in.boolean(ended_)) return unreadable(parts_.name, "watermark");
  ended_ = ended_ && !reopens;
  outputs_.set_watermark({watermark});
  return {};
}

result<void> task::load_actor(msgpack::reader& in) {
  std::uint64_t random = 0;
  if (!in.integer(random) || !parts_.behavior->load_state(in)) return unreadable(parts_.name, "actor state");
  context_.random().restore(random);
  if (kind_ == actor_kind::producer) {
    std::uint32_t n = 0;
    if (!in.array(n) || n < 2 || n > 3 || !in.integer(newest_.ns) ||
        !static_cast<producer&>(*parts_.behavior).load_position(in)) {
      return unreadable(parts_.name, "position");
    }
    log_offset offset;
    if (n == 3 && !in.integer(offset.value)) return unreadable(parts_.name, "place in the event log");
    if (n == 3) snapshot_offset_ = offset;
  } else if (!in.take_nil()) {
    return unreadable(parts_.name, "position");
  }
  std::uint32_t handles = 0;
  if (!in.array(handles)) return unreadable(parts_.name, "prepared output");
  for (std::uint32_t i = 0; i < handles; ++i) {
    std::uint32_t n = 0;
    sink::prepared p;
    if (!in.array(n) || n != 2 || !in.integer(p.epoch.value) || !decode_text(in, p.handle)) {
      return unreadable(parts_.name, "prepared output");
    }
    prepared_.push_back(std::move(p));
  }
  return {};
}

result<void> task::load_rows(const restored& from, const std::vector<cell_source>& sources) {
  auto& rows = actor_access::state(*parts_.behavior).rows();
  if (!from.each_page) return {};
  actor_access::timer_heap(*parts_.behavior).clear();
  actor_access::processing_timer_heap(*parts_.behavior).clear();
  try {
    auto loaded = from.each_page([&](std::uint32_t number, bytes_view content) -> result<void> {
      if (auto ok = rows.load_page(number, content, sources, key_hash); !ok) return ok;
      enrol_rows_of(number);
      return {};
    });
    if (!loaded) {
      return fatal_error(errc::corrupt, "snapshot of " + parts_.name + ": " + loaded.error().message);
    }
  } catch (const state_backend_failure& e) {
    return fatal_error(errc::io_error, parts_.name + ": " + e.what());
  }
  rows.loaded_from(from.environment);
  if (!parts_.protect.rebuild_firings) return {};
  for (auto* f : actor_access::firings(*parts_.behavior)) f->rebuild(watermarks_.current());
  return {};
}

/// Timers and expiries are not in snapshots: the rows are.
void task::enrol_rows_of(std::uint32_t page) {
  const auto& timers = actor_access::timers(*parts_.behavior);
  auto& state = actor_access::state(*parts_.behavior);
  if ((timers.empty() && !state.has_ttl()) || !parts_.protect.rebuild_firings) return;
  auto& heap = actor_access::timer_heap(*parts_.behavior);
  auto& processing = actor_access::processing_timer_heap(*parts_.behavior);
  state.rows().for_each_in(page, [&](row_id id, const std::byte* row) {
    for (std::uint32_t t = 0; t < timers.size(); ++t) {
      if (const auto at = timers[t]->deadline_in(row)) (timers[t]->by_clock() ? processing : heap).add({*at, id, t});
    }
    state.enrol(id, row);
  });
}

result<void> task::recover_sink(epoch_id epoch) {
  if (kind_ != actor_kind::sink) return {};
  (void)fault_point("sink.recover");
  const calling_out here{*parts_.stats, *parts_.time, task_call::restore};
  auto done = guarded(parts_.name + ": its output cannot be recovered",
                      [&] { return static_cast<sink&>(*parts_.behavior).recover(context_, epoch, prepared_); });
  if (done) prepared_.clear();
  return done;
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
