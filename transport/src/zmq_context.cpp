#include "millrace/transport/zmq_context.hpp"

#include <sys/resource.h>
#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace millrace::transport {
namespace {

constexpr std::size_t sockets_per_channel = 2;
/// LMDB environments, logs, plugins' connections, ZeroMQ's own threads, and control: 64 local clients, and 96
/// connections of other machines with three each.
constexpr std::size_t reserved_descriptors = 512;
/// Control servers, clients and node links beside the channels.
constexpr std::size_t reserved_sockets = 64;

std::string needs(std::size_t channels) {
  return std::to_string(channels) + " channels need " + std::to_string(descriptors_needed(channels)) + " open files";
}

}  // namespace

std::size_t descriptors_needed(std::size_t channels) noexcept {
  return channels * sockets_per_channel + reserved_descriptors;
}

result<void> raise_limits(std::size_t channels) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return fatal_error(errc::io_error, std::string{"cannot read the limit of open files: "} + std::strerror(errno));
  }
  const rlim_t need = descriptors_needed(channels);
  if (limit.rlim_cur >= need) {
    return {};
  }
  if (limit.rlim_max < need) {
    return user_error(errc::limit_exceeded,
                      needs(channels) + ", the hard limit is " + std::to_string(limit.rlim_max) +
                          ": lower the parallelism, or raise the limit (`ulimit -Hn`, LimitNOFILE= in a systemd unit, "
                          "nofile in /etc/security/limits.conf)");
  }
  limit.rlim_cur = need;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return fatal_error(errc::io_error, needs(channels) + ", raising the soft limit failed: " + std::strerror(errno));
  }
  return {};
}

result<zmq_context> zmq_context::open(std::size_t channels) {
  if (auto raised = raise_limits(channels); !raised) {
    return std::move(raised).error();
  }
  zmq_context context{zmq_ctx_new()};
  if (!context.handle_) {
    return fatal_error(errc::limit_exceeded, std::string{"cannot open a ZeroMQ context: "} + zmq_strerror(zmq_errno()));
  }
  const std::size_t sockets = channels * sockets_per_channel + reserved_sockets;
  const int most = zmq_ctx_get(context.native(), ZMQ_SOCKET_LIMIT);
  if (most < 0 || sockets > static_cast<std::size_t>(most)) {
    return user_error(errc::limit_exceeded, std::to_string(channels) + " channels need " + std::to_string(sockets) +
                                                " ZeroMQ sockets, a process may have " + std::to_string(most) +
                                                ": lower the parallelism or use more nodes");
  }
  if (zmq_ctx_set(context.native(), ZMQ_MAX_SOCKETS, static_cast<int>(sockets)) != 0) {
    return fatal_error(errc::limit_exceeded,
                       "ZeroMQ refuses " + std::to_string(sockets) + " sockets: " + zmq_strerror(zmq_errno()));
  }
  return context;
}

void zmq_context::closer::operator()(void* context) const noexcept {
  // A signal interrupts the wait for the last sockets; giving up then would leak ZeroMQ's threads.
  while (zmq_ctx_term(context) != 0 && zmq_errno() == EINTR) {
  }
}

}  // namespace millrace::transport
