#pragma once

#include <chrono>
#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/zmq_context.hpp"

namespace millrace::transport {

/// Where a control server listens to other machines, as seen from this one.
struct door {
  std::string address{};     ///< tcp://HOST:PORT; a host that stands for all addresses is tried on loopback
  std::string server_key{};  ///< the public one
};

/// Tries from outside whether a server that has just begun to listen lets in whom it should and nobody else: a
/// connection without keys and one with `strange` keys must be turned away, one with `known` must be answered (also
/// with a refusal), so that a door that is merely dead does not pass for a closed one.
///
/// Errors: `denied` when somebody is let in who must not be; `timeout` when not all is decided in time. Thread: any but
/// the server's.
[[nodiscard]] result<void> check_door(zmq_context& context, const door& at, const curve_keys& known,
                                      const curve_keys& strange, std::chrono::milliseconds timeout);

}  // namespace millrace::transport
