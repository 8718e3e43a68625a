#pragma once

#include <functional>
#include <memory>

#include "millrace/engine/assembly.hpp"
#include "millrace/runtime/topology_run.hpp"
#include "millrace/transport/inproc_channel.hpp"

namespace millrace::runtime {

/// Channels of a run over ZeroMQ inside the process: the only place where plan, transport and doorbells meet.
class inproc_channels final : public engine::channel_factory {
public:
  using bell_of = std::function<std::shared_ptr<engine::doorbell>(task_id)>;

  inproc_channels(transport::zmq_context& context, transport::topology_instance instance, const run_options& options,
                  bell_of bells)
      : context_{context}, instance_{instance}, options_{options}, bells_{std::move(bells)} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override {
    const auto receiver = bells_(channel.target);
    auto made =
        transport::make_inproc_channel(context_, {instance_, channel.id, incarnation, options_.payload, channel.type},
                                       bells_(channel.source), receiver);
    if (!made || !options_.around_channel) return made;
    return options_.around_channel(channel, *std::move(made), receiver);
  }

private:
  transport::zmq_context& context_;
  transport::topology_instance instance_;
  const run_options& options_;
  bell_of bells_;
};

}  // namespace millrace::runtime
