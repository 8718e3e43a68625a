#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "millrace/actor.hpp"
#include "millrace/engine/firing.hpp"

namespace millrace::library {

/// Calls its actor when the clock passes a time, and when the input ends: what was collected for a batch has waited
/// long enough. Not in snapshots. Thread: owning actor.
class due_alarm final : public engine::firing {
public:
  due_alarm(actor* owner, std::function<void(context&)> ring) : ring_{std::move(ring)} {
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
    ring_(c);
    clear();
    return true;
  }

private:
  std::function<void(context&)> ring_;
  std::optional<processing_time> due_;
};

}  // namespace millrace::library
