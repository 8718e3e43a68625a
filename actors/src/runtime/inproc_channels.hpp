#pragma once

#include <functional>
#include <memory>

#include "millrace/engine/assembly.hpp"
#include "millrace/transport/inproc_channel.hpp"

namespace millrace::runtime {

/// Channels of a run over ZeroMQ inside the process: the only place where plan, transport and doorbells meet.
class inproc_channels final : public engine::channel_factory {
public:
  using bell_of = std::function<std::shared_ptr<engine::doorbell>(task_id)>;

  inproc_channels(transport::zmq_context& context, transport::topology_instance instance,
                  transport::payload_mode payload, bell_of bells)
      : context_{context}, instance_{instance}, payload_{payload}, bells_{std::move(bells)} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override {
    return transport::make_inproc_channel(context_, {instance_, channel.id, incarnation, payload_, channel.type},
                                          bells_(channel.source), bells_(channel.target));
  }

private:
  transport::zmq_context& context_;
  transport::topology_instance instance_;
  transport::payload_mode payload_;
  bell_of bells_;
};

}  // namespace millrace::runtime
