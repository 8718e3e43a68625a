#pragma once

#include <cstdint>
#include <string>

#include "millrace/error.hpp"

namespace millrace::library {

/// Where a server listens: an address of this machine as digits, never a name that would have to be looked up.
struct listen_address {
  std::string host;  ///< `127.0.0.1`, `::1`
  std::uint16_t port = 0;
  bool is_v6 = false;

  /// Nobody but this machine reaches it.
  [[nodiscard]] bool is_loopback() const noexcept { return host == "::1" || host.rfind("127.", 0) == 0; }
  /// `127.0.0.1:8080`, `[::1]:8080`
  [[nodiscard]] std::string text() const;
};

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or `*:8080` (every address of this machine, IPv4). Errors
/// name the parameter.
[[nodiscard]] result<listen_address> parse_listen_address(const std::string& text, const std::string& parameter);

}  // namespace millrace::library
