#pragma once

#include <functional>

#include "millrace/chaos/fault_board.hpp"
#include "millrace/engine/assembly.hpp"

namespace millrace::chaos {

/// Puts faults between a channel and its receiver: below the sequences that make channels reliable. Off, a frame costs
/// one relaxed load and one call more.
class faulty_channels final : public engine::channel_factory {
public:
  /// All outlive the channels. `host_of`: who wakes the receiving task when a frame's time has come.
  faulty_channels(engine::channel_factory& inner, fault_board& faults, const engine::clock& time,
                  std::function<engine::task_host&(task_id)> host_of)
      : inner_{inner}, faults_{faults}, time_{time}, host_of_{std::move(host_of)} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override;

private:
  engine::channel_factory& inner_;
  fault_board& faults_;
  const engine::clock& time_;
  std::function<engine::task_host&(task_id)> host_of_;
};

}  // namespace millrace::chaos
