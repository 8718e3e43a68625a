#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/engine/firing.hpp"
#include "millrace/engine/keyed_state.hpp"
#include "millrace/engine/mergeable.hpp"
#include "millrace/engine/timer_queue.hpp"
#include "millrace/error.hpp"
#include "millrace/param.hpp"

namespace millrace {

class input_base;
class output_base;
class timer_base;
class partition_state_base;
class wiring;
struct dead_letter;
template <class T>
class out;

enum class actor_kind : std::uint8_t { producer, router, processor, sink };
[[nodiscard]] const char* to_string(actor_kind k) noexcept;

namespace engine {
struct actor_access;
}

/// What all four kinds share: ports, parameters, keyed state, timers and life cycle. Users derive from `producer`,
/// `router`, `processor` or `sink`; ports, states, timers and parameters are members that register themselves. Every
/// actor has an output `dead` without asking: `dead_letter` records of the events its failure policy gave up.
///
/// One instance exists for each partition and belongs to one task. Life cycle: constructor → parameters set →
/// `configure` → (`restore` →) `open` → handlers → `close`. Whatever a member function throws goes through the actor's
/// failure policy. Thread: one at a time, the owning task's.
class actor {
public:
  actor();
  actor(const actor&) = delete;
  actor& operator=(const actor&) = delete;
  virtual ~actor();

  [[nodiscard]] virtual actor_kind kind() const noexcept = 0;

  /// Called at validation and before every start, after parameters are set: check what a single parameter cannot say,
  /// fix the record types of dynamic outputs. Must not touch files or devices. Errors become validation problems.
  [[nodiscard]] virtual result<void> configure(wiring&) { return {}; }
  /// Before the first event, after state is restored.
  virtual void open(context&) {}
  /// After the last; not called when the process dies.
  virtual void close(context&) {}
  /// The input is complete up to `context::watermark()`; timers up to it have fired.
  virtual void on_watermark(context&) {}
  /// No event will come any more; what is emitted here still goes out.
  virtual void on_end_of_input(context&) {}
  /// State was loaded from a snapshot.
  virtual void on_restore(context&) {}
  /// State that belongs to the partition, not to a key, and is not declared as a `partition_value` or the like.
  /// `load_state` gets what `save_state` wrote; false: unreadable.
  /// What `save_state` throws fails the snapshot, not the actor.
  virtual void save_state(msgpack::writer& out) const { out.nil(); }
  [[nodiscard]] virtual bool load_state(msgpack::reader& in) { return in.skip(); }
  /// True: handlers may block (files, calls), so the task gets a thread of its own.
  [[nodiscard]] virtual bool is_blocking() const noexcept { return false; }

private:
  friend struct engine::actor_access;
  std::vector<input_base*> inputs_;
  std::vector<output_base*> outputs_;
  std::vector<param_base*> params_;
  std::vector<timer_base*> timers_;
  std::vector<partition_state_base*> partition_states_;
  std::vector<std::string> dropped_states_;
  bool handles_broadcast_ = false;
  engine::keyed_state state_;
  engine::timer_queue timer_queue_;
  engine::timer_queue processing_timer_queue_;
  std::vector<engine::firing*> firings_;
  std::unique_ptr<output_base> dead_;
  std::vector<engine::mergeable*> mergeables_;
  engine::salt_role role_ = engine::salt_role::whole;
  std::unique_ptr<input_base> partials_in_;
  std::unique_ptr<output_base> partials_out_;
};

namespace engine {

/// The engine's way to an actor's members.
struct actor_access {
  static std::vector<input_base*>& inputs(actor& a) noexcept { return a.inputs_; }
  static std::vector<output_base*>& outputs(actor& a) noexcept { return a.outputs_; }
  static std::vector<param_base*>& params(actor& a) noexcept { return a.params_; }
  static std::vector<timer_base*>& timers(actor& a) noexcept { return a.timers_; }
  static std::vector<partition_state_base*>& partition_states(actor& a) noexcept { return a.partition_states_; }
  static std::vector<std::string>& dropped_states(actor& a) noexcept { return a.dropped_states_; }
  /// True while the handler of a broadcast input is at work.
  static bool& handles_broadcast(actor& a) noexcept { return a.handles_broadcast_; }
  static keyed_state& state(actor& a) noexcept { return a.state_; }
  static const keyed_state& state(const actor& a) noexcept { return a.state_; }
  static timer_queue& timer_heap(actor& a) noexcept { return a.timer_queue_; }
  static timer_queue& processing_timer_heap(actor& a) noexcept { return a.processing_timer_queue_; }
  static std::vector<firing*>& firings(actor& a) noexcept { return a.firings_; }
  static std::vector<mergeable*>& mergeables(actor& a) noexcept { return a.mergeables_; }
  static salt_role& role(actor& a) noexcept { return a.role_; }
  static std::unique_ptr<input_base>& partials_in(actor& a) noexcept { return a.partials_in_; }
  static std::unique_ptr<output_base>& partials_out(actor& a) noexcept { return a.partials_out_; }

  /// The output `dead` comes first among an actor's outputs.
  static constexpr std::size_t dead_index = 0;
  static out<dead_letter>& dead(actor& a) noexcept;
};

}  // namespace engine

/// A stateful step between streams.
class processor : public actor {
public:
  [[nodiscard]] actor_kind kind() const noexcept final { return actor_kind::processor; }
};

}  // namespace millrace
