#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "node/access/permissions.hpp"

namespace millrace::node {

/// A key that somebody has, as the node knows it.
struct known_key {
  std::string public_key;  ///< Z85
  grant allows;
  std::string created_at;                ///< ISO 8601
  std::string revoked_at;                ///< empty: it is good
  std::string old_key{};                 ///< the one before it was rotated; empty: there is none
  std::chrono::sys_seconds old_until{};  ///< it is good as long
};

/// Whose keys a node knows, and its own: `node.key` (mode 0600) and `keys.json` in its data folder. Names are never
/// used again. Changes are durable when they return. Thread: control thread.
class key_registry {
public:
  static constexpr std::size_t keys_max = 10'000;

  /// Makes the node's own keys at the first start. Errors: files that cannot be read, or that others can.
  [[nodiscard]] static result<key_registry> open(const std::filesystem::path& folder);

  /// The node's own keys, where it has some. Error (`not_found`): it has not.
  [[nodiscard]] static result<transport::curve_keys> read_own(const std::filesystem::path& folder);

  [[nodiscard]] const transport::curve_keys& own() const noexcept { return own_; }
  /// The name of a key that is good; nothing for one that is not known, or revoked.
  [[nodiscard]] std::optional<std::string> name_of(const std::string& public_key) const;
  /// What this key allows now; nothing when it is not the name's, revoked, or was rotated and its time is over.
  [[nodiscard]] std::optional<grant> find(const std::string& name, const std::string& public_key) const;
  [[nodiscard]] const std::map<std::string, known_key>& all() const noexcept { return keys_; }

  /// Errors: a name that is taken or none, a key that is none or known already, `limit_exceeded`.
  [[nodiscard]] result<void> add(const std::string& name, known_key key);
  /// Another key under the name; the one before is good until then, also on open connections. Errors: `not_found` for a
  /// name that is not there or revoked, and those of `add` about the key.
  [[nodiscard]] result<void> rotate(const std::string& name, const std::string& public_key,
                                    std::chrono::sys_seconds old_until);
  /// Its open connections are of no use from now on. Errors: `not_found`.
  [[nodiscard]] result<void> revoke(const std::string& name, std::string at);

private:
  key_registry(std::filesystem::path file, transport::curve_keys own) : file_{std::move(file)}, own_{std::move(own)} {}
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<void> check_new(const std::string& public_key) const;
  [[nodiscard]] result<void> save() const;

  std::filesystem::path file_;
  transport::curve_keys own_;
  std::map<std::string, known_key> keys_;           // by name
  std::map<std::string, std::string> name_by_key_;  // good ones, and those that were rotated, by public key
};

}  // namespace millrace::node
