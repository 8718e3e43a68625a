#pragma once

#include <functional>
#include <string>
#include <utility>

#include "millrace/timer.hpp"

namespace millrace::patterns {

/// A keyed state of any encodable type whose copies are shared with snapshots until one of them changes.
/// Thread: owning actor, inside a keyed handler or a timer.
template <class T>
class keyed_cell : engine::state_cell {
  using stored = engine::cow<T>;

public:
  /// `type` stands for T's format in snapshots.
  keyed_cell(actor* owner, std::string name, std::string type)
      : state_cell(owner, std::move(name), std::move(type), engine::cow_cell_ops_of<T>()) {}

  /// nullptr when the key has none; makes nothing.
  [[nodiscard]] const T* get() const {
    const auto* at = read();
    return at == nullptr ? nullptr : &reinterpret_cast<const stored*>(at)->read();
  }
  /// For writing; `T{}` when the key had none.
  [[nodiscard]] T& edit() { return reinterpret_cast<stored*>(write())->write(); }
  void clear() {
    if (read() == nullptr) return;
    *reinterpret_cast<stored*>(write()) = {};
    drop();
  }
};

/// An event-time timer whose handler is a member of a member: what `timer` is to an actor.
/// Thread: owning actor, inside a keyed handler or a timer.
class wake_up final : public timer_base, engine::state_cell {
public:
  using handler = std::function<void(context&)>;

  wake_up(actor* owner, const std::string& name, handler on_fire)
      : timer_base(owner, name),
        state_cell(owner, "timer:" + name, "timer", engine::cell_ops_of<std::int64_t>()),
        on_fire_{std::move(on_fire)} {}

  /// Moves the deadline to `at`, also to a later time.
  void set(event_time at) {
    *reinterpret_cast<std::int64_t*>(write()) = at.ns;
    engine::actor_access::timer_heap(*owner_).add(
        {at.ns, engine::actor_access::state(*owner_).current_row(), static_cast<std::uint32_t>(timer_index_)});
  }
  [[nodiscard]] std::optional<event_time> pending() const {
    const auto* at = read();
    if (at == nullptr) return std::nullopt;
    return event_time{*reinterpret_cast<const std::int64_t*>(at)};
  }
  void cancel() { drop(); }

  void fire(context& c, std::int64_t deadline) override {
    if (pending() != event_time{deadline}) return;
    drop();
    on_fire_(c);
  }
  void put_back(std::int64_t deadline) override { set({deadline}); }
  [[nodiscard]] bool by_clock() const noexcept override { return false; }
  [[nodiscard]] std::optional<std::int64_t> deadline_in(const std::byte* row) const override { return stored_in(row); }

private:
  handler on_fire_;
};

}  // namespace millrace::patterns
