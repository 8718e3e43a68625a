#include <algorithm>

#include "millrace/engine/state_type.hpp"
#include "millrace/engine/task.hpp"
#include "millrace/partition_state.hpp"
#include "millrace/port.hpp"

namespace millrace::engine {

namespace {

// Rows looked at for expiry in one step: some 50 µs.
constexpr std::size_t expiries_per_step = 512;

error unreadable_states(const std::string& task) {
  return fatal_error(errc::corrupt,
                     "snapshot of " + task +
                         ": its states of the partition cannot be read; discard this snapshot to go back "
                         "to the one before");
}

column event_times_of(const batch& records) {
  const auto& field = records.type().schema().event_time_field;
  return field ? records.type().column_of(records, *field) : column{};
}

}  // namespace

namespace {

/// What a handler may do and what time it is for it, for as long as it is at work.
class input_scope {
public:
  input_scope(keyed_state& state, bool& handles_broadcast, bool is_broadcast)
      : state_{&state}, handles_broadcast_{&handles_broadcast} {
    handles_broadcast = is_broadcast;
  }
  input_scope(const input_scope&) = delete;
  input_scope& operator=(const input_scope&) = delete;
  ~input_scope() {
    *handles_broadcast_ = false;
    state_->clock().leave();
  }

private:
  keyed_state* state_;
  bool* handles_broadcast_;
};

}  // namespace

void task::run_input(input_base& input, batch_run& run, event_time late_against) {
  const input_scope scope{run.state, actor_access::handles_broadcast(*parts_.behavior), input.is_broadcast()};
  if (run.state.has_ttl(ttl_clock::event_time)) {
    run.state.clock().set_watermark(watermarks_.current());
    run.state.clock().enter_batch(event_times_of(run.records), run.cursor, late_against);
  }
  input.process(run);
}

void task::read_state_clock() {
  auto& state = actor_access::state(*parts_.behavior);
  if (!state.has_ttl(ttl_clock::processing_time)) return;
  spoil_journal("its state expires by the clock");
  state.clock().set_processing(parts_.time->now());
}

/// Frees some of what has expired. Not before the timers up to the watermark have seen it.
step_result task::expire_state(step_result so_far) {
  auto& state = actor_access::state(*parts_.behavior);
  if (!state.has_ttl() || settling_ != settling::done || ended_) return so_far;
  state.clock().set_watermark(watermarks_.current());
  try {
    if (state.expire(expiries_per_step)) return step_result::again;
  } catch (const state_backend_failure& e) {
    (void)fail(fatal_error(errc::io_error, parts_.name + ": " + e.what()), failure_action::restart);
    return step_result::failed;
  }
  if (const auto next = state.next_expiry(); next && so_far == step_result::idle) {
    const auto wait = std::max<std::int64_t>(next->ns - state.clock().processing(), 0);
    parts_.host->wake_at(parts_.time->steady_ns() + wait);
  }
  return so_far;
}

void task::encode_partition_states(msgpack::writer& out) const {
  const auto& states = actor_access::partition_states(*parts_.behavior);
  out.array(static_cast<std::uint32_t>(states.size()));
  for (const auto* s : states) {
    out.array(3);
    out.string(s->name());
    out.string(s->type());
    s->encode(out);
  }
}

result<void> task::load_partition_states(msgpack::reader& in) {
  auto& states = actor_access::partition_states(*parts_.behavior);
  std::uint32_t n = 0;
  if (!in.array(n)) return unreadable_states(parts_.name);
  for (; n != 0; --n) {
    std::uint32_t fields = 0;
    std::string_view name;
    std::string_view type;
    if (!in.array(fields) || fields != 3 || !in.string(name) || !in.string(type)) return unreadable_states(parts_.name);
    const auto at = std::find_if(states.begin(), states.end(), [&](const auto* s) { return s->name() == name; });
    if (at == states.end()) {
      const auto& dropped = actor_access::dropped_states(*parts_.behavior);
      if (std::find(dropped.begin(), dropped.end(), name) == dropped.end()) {
        return unknown_state(parts_.name, std::string{name}, std::string{type});
      }
      if (!in.skip()) return unreadable_states(parts_.name);
      continue;
    }
    auto& state = **at;
    auto by = reader_of(parts_.name, std::string{type}, {state.name(), state.type(), state.migrations()});
    if (!by) return std::move(by).error();
    if (!state.decode(in, *by)) return unreadable_states(parts_.name);
  }
  return {};
}

std::string task::key_type() const {
  for (const auto& key : parts_.input_keys) {
    if (key != nullptr) return key->key_type();
  }
  return {};
}

result<void> task::load_key_type(msgpack::reader& in) const {
  std::string_view written;
  if (!in.string(written)) return unreadable_states(parts_.name);
  const auto declared = key_type();
  if (written.empty() || declared.empty() || written == declared) return {};
  return user_error(errc::schema_mismatch,
                    parts_.name + ": the snapshot has its state by keys of type " + std::string{written} +
                        ", the actor's inputs are now keyed by " + declared +
                        "; key them as before, run the version that wrote it, or use a new data directory");
}

}  // namespace millrace::engine
