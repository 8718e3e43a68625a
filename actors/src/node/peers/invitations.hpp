#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/join_token.hpp"
#include "node/access/permissions.hpp"

namespace millrace::node {

/// What a person makes of an invitation: a key under this name.
struct key_offer {
  std::string name;
  grant allows;
};

/// What another node may join with, or a person may make a key with, once: a pair of CURVE keys made for that. The
/// secret is in the token and nowhere else; the node keeps the public key, which tells nothing of it, in
/// `invitations.json` (mode 0600). So a stranger without a token does not get as far as a request, and one with a wrong
/// token neither. Time is handed in. Changes are durable when they return. Thread: control thread.
class invitations {
public:
  using time_point = std::chrono::sys_seconds;
  static constexpr std::size_t open_max = 16;
  static constexpr std::chrono::seconds lifetime_min{10};
  static constexpr std::chrono::hours lifetime_max{24 * 7};

  [[nodiscard]] static result<invitations> open(const std::filesystem::path& folder);

  /// Errors: `limit_exceeded` when too many are open, `invalid_argument` for a lifetime out of bounds.
  /// `offer`: for a person's key; nothing: for a node.
  [[nodiscard]] result<transport::curve_keys> make(time_point now, std::chrono::seconds lifetime,
                                                   std::optional<key_offer> offer = std::nullopt);
  /// Until when there is such an invitation, used or not; nothing: it is not known, or has ended.
  [[nodiscard]] std::optional<time_point> end_of(const std::string& public_key, time_point now) const;
  /// What it offers; nothing: it is not known, or for a node.
  [[nodiscard]] std::optional<key_offer> offer_of(const std::string& public_key) const;
  /// Whether nobody has used it.
  [[nodiscard]] bool is_open(const std::string& public_key) const { return was_used_by(public_key, {}); }
  /// Whether this node, or this key, has it already.
  [[nodiscard]] bool was_used_by(const std::string& public_key, const std::string& server_key) const;
  /// Gives the invitation to the node or person with this key. They may come again, should they not have heard the
  /// answer; others may not. Errors (`denied`): it has ended, was used by another, is not known.
  [[nodiscard]] result<void> use(const std::string& public_key, const std::string& server_key, time_point now);

private:
  struct invitation {
    std::string public_key;
    time_point ends;
    std::string used_by;  // the key it was used for; empty: open
    std::optional<key_offer> offer{};
  };
  explicit invitations(std::filesystem::path file) : file_{std::move(file)} {}
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<void> save(std::vector<invitation> next);

  std::filesystem::path file_;
  std::vector<invitation> all_;  // oldest first
};

}  // namespace millrace::node
