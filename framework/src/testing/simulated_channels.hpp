#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/engine/assembly.hpp"
#include "millrace/testing/simulation.hpp"
#include "testing/link.hpp"
#include "testing/seeded_scheduler.hpp"

namespace millrace::testing {

/// Channels whose frames and credit take as long as the scheduler likes, in order each. As with the live ones, a
/// doorbell rings once until its end has seen the channel empty.
class simulated_channels final : public engine::channel_factory {
public:
  using ringer = std::function<std::function<void()>(task_id)>;
  using frame_observer = std::function<void(const engine::frame&)>;

  /// One line for frames and one for credit, for every channel of the plan.
  struct lines {
    seeded_scheduler::line frames, credit;
  };

  /// `weather`: one for each channel of the plan; outlives the channels. `on_frame` may be empty.
  simulated_channels(seeded_scheduler& scheduler, const std::vector<lines>& of_channel,
                     std::vector<link_weather>& weather, payload batches, frame_observer on_frame, ringer bells)
      : scheduler_{scheduler},
        lines_{of_channel},
        weather_{weather},
        batches_{batches},
        on_frame_{std::move(on_frame)},
        bells_{std::move(bells)} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override;

private:
  seeded_scheduler& scheduler_;
  const std::vector<lines>& lines_;
  std::vector<link_weather>& weather_;
  payload batches_;
  frame_observer on_frame_;
  ringer bells_;
};

}  // namespace millrace::testing
