#include "node/access/key_registry.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "millrace/persistence/data_folder.hpp"
#include "millrace/topology.hpp"
#include "node/access/topics.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A program that knows of no topics would take a key that has some for one without limits: it must not read those.
constexpr int format = 1;
constexpr int format_with_topics = 2;

std::optional<std::string> read(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

/// A secret that others can read is none.
result<void> check_private(const fs::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return user_error(errc::not_found, "cannot look at the node's key " + file.string());
  }
  if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
    return user_error(errc::invalid_argument,
                      file.string() +
                          " must belong to this user and be readable for nobody else: "
                          "chmod 600, or remove it to get a new one (clients then need new key files)");
  }
  return {};
}

constexpr const char* own_file = "node.key";

bool is_good(const known_key& k, const std::string& public_key) {
  if (!k.revoked_at.empty()) return false;
  return k.public_key == public_key || (k.old_key == public_key && std::chrono::system_clock::now() < k.old_until);
}

}  // namespace

result<transport::curve_keys> key_registry::read_own(const fs::path& folder) {
  const auto file = folder / own_file;
  if (auto fine = check_private(file); !fine) return fine.error();
  auto text = read(file).value_or("");
  text.erase(std::find(text.begin(), text.end(), '\n'), text.end());
  auto keys = transport::curve_keys_of(std::move(text));
  if (keys) return keys;
  return fatal_error(errc::corrupt, file.string() + " holds no secret key; restore it, or remove it to get a new one");
}

result<key_registry> key_registry::open(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / own_file, ignored)) {
    const auto fresh = transport::make_curve_keys();
    if (!fresh) return fresh.error();
    if (auto saved = persistence::replace_file(folder / own_file, fresh->secret_key + "\n", 0600); !saved) {
      return saved.error();
    }
  }
  auto own = read_own(folder);
  if (!own) return std::move(own).error();
  key_registry made{folder / "keys.json", *std::move(own)};
  if (auto loaded = made.load(); !loaded) return std::move(loaded).error();
  return made;
}

result<void> key_registry::load() {
  const auto text = read(file_);
  if (!text) return {};
  const auto damaged = [&](const std::string& why) {
    return fatal_error(errc::corrupt, file_.string() + ": " + why + "; restore it, nobody is let in by guesswork");
  };
  const auto j = json::parse(*text, nullptr, false);
  const auto version = j.is_object() ? j.value("millrace_keys", 0) : 0;
  if (version != format && version != format_with_topics) return damaged("this is no list of keys of this version");
  try {
    for (const auto& k : j.at("keys")) {
      const auto may = role_of(k.at("role").get<std::string>());
      known_key key{k.at("public_key"),
                    {may.value_or(role::viewer), k.at("topologies"), k.value("topics", std::vector<std::string>{})},
                    k.at("created_at"),
                    k.at("revoked_at"),
                    k.value("old_key", ""),
                    std::chrono::sys_seconds{std::chrono::seconds{k.value("old_until", std::int64_t{0})}}};
      if (!may || !transport::is_curve_key(key.public_key))
        return damaged("key '" + k.at("name").get<std::string>() + "'");
      const auto name = k.at("name").get<std::string>();
      if (key.revoked_at.empty()) name_by_key_[key.public_key] = name;
      if (key.revoked_at.empty() && !key.old_key.empty()) name_by_key_[key.old_key] = name;
      keys_[name] = std::move(key);
    }
  } catch (const json::exception& e) {
    return damaged(e.what());
  }
  return {};
}

result<void> key_registry::save() const {
  auto list = json::array();
  auto version = format;
  for (const auto& [name, k] : keys_) {
    if (!k.allows.topics.empty()) version = format_with_topics;
    list.push_back({{"name", name},
                    {"public_key", k.public_key},
                    {"role", to_string(k.allows.may)},
                    {"created_at", k.created_at},
                    {"revoked_at", k.revoked_at},
                    {"old_key", k.old_key},
                    {"old_until", k.old_until.time_since_epoch().count()}});
    put_limits(k.allows, list.back());
  }
  return persistence::replace_file(file_, json{{"millrace_keys", version}, {"keys", std::move(list)}}.dump(2) + "\n");
}

std::optional<std::string> key_registry::name_of(const std::string& public_key) const {
  const auto found = name_by_key_.find(public_key);
  const bool is_known = found != name_by_key_.end() && is_good(keys_.at(found->second), public_key);
  return is_known ? std::optional{found->second} : std::nullopt;
}

std::optional<grant> key_registry::find(const std::string& name, const std::string& public_key) const {
  const auto found = keys_.find(name);
  if (found == keys_.end() || !is_good(found->second, public_key)) return std::nullopt;
  return found->second.allows;
}

result<void> key_registry::add(const std::string& name, known_key key) {
  if (!is_valid_name(name)) {
    return user_error(errc::invalid_argument,
                      "'" + name + "' is no name for a key: take 1 to 64 of a-z, A-Z, 0-9, _ and -");
  }
  if (keys_.contains(name)) {
    return user_error(errc::already_exists, "there is, or was, a key '" + name + "': names are used once");
  }
  if (auto fine = check_new(key.public_key); !fine) return fine;
  if (keys_.size() >= keys_max) {
    return user_error(errc::limit_exceeded, "the node knows " + std::to_string(keys_max) + " keys, which is the limit");
  }
  name_by_key_[key.public_key] = name;
  keys_[name] = std::move(key);
  auto saved = save();
  if (!saved) {
    name_by_key_.erase(keys_[name].public_key);
    keys_.erase(name);
  }
  return saved;
}

result<void> key_registry::check_new(const std::string& public_key) const {
  if (!transport::is_curve_key(public_key)) return user_error(errc::invalid_argument, "this is no public key");
  for (const auto& [other, k] : keys_) {
    if (k.public_key == public_key || k.old_key == public_key)
      return user_error(errc::already_exists, "this is the key of '" + other + "'");
  }
  return {};
}

result<void> key_registry::rotate(const std::string& name, const std::string& public_key,
                                  std::chrono::sys_seconds old_until) {
  const auto found = keys_.find(name);
  if (found == keys_.end() || !found->second.revoked_at.empty()) {
    return user_error(errc::not_found, "there is no key '" + name + "', or it is revoked");
  }
  if (auto fine = check_new(public_key); !fine) return fine;
  const auto before = found->second;
  found->second.old_key = before.public_key;
  found->second.old_until = old_until;
  found->second.public_key = public_key;
  auto saved = save();
  if (!saved) {
    found->second = before;
    return saved;
  }
  name_by_key_.erase(before.old_key);
  name_by_key_[public_key] = name;
  return {};
}

result<void> key_registry::revoke(const std::string& name, std::string at) {
  const auto found = keys_.find(name);
  if (found == keys_.end()) return user_error(errc::not_found, "there is no key '" + name + "'");
  if (!found->second.revoked_at.empty()) return {};
  // Should the file not be written, the key is out all the same, until the next start; the error says so.
  name_by_key_.erase(found->second.public_key);
  name_by_key_.erase(found->second.old_key);
  found->second.revoked_at = std::move(at);
  auto saved = save();
  if (saved) return saved;
  return fatal_error(saved.error().code,
                     "'" + name + "' is out until the node's next start only: " + saved.error().message);
}

}  // namespace millrace::node
