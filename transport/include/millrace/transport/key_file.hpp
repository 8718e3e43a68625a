#pragma once

#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::transport {

/// What its holder reaches a node with: where the node is, the node's own key, and the secret.
struct key_file {
  std::string name;
  std::string address;  ///< tcp://HOST:PORT
  remote_keys keys;
};

/// Writes it for this user alone (mode 0600). Error (`already_exists`): it is there.
[[nodiscard]] result<void> write_key_file(const std::string& path, const key_file& key);
/// Errors: no such file, one that others can read, one that is no key file.
[[nodiscard]] result<key_file> read_key_file(const std::string& path);

}  // namespace millrace::transport
