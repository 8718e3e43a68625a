#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::node {

/// Another node, as this one knows it. Its key is who it is: the same pair of keys proves it as a server and a client,
/// on control and on links.
struct peer {
  std::string name;
  std::string control_address;                  ///< tcp://HOST:PORT; empty: it takes no requests over the network
  std::string link_address{};                   ///< tcp://HOST:PORT; empty: no part in topologies of several nodes
  std::string server_key;                       ///< Z85
  std::map<std::string, std::string> labels{};  ///< for placement
  std::string added_at{};                       ///< ISO 8601

  /// True when all but the time is the same.
  [[nodiscard]] bool is_same_as(const peer& other) const;
};

/// Which nodes a node knows: `peers.json` (mode 0600) in its data folder. Those that were removed stay known by their
/// keys, so that nobody else's word brings them back. Changes are durable when they return. Thread: any.
class peer_registry {
public:
  static constexpr std::size_t peers_max = 256;
  static constexpr std::size_t labels_max = 32;

  /// Error (`corrupt`): names the file and what is wrong with it.
  [[nodiscard]] static result<peer_registry> open(const std::filesystem::path& folder);

  /// By name.
  [[nodiscard]] std::vector<peer> list() const;
  [[nodiscard]] std::optional<peer> find(const std::string& name) const;
  /// Whose key this is; nothing: no peer's.
  [[nodiscard]] std::optional<std::string> name_of(const std::string& server_key) const;
  /// Counts changes since the process began.
  [[nodiscard]] std::uint64_t revision() const;

  /// Adds it, or takes over new addresses and labels of one with the same name and key. True: something changed.
  /// Errors: fields that are none, a name that another key has, a key under another name, `limit_exceeded`.
  [[nodiscard]] result<bool> add(peer p);
  /// As `add`, on another node's word: one that was removed here stays away (false).
  [[nodiscard]] result<bool> learn(peer p);
  /// From now on it is a stranger. Error: `not_found`.
  [[nodiscard]] result<void> remove(const std::string& name);

private:
  struct content {
    std::map<std::string, peer> peers;  // by name
    std::set<std::string> removed;      // keys
  };
  explicit peer_registry(std::filesystem::path file) : file_{std::move(file)} {}
  [[nodiscard]] result<void> load();
  [[nodiscard]] result<bool> put(content next, peer p);
  [[nodiscard]] result<void> save(content next);

  std::filesystem::path file_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  content known_;
  std::uint64_t revision_ = 0;
};

/// Whether the fields of a peer are what they must be. Error: names the field. Pure.
[[nodiscard]] result<void> check_peer(const peer& p);

/// The fields of a peer as other nodes and people get them.
[[nodiscard]] nlohmann::json to_json(const peer& p);
/// Error (`invalid_argument`): a field that is missing or no text.
[[nodiscard]] result<peer> peer_from_json(const nlohmann::json& j);

}  // namespace millrace::node
