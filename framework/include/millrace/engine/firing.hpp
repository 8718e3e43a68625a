#pragma once

#include <optional>

#include "millrace/time.hpp"

namespace millrace {
class context;
}

namespace millrace::engine {

/// What an actor holds that the passing of time sets free: windows and everything like them.
///
/// The problem: a watermark may complete a million windows at once, more than outputs have credit for. So the task asks
/// for them in slices: `fire` goes on from where it paused, and the watermark is passed on behind the last one.
/// Snapshots are taken between frames, when nothing is half fired. Thread: owning task.
class firing {
public:
  virtual ~firing() = default;

  /// Handles what is due at the watermark `limit`. False: stopped because `pause` became true; called again later with
  /// the same limit. May throw what a handler threw; the next call then tries the same again.
  [[nodiscard]] virtual bool fire(context& c, event_time limit, const bool& pause) = 0;
  /// Leaves out what the last call to `fire` or `fire_processing` threw at.
  virtual void skip() = 0;
  /// State was loaded from a snapshot that was taken at the watermark `at`.
  virtual void rebuild(event_time at) = 0;

  /// By the processing-time clock: when something is due next, if anything is.
  [[nodiscard]] virtual std::optional<processing_time> next_processing() const { return std::nullopt; }
  /// As `fire`, for what the clock sets free.
  [[nodiscard]] virtual bool fire_processing(context&, processing_time /*now*/, const bool& /*pause*/) { return true; }
};

}  // namespace millrace::engine
