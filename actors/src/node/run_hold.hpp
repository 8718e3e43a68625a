#pragma once

#include <atomic>
#include <memory>

#include "millrace/runtime/topology_run.hpp"

namespace millrace::node {

/// Tells whether a run still has its topology's data folder, which it has until it is destroyed. To destroy one waits
/// for its actors, for ever perhaps when one of them hangs in a call: that is then done on a thread of its own, so that
/// whoever lets go of the run last goes on.
///
/// Thread: any, but one run at a time is kept.
class run_hold {
public:
  [[nodiscard]] std::shared_ptr<runtime::topology_run> keep(std::unique_ptr<runtime::topology_run> run);
  /// The run that is kept has ended and left actors behind that hang.
  void note_left_behind() noexcept { now_->hangs = true; }

  /// A run is there, or is not quite gone.
  [[nodiscard]] bool is_held() const noexcept { return now_->is_held; }
  /// It has ended, and is there because of an actor that hangs.
  [[nodiscard]] bool hangs() const noexcept { return now_->hangs && now_->is_held; }

private:
  struct state {
    std::atomic<bool> is_held{false};
    std::atomic<bool> hangs{false};
  };
  std::shared_ptr<state> now_ = std::make_shared<state>();  // outlives what is kept
};

}  // namespace millrace::node
