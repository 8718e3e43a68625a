#include "node/deployment_store.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "millrace/topology.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* file_name = "deployment.json";
constexpr int format = 1;

error unreadable(const fs::path& file, const std::string& why) {
  return fatal_error(errc::corrupt,
                     file.string() + ": " + why + "; mend it, or remove the folder to forget the topology");
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
    return deployment{name, j.at("topology").get<std::string>(), j.at("base_folder").get<std::string>(),
                      j.at("wanted").get<bool>(), *std::move(where)};
  } catch (const json::exception& e) {
    return unreadable(file, e.what());
  }
}

}  // namespace

result<deployment_store> deployment_store::open(const fs::path& folder) {
  if (auto made = persistence::make_folder(folder / "topologies"); !made) return std::move(made).error();
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

result<std::vector<deployment>> deployment_store::load() const {
  std::vector<deployment> all;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator{folder_ / "topologies", code}) {
    const auto file = entry.path() / file_name;
    const auto name = entry.path().filename().string();
    // A folder without it was being made, or removed, when the node died.
    if (!is_valid_name(name) || !fs::exists(file, code)) continue;
    auto one = read(file, name);
    if (!one) return std::move(one).error();
    all.push_back(*std::move(one));
  }
  if (code) return fatal_error(errc::io_error, "cannot list " + folder_.string() + ": " + code.message());
  std::ranges::sort(all, {}, &deployment::name);
  return all;
}

result<void> deployment_store::save(const deployment& d) const {
  const auto folder = folder_of(d.name);
  if (auto made = persistence::make_folder(folder); !made) return made;
  if (auto synced = persistence::sync_folder(folder.parent_path()); !synced) return synced;
  const json j{{"millrace_deployment", format},
               {"base_folder", d.base_folder},
               {"wanted", d.is_wanted},
               {"placement", to_json(d.where)},
               {"topology", d.text}};
  return persistence::replace_file(folder / file_name, j.dump(2) + "\n");
}

result<void> deployment_store::remove(const std::string& name) const {
  std::error_code code;
  // First what makes it a deployment: should the rest fail, the topology is forgotten all the same.
  fs::remove(folder_of(name) / file_name, code);
  if (!code) fs::remove_all(folder_of(name), code);
  if (code) return fatal_error(errc::io_error, "cannot remove " + folder_of(name).string() + ": " + code.message());
  return persistence::sync_folder(folder_ / "topologies");
}

}  // namespace millrace::node
