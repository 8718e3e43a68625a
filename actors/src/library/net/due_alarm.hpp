#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "millrace/actor.hpp"
#include "millrace/engine/firing.hpp"

namespace millrace::library {

/// Calls its actor when the clock passes a time, and when the input ends: what was collected for a batch has waited
/// long enough. The actor is told the time; at the end of the input it is the end of all times. Not in snapshots.
/// Thread: owning actor.
class due_alarm final : public engine::firing {
public:
  due_alarm(actor* owner, std::function<void(context&, processing_time)> ring) : ring_{std::move(ring)} {
    engine::actor_access::firings(*owner).push_back(this);
  }
  /// Moves it when it was set.
  void set(processing_time at) noexcept { due_ = at; }
  void clear() noexcept { due_.reset(); }
  [[nodiscard]] bool is_set() const noexcept { return due_.has_value(); }

  bool fire(context&, event_time, const bool&) override { return true; }
  void skip() override { clear(); }
  void rebuild(event_time) override {}
  std::optional<processing_time> next_processing() const override { return due_; }
  bool fire_processing(context& c, processing_time now, const bool&) override {
    if (!due_ || *due_ > now) return true;
    const auto was = std::exchange(due_, std::nullopt);  // the actor may set it again
    try {
      ring_(c, now);
    } catch (...) {
      due_ = was;
      throw;
    }
    return true;
  }

private:
  std::function<void(context&, processing_time)> ring_;
  std::optional<processing_time> due_;
};

}  // namespace millrace::library
