#pragma once

#include <chrono>
#include <string>

#include "millrace/transport/control_client.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport {

struct control_client::connection {
  socket_handle socket;
  socket_handle monitor;  // says when a connection was made
  std::string address;
};

[[nodiscard]] error no_answer(const std::string& verb, std::chrono::milliseconds deadline);

}  // namespace millrace::transport
