#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/task_meta.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/state_type.hpp"
#include "millrace/timer.hpp"

namespace millrace::engine {

namespace {

error unreadable(const std::string& task, const char* part) {
  return fatal_error(errc::corrupt, "snapshot of " + task + ": its " + part +
                                        " cannot be read; discard this snapshot to go back to the one before");
}

bool decode_text(msgpack::reader& in, std::string& text) {
  std::string_view view;
  if (!in.string(view)) return false;
  text.assign(view);
  return true;
}

}  // namespace

result<void> task::restore(restored from) {
  if (auto begun = begin_restoring(std::move(from)); !begun) return begun;
  for (;;) {
    auto done = go_on_restoring(std::chrono::hours{1});
    if (!done) return std::move(done).error();
    if (*done) return {};
  }
}

result<void> task::begin_restoring(restored from) {
  restoring_.emplace(restoring{std::move(from)});
  auto& r = *restoring_;
  if (r.from.meta.empty()) return {};
  msgpack::reader in{r.from.meta};
  if (auto ok = load_meta(in, r.sources); !ok) return ok;
  if (auto ok = load_channels(in, r.from.reopens); !ok) return ok;
  const calling here{*parts_.stats, task_call::restore};
  return guarded(parts_.name + ": its state cannot be loaded", [&]() -> result<void> {
    if (auto ok = load_actor(in); !ok) return ok;
    if (meta_format_ >= 3) {
      if (auto ok = load_partition_states(in); !ok) return ok;
      if (auto ok = load_key_type(in); !ok) return ok;
    }
    begin_rows();
    return {};
  });
}

result<bool> task::go_on_restoring(std::chrono::nanoseconds for_about) {
  const auto until = parts_.time->steady_ns() + for_about.count();
  const auto& r = *restoring_;
  while (r.next_piece < r.from.pieces.size()) {
    const calling here{*parts_.stats, task_call::restore};
    auto loaded = guarded(parts_.name + ": its state cannot be loaded", [this] { return load_piece(); });
    if (!loaded) return std::move(loaded).error();
    if (parts_.time->steady_ns() >= until) return false;
  }
  if (auto ok = open_restored(); !ok) return std::move(ok).error();
  restoring_.reset();
  return true;
}

result<void> task::open_restored() {
  const auto& from = restoring_->from;
  if (!from.meta.empty()) {
    const calling here{*parts_.stats, task_call::restore};
    auto finished = guarded(parts_.name + ": its state cannot be loaded", [this]() -> result<void> {
      finish_rows();
      return {};
    });
    if (!finished) return finished;
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

void task::begin_rows() {
  actor_access::timer_heap(*parts_.behavior).clear();
  actor_access::processing_timer_heap(*parts_.behavior).clear();
}

result<void> task::load_piece() {
  auto& r = *restoring_;
  auto& rows = actor_access::state(*parts_.behavior).rows();
  try {
    auto loaded =
        r.from.read(r.from.pieces[r.next_piece++], [&](std::uint32_t number, bytes_view content) -> result<void> {
          if (auto ok = rows.load_page(number, content, r.sources, key_hash); !ok) return ok;
          restored_bytes_ += content.size();
          enrol_rows_of(number);
          return {};
        });
    if (loaded) return {};
    return fatal_error(errc::corrupt, "snapshot of " + parts_.name + ": " + loaded.error().message);
  } catch (const state_backend_failure& e) {
    return fatal_error(errc::io_error, parts_.name + ": " + e.what());
  }
}

void task::finish_rows() {
  actor_access::state(*parts_.behavior).rows().loaded_from(restoring_->from.environment);
  if (!parts_.protect.rebuild_firings) return;
  for (auto* f : actor_access::firings(*parts_.behavior)) f->rebuild(watermarks_.current());
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

}  // namespace millrace::engine
