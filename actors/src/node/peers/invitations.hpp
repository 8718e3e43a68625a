#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"

namespace millrace::node {

/// What another node may join with, once: a pair of CURVE keys made for that. The secret is in the token and nowhere
/// else; the node keeps the public key, which tells nothing of it, in `invitations.json` (mode 0600). So a stranger
/// without a token does not get as far as a request, and one with a wrong token neither. Time is handed in. Changes are
/// durable when they return. Thread: control thread.
class invitations {
public:
  using time_point = std::chrono::sys_seconds;
  static constexpr std::size_t open_max = 16;
  static constexpr std::chrono::seconds lifetime_min{10};
  static constexpr std::chrono::hours lifetime_max{24 * 7};

  [[nodiscard]] static result<invitations> open(const std::filesystem::path& folder);

  /// Errors: `limit_exceeded` when too many are open, `invalid_argument` for a lifetime out of bounds.
  [[nodiscard]] result<transport::curve_keys> make(time_point now, std::chrono::seconds lifetime);
  /// Until when there is such an invitation, used or not; nothing: it is not known, or has ended.
  [[nodiscard]] std::optional<time_point> end_of(const std::string& public_key, time_point now) const;
  /// Whether this node has it already.
  [[nodiscard]] bool was_used_by(const std::string& public_key, const std::string& server_key) const;
  /// Gives the invitation to the node with this key. It may come again, should it not have heard the answer; another
  /// node may not. Errors (`denied`): it has ended, was used by another, is not known.
  [[nodiscard]] result<void> use(const std::string& public_key, const std::string& server_key, time_point now);

private:
  struct invitation {
    std::string public_key;
    time_point ends;
    std::string used_by;  // a node's key; empty: open
  };
  explicit invitations(std::filesystem::path file) : file_{std::move(file)} {}
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<void> save(std::vector<invitation> next);

  std::filesystem::path file_;
  std::vector<invitation> all_;  // oldest first
};

/// What is handed from one node's administrator to another's.
struct join_token {
  std::string address;     ///< tcp://HOST:PORT of the node that invites
  std::string server_key;  ///< its public key: nobody else can pose as it
  std::string secret_key;  ///< of the invitation
  invitations::time_point ends;
};
/// One word without characters that shells know.
[[nodiscard]] std::string to_text(const join_token& t);
/// Error (`invalid_argument`): it is none, or not all of it.
[[nodiscard]] result<join_token> join_token_of(std::string_view text);

}  // namespace millrace::node
