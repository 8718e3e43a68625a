#include "node/peers/peer_registry.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "millrace/persistence/data_folder.hpp"
#include "millrace/topology.hpp"
#include "millrace/transport/curve_keys.hpp"
#include "millrace/transport/node_address.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int format = 1;
constexpr std::size_t label_bytes_max = 256;
/// So that keys that come and go do not make the file grow without end; the limit says so.
constexpr std::size_t removed_max = 4096;

error bad_field(const std::string& what) {
  return user_error(errc::invalid_argument, "a node " + what);
}

result<void> check_address(const std::string& address, const char* what) {
  if (address.empty()) return {};
  if (auto fine = transport::check_node_address(address); !fine) {
    return bad_field(std::string{"with a "} + what + " address that is none: " + fine.error().message);
  }
  return {};
}

}  // namespace

bool peer::is_same_as(const peer& other) const {
  return name == other.name && control_address == other.control_address && link_address == other.link_address &&
         server_key == other.server_key && labels == other.labels;
}

result<void> check_peer(const peer& p) {
  if (!is_valid_name(p.name)) return bad_field("needs a name of 1 to 64 of a-z, A-Z, 0-9, _ and -");
  if (!transport::is_curve_key(p.server_key)) return bad_field("'" + p.name + "' needs a server_key, 40 characters");
  if (auto fine = check_address(p.control_address, "control"); !fine) return fine;
  if (auto fine = check_address(p.link_address, "link"); !fine) return fine;
  if (p.labels.size() > peer_registry::labels_max) {
    return bad_field("'" + p.name + "' has more than " + std::to_string(peer_registry::labels_max) + " labels");
  }
  for (const auto& [name, value] : p.labels) {
    if (!is_valid_name(name) || value.size() > label_bytes_max) {
      return bad_field("'" + p.name + "' has a label whose name is none, or with more than " +
                       std::to_string(label_bytes_max) + " bytes");
    }
  }
  return {};
}

json to_json(const peer& p) {
  return {{"name", p.name},
          {"control_address", p.control_address},
          {"link_address", p.link_address},
          {"server_key", p.server_key},
          {"labels", p.labels},
          {"added_at", p.added_at}};
}

result<peer> peer_from_json(const json& j) {
  try {
    return peer{j.at("name"),
                j.value("control_address", ""),
                j.value("link_address", ""),
                j.at("server_key"),
                j.value("labels", std::map<std::string, std::string>{}),
                j.value("added_at", "")};
  } catch (const json::exception&) {
    return bad_field("is told by name, server_key and, where it has them, control_address, link_address and labels");
  }
}

result<peer_registry> peer_registry::open(const fs::path& folder) {
  peer_registry made{folder / "peers.json"};
  if (auto loaded = made.load(); !loaded) return std::move(loaded).error();
  return made;
}

result<void> peer_registry::load() {
  std::ifstream in{file_, std::ios::binary};
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto damaged = [&](const std::string& why) {
    return fatal_error(errc::corrupt, file_.string() + ": " + why + "; restore it, or remove it and join again");
  };
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object() || !j.contains("millrace_peers") || j["millrace_peers"] != format) {
    return damaged("this is no list of nodes of this version");
  }
  try {
    for (const auto& one : j.at("peers")) {
      auto p = peer_from_json(one);
      if (!p) return damaged(p.error().message);
      if (auto fine = check_peer(*p); !fine) return damaged(fine.error().message);
      const auto name = p->name;
      known_.peers[name] = *std::move(p);
    }
    known_.removed = j.at("removed").get<std::set<std::string>>();
  } catch (const json::exception& e) {
    return damaged(e.what());
  }
  return {};
}

/// Writes it, and takes it over when it is written. The mutex is held.
result<void> peer_registry::save(content next) {
  auto list = json::array();
  for (const auto& [name, p] : next.peers) list.push_back(to_json(p));
  const json j{{"millrace_peers", format}, {"peers", std::move(list)}, {"removed", next.removed}};
  if (auto saved = persistence::replace_file(file_, j.dump(2) + "\n", 0600); !saved) return saved;
  known_ = std::move(next);
  ++revision_;
  return {};
}

std::vector<peer> peer_registry::list() const {
  const std::lock_guard lock{*mutex_};
  std::vector<peer> out;
  for (const auto& [name, p] : known_.peers) out.push_back(p);
  return out;
}

std::optional<peer> peer_registry::find(const std::string& name) const {
  const std::lock_guard lock{*mutex_};
  const auto found = known_.peers.find(name);
  return found == known_.peers.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::string> peer_registry::name_of(const std::string& server_key) const {
  const std::lock_guard lock{*mutex_};
  const auto found = std::ranges::find(known_.peers, server_key, [](const auto& p) { return p.second.server_key; });
  return found == known_.peers.end() ? std::nullopt : std::optional{found->first};
}

std::uint64_t peer_registry::revision() const {
  const std::lock_guard lock{*mutex_};
  return revision_;
}

result<bool> peer_registry::put(content next, peer p) {
  if (auto fine = check_peer(p); !fine) return std::move(fine).error();
  const auto named = next.peers.find(p.name);
  if (named != next.peers.end() && named->second.server_key != p.server_key) {
    return user_error(errc::already_exists, "there is another node '" + p.name +
                                                "', with another key; give this one "
                                                "another name, or remove the other with 'millrace node remove " +
                                                p.name + "'");
  }
  if (named != next.peers.end() && named->second.is_same_as(p)) return false;
  for (const auto& [name, other] : next.peers) {
    if (other.server_key == p.server_key && name != p.name)
      return user_error(errc::already_exists, "this is the key of node '" + name + "'");
  }
  if (named == next.peers.end() && next.peers.size() >= peers_max) {
    return user_error(errc::limit_exceeded,
                      "the node knows " + std::to_string(peers_max) + " others, which is the limit");
  }
  if (named != next.peers.end()) p.added_at = named->second.added_at;
  next.removed.erase(p.server_key);
  const auto name = p.name;
  next.peers[name] = std::move(p);
  if (auto saved = save(std::move(next)); !saved) return std::move(saved).error();
  return true;
}

result<bool> peer_registry::add(peer p) {
  const std::lock_guard lock{*mutex_};
  return put(known_, std::move(p));
}

result<bool> peer_registry::learn(peer p) {
  const std::lock_guard lock{*mutex_};
  if (known_.removed.contains(p.server_key)) return false;
  return put(known_, std::move(p));
}

result<void> peer_registry::remove(const std::string& name) {
  const std::lock_guard lock{*mutex_};
  const auto found = known_.peers.find(name);
  if (found == known_.peers.end()) return user_error(errc::not_found, "there is no node '" + name + "' here");
  auto next = known_;
  if (next.removed.size() >= removed_max) {
    return user_error(errc::limit_exceeded, "too many nodes were removed: empty 'removed' in " + file_.string() +
                                                " while the node is stopped");
  }
  next.removed.insert(found->second.server_key);
  next.peers.erase(name);
  return save(std::move(next));
}

}  // namespace millrace::node
