#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "millrace/error.hpp"

namespace millrace::transport {

/// What an administrator of a node hands out, once: to another node's administrator, so that their nodes know each
/// other, or to a person, who makes a key with it. It holds the secret of a pair of keys made for this one purpose,
/// which the node knows by the public one alone.
struct join_token {
  std::string address;     ///< tcp://HOST:PORT of the node that invites
  std::string server_key;  ///< its public key: nobody else can pose as it
  std::string secret_key;  ///< of the invitation
  std::chrono::sys_seconds ends;
  std::string holder{};  ///< whose key it becomes; empty: it is for a node
  std::string role{};    ///< with it, for people to read: the node knows by itself
};

/// One word without characters that shells know.
[[nodiscard]] std::string to_text(const join_token& t);
/// Error (`invalid_argument`): it is none, or not all of it.
[[nodiscard]] result<join_token> join_token_of(std::string_view text);

}  // namespace millrace::transport
