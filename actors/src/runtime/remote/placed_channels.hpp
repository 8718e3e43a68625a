#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/engine/assembly.hpp"
#include "runtime/inproc_channels.hpp"
#include "runtime/remote/exchange.hpp"

namespace millrace::runtime::remote {

/// Channels of a topology of which this process has a part: inside it as ever, to other nodes over the exchange, where
/// only this process's end is made.
class placed_channels final : public engine::channel_factory {
public:
  placed_channels(inproc_channels local, exchange* nodes, transport::topology_instance instance,
                  std::function<std::string(task_id)> node_of, inproc_channels::bell_of bells)
      : local_{std::move(local)},
        nodes_{nodes},
        instance_{instance},
        node_of_{std::move(node_of)},
        bells_{std::move(bells)} {}

  [[nodiscard]] result<ends> make(const engine::plan_channel& channel, generation incarnation) override {
    const auto source = node_of_(channel.source);
    const auto target = node_of_(channel.target);
    if (source.empty() && target.empty()) return local_.make(channel, incarnation);
    ends out;
    if (source.empty()) {
      auto end = nodes_->open_sender(target, instance_, channel, incarnation, bells_(channel.source));
      if (!end) return std::move(end).error();
      out.first = *std::move(end);
    } else {
      auto end = nodes_->open_receiver(source, instance_, channel, incarnation, bells_(channel.target));
      if (!end) return std::move(end).error();
      out.second = *std::move(end);
    }
    return out;
  }

private:
  inproc_channels local_;
  exchange* nodes_;  ///< null: all tasks are here
  transport::topology_instance instance_;
  std::function<std::string(task_id)> node_of_;  ///< empty: here
  inproc_channels::bell_of bells_;
};

}  // namespace millrace::runtime::remote
