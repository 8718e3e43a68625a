#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include "millrace/actor.hpp"
#include "millrace/detail/call_member.hpp"
#include "millrace/state.hpp"

namespace millrace {

/// What the engine sees of a timer.
class timer_base {
public:
  virtual ~timer_base() = default;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// If the current row's deadline is `deadline`, clears it and calls the handler; otherwise the entry was stale.
  virtual void fire(context& c, std::int64_t deadline) = 0;
  /// Sets the current key's deadline again after a handler that failed.
  virtual void put_back(std::int64_t deadline) = 0;
  /// True: the clock sets it off, not the watermark.
  [[nodiscard]] virtual bool by_clock() const noexcept = 0;
  /// The deadline stored in `row`, if any.
  [[nodiscard]] virtual std::optional<std::int64_t> deadline_in(const std::byte* row) const = 0;

protected:
  timer_base(actor* owner, std::string name) : owner_{owner}, name_{std::move(name)} {
    timer_index_ = engine::actor_access::timers(*owner).size();
    engine::actor_access::timers(*owner).push_back(this);
  }
  actor* owner_;
  std::size_t timer_index_ = 0;

private:
  std::string name_;
};

/// A timer of a key: fires once, when the watermark (`timer`) or the clock (`processing_timer`) passes its deadline. A
/// key has at most one deadline a timer; setting it again moves it. `timer close{this, "close", &Actor::on_close};`
///
/// Firing order: by deadline; equal deadlines in no order a program may rely on. At the end of the input all are due.
/// Thread: owning actor, inside a keyed handler or a timer.
template <class Time>
class basic_timer final : public timer_base, engine::state_cell {
  using handler = void (actor::*)(context&, Time);
  static constexpr bool is_clock = std::is_same_v<Time, processing_time>;

public:
  template <class Owner>
  basic_timer(Owner* owner, std::string name, void (Owner::*on_fire)(context&, Time))
      : timer_base(owner, name),
        state_cell(owner, "timer:" + name, is_clock ? "processing timer" : "timer",
                   engine::cell_ops_of<std::int64_t>()),
        handler_{static_cast<handler>(on_fire)} {}

  void set(Time at) {
    auto& deadline = *reinterpret_cast<std::int64_t*>(write());
    deadline = at.ns;
    auto& heap =
        is_clock ? engine::actor_access::processing_timer_heap(*owner_) : engine::actor_access::timer_heap(*owner_);
    heap.add({at.ns, engine::actor_access::state(*owner_).current_row(), static_cast<std::uint32_t>(timer_index_)});
  }
  [[nodiscard]] std::optional<Time> pending() const {
    const auto* at = read();
    if (at == nullptr) return std::nullopt;
    return Time{*reinterpret_cast<const std::int64_t*>(at)};
  }
  void cancel() { drop(); }

  void fire(context& c, std::int64_t deadline) override {
    const auto due = pending();
    if (!due || due->ns != deadline) return;
    drop();
    detail::call_member(owner_, handler_, c, Time{deadline});
  }
  void put_back(std::int64_t deadline) override { set({deadline}); }
  [[nodiscard]] bool by_clock() const noexcept override { return is_clock; }
  [[nodiscard]] std::optional<std::int64_t> deadline_in(const std::byte* row) const override { return stored_in(row); }

private:
  handler handler_;
};

using timer = basic_timer<event_time>;
using processing_timer = basic_timer<processing_time>;

}  // namespace millrace
