#include <sys/resource.h>

#include "validation/graph.hpp"

namespace millrace::detail {
namespace {

/// An in-process channel is a pair of sockets.
constexpr std::uint64_t descriptors_a_channel = 2;
/// For the store, the control socket, the log and the files of actors.
constexpr std::uint64_t descriptors_besides = 64;
/// A plan lists its channels: a mesh of this size takes some hundred MB.
constexpr std::uint64_t channels_max = 1'000'000;

std::uint64_t channels_of(const graph& g, const graph_stream& s) {
  const std::uint64_t senders = g.source(s).parallelism;
  const bool is_mesh = g.source(s).is(actor_kind::router) && s.output != engine::actor_access::dead_index;
  return is_mesh ? senders * g.target(s).parallelism : senders;
}

}  // namespace

void check_limits(graph& g) {
  std::uint64_t channels = 0;
  for (const auto& s : g.streams) channels += channels_of(g, s);
  const auto text = std::to_string(channels) + " channels";
  if (channels > channels_max) {
    g.problems.error("streams", "they need " + text + ", more than " + std::to_string(channels_max),
                     "lower the parallelism around the routers: each joins every sender to every receiver");
    return;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return;
  const auto needed = channels * descriptors_a_channel + descriptors_besides;
  if (needed <= limit.rlim_max) return;
  g.problems.error("streams",
                   text + " need " + std::to_string(needed) + " file descriptors, but this process may have only " +
                       std::to_string(limit.rlim_max),
                   "raise the hard limit ('ulimit -Hn " + std::to_string(needed) +
                       "' or LimitNOFILE= in the service), or lower the parallelism");
}

}  // namespace millrace::detail
