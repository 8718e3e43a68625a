#pragma once

#include <string>

#include "millrace/error.hpp"

namespace millrace::transport {

/// Whether others could connect there: tcp://HOST:PORT with a host that is a name or an address, not a wildcard, and a
/// port from 1 to 65535. Pure. Error (`invalid_argument`): what is wrong.
[[nodiscard]] result<void> check_node_address(const std::string& address);

/// What others are told of an address a process listens at: for all of a machine's addresses (0.0.0.0, [::], *) the
/// machine's own name stands in.
[[nodiscard]] std::string reachable_address(const std::string& listening);

/// The public part of a pair of keys (Z85) for people to compare: 128 bits of its SHA-256, in groups of four hex
/// digits.
[[nodiscard]] std::string fingerprint(const std::string& public_key);

}  // namespace millrace::transport
