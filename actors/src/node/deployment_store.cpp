#include "node/deployment_store.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "millrace/topology.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* file_name = "deployment.json";
/// What it is called when the topology is to go.
constexpr const char* forgotten_name = "removed.json";
/// What the names of folders begin with that are being deleted. No topology is called so.
constexpr std::string_view removed_mark = ".removed-";
constexpr int format = 1;

error unreadable(const fs::path& file, const std::string& why) {
  return fatal_error(errc::corrupt,
                     file.string() + ": " + why + "; mend it, or remove the folder to forget the topology");
}

error not_removed(const fs::path& what, const std::error_code& why) {
  return fatal_error(errc::io_error, "cannot remove " + what.string() + ": " + why.message());
}

result<deployment> read(const fs::path& file, const std::string& name) {
  std::ifstream in{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto j = json::parse(text, nullptr, false);
  if (!in || !j.is_object()) return unreadable(file, "this is no JSON object");
  if (j.value("millrace_deployment", 0) != format) return unreadable(file, "this is no deployment of this version");
  try {
    auto where = placement_rules_of(j.value("placement", json{}));
    if (!where) return unreadable(file, where.error().message);
    return deployment{name,
                      j.at("topology").get<std::string>(),
                      j.at("base_folder").get<std::string>(),
                      j.at("wanted").get<bool>(),
                      *std::move(where),
                      {j.value("paused_since_ns", std::int64_t{0})},
                      j.value("muted", std::set<std::string>{}),
                      j.value("from_savepoint", ""),
                      j.value("savepoint_moves", false)};
  } catch (const json::exception& e) {
    return unreadable(file, e.what());
  }
}

}  // namespace

result<deployment_store> deployment_store::open(const fs::path& folder) {
  // Topologies hold secrets, and so may what they keep: one that is made here is its owner's alone.
  std::error_code code;
  const bool is_new = !fs::exists(folder, code);
  if (auto made = persistence::make_folder(folder / "topologies"); !made) return std::move(made).error();
  if (is_new) fs::permissions(folder, fs::perms::owner_all, code);
  if (code) return fatal_error(errc::io_error, folder.string() + ": " + code.message());
  auto lock = persistence::directory_lock::take(folder);
  if (!lock) return std::move(lock).error();
  return deployment_store{fs::absolute(folder), *std::move(lock)};
}

fs::path deployment_store::folder_of(const std::string& name) const {
  return folder_ / "topologies" / name;
}

std::string deployment_store::data_dir_of(const std::string& name) const {
  return (folder_of(name) / "data").string();
}

fs::path deployment_store::log_file_of(const std::string& name) const {
  return folder_of(name) / "log.jsonl";
}

result<std::vector<deployment>> deployment_store::load() const {
  std::vector<deployment> all;
  std::vector<fs::path> going;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator{folder_ / "topologies", code}) {
    const auto file = entry.path() / file_name;
    const auto name = entry.path().filename().string();
    if (name.starts_with(removed_mark) || fs::exists(entry.path() / forgotten_name, code)) {
      going.push_back(entry.path());
      continue;
    }
    // A folder without it was being made when the node died.
    if (!is_valid_name(name) || !fs::exists(file, code)) continue;
    // One that an older version has written could be read by others.
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, code);
    auto one = read(file, name);
    if (!one) return std::move(one).error();
    all.push_back(*std::move(one));
  }
  if (code) return fatal_error(errc::io_error, "cannot list " + folder_.string() + ": " + code.message());
  for (const auto& folder : going) {
    if (fs::remove_all(folder, code); code) return not_removed(folder, code);
  }
  std::ranges::sort(all, {}, &deployment::name);
  return all;
}

result<void> deployment_store::save(const deployment& d) const {
  const auto folder = folder_of(d.name);
  std::error_code code;
  // Another one of this name: its data is not the new one's.
  if (fs::exists(folder / forgotten_name, code)) {
    if (auto gone = remove(d.name); !gone) return gone;
  }
  if (auto made = persistence::make_folder(folder); !made) return made;
  if (auto synced = persistence::sync_folder(folder.parent_path()); !synced) return synced;
  const json j{{"millrace_deployment", format},      {"base_folder", d.base_folder},         {"wanted", d.is_wanted},
               {"placement", to_json(d.where)},      {"paused_since_ns", d.paused_since.ns}, {"muted", d.muted},
               {"from_savepoint", d.from_savepoint}, {"savepoint_moves", d.moves},           {"topology", d.text}};
  return persistence::replace_file(folder / file_name, j.dump(2) + "\n", 0600);
}

result<void> deployment_store::forget(const std::string& name) const {
  std::error_code code;
  fs::rename(folder_of(name) / file_name, folder_of(name) / forgotten_name, code);
  if (code) return not_removed(folder_of(name), code);
  return persistence::sync_folder(folder_of(name));
}

result<void> deployment_store::remove(const std::string& name) const {
  std::error_code code;
  auto going = folder_ / "topologies" / (std::string{removed_mark} + name);
  for (int i = 1; fs::exists(going, code); ++i)
    going.replace_filename(std::string{removed_mark} + name + "-" + std::to_string(i));
  // All of it at once: a new deployment of this name must not find a part of it.
  fs::rename(folder_of(name), going, code);
  if (code) return not_removed(folder_of(name), code);
  if (auto synced = persistence::sync_folder(going.parent_path()); !synced) return synced;
  if (fs::remove_all(going, code); code) return not_removed(going, code);
  return {};
}

}  // namespace millrace::node
