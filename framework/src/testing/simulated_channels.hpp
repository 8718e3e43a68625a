#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/engine/assembly.hpp"
#include "millrace/testing/simulation.hpp"
#include "testing/seeded_scheduler.hpp"

namespace millrace::testing {

/// Channels whose frames and credit take as long as the scheduler likes, in order each. As with the live ones, a
/// doorbell rings once until its end has seen the channel empty.
class simulated_channels final : public engine::channel_factory {
public:
  using ringer = std::function<std::function<void()>(task_id)>;

  /// One line for frames and one for credit, for every channel of the plan.
  struct lines {
    seeded_scheduler::line frames, credit;
  };

  simulated_channels(seeded_scheduler& scheduler, const std::vector<lines>& of_channel, payload batches, ringer bells)
      : scheduler_{scheduler}, lines_{of_channel}, batches_{batches}, bells_{std::move(bells)} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override;

private:
  seeded_scheduler& scheduler_;
  const std::vector<lines>& lines_;
  payload batches_;
  ringer bells_;
};

}  // namespace millrace::testing
