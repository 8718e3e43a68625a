#include "plugins/plugin_loader.hpp"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string_view>

#include "millrace/plugin.hpp"
#include "millrace/registry.hpp"
#include "plugins/plugin_note_reader.hpp"

namespace millrace::plugins {

namespace {

namespace fs = std::filesystem;

result<void> check_owner(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return user_error(errc::io_error, "cannot look at '" + path + "'");
  if (s.st_uid != 0 && s.st_uid != ::geteuid()) {
    return user_error(errc::invalid_argument, "'" + path +
                                                  "' belongs to another user, whose code would run as you: own it or "
                                                  "give it to root");
  }
  if ((s.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return user_error(errc::invalid_argument,
                      "others may write to '" + path + "', so its code could be anybody's: chmod go-w '" + path + "'");
  }
  return {};
}

/// Who may rename a folder on the way may put another one in its place; in a sticky one, as /tmp, only its owner and
/// that of the folder may.
result<void> check_way(const fs::path& folder) {
  for (auto at = folder.parent_path(); !at.empty(); at = at.parent_path()) {
    struct stat s {};
    if (::stat(at.c_str(), &s) != 0) return user_error(errc::io_error, "cannot look at '" + at.string() + "'");
    const bool is_trusted = s.st_uid == 0 || s.st_uid == ::geteuid();
    const bool may_others_write = (s.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (s.st_mode & S_ISVTX) == 0;
    if (!is_trusted || may_others_write) {
      return user_error(errc::invalid_argument, "others may put another folder in the place of '" + folder.string() +
                                                    "', since they may write to '" + at.string() + "': chmod go-w '" +
                                                    at.string() + "', own it, or keep plugins elsewhere");
    }
    if (at == at.root_path()) break;
  }
  return {};
}

result<void> check_fit(const plugin_identity& p, const std::string& path) {
  if (p.abi == detail::plugin_abi && p.layout == detail::plugin_layout) return {};
  return user_error(errc::invalid_argument, "the plugin '" + p.name + "' (" + path +
                                                ") was built for another version of Millrace: build it again against "
                                                "the one that is installed");
}

/// By type. Filled while plugins are loaded, read only afterwards, as the registry of types is.
std::map<std::string, std::string>& builds() {
  static std::map<std::string, std::string> by_type;
  return by_type;
}

void append_folders(std::vector<std::string>& out, std::string_view list) {
  while (!list.empty()) {
    const auto one = list.substr(0, list.find(':'));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    if (!one.empty()) out.emplace_back(one);
  }
}

}  // namespace

result<loaded_plugin> load_plugin(const std::string& path, const trusted_builds& trusted) {
  std::error_code problem;
  const auto real = fs::canonical(path, problem).string();
  if (problem) return user_error(errc::io_error, "cannot find the plugin '" + path + "': " + problem.message());
  if (auto ok = check_owner(fs::path{real}.parent_path().string()); !ok) return std::move(ok).error();
  if (auto ok = check_owner(real); !ok) return std::move(ok).error();
  if (auto ok = check_way(fs::path{real}.parent_path()); !ok) return std::move(ok).error();
  auto identity = read_plugin_note(real);
  if (!identity) return std::move(identity).error();
  if (auto ok = check_trusted(*identity, real, trusted); !ok) return std::move(ok).error();
  if (auto ok = check_fit(*identity, real); !ok) return std::move(ok).error();

  auto& registry = actor_registry::instance();
  registry.begin_plugin(identity->name);
  // Never closed: types of it may be in use until the process ends.
  const auto* handle = ::dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto actors = registry.end_plugin();
  if (handle == nullptr) {
    return user_error(errc::invalid_argument, "the plugin '" + identity->name + "' cannot be loaded: " + ::dlerror());
  }
  if (!actors) {
    return user_error(actors.error().code, "the plugin '" + identity->name + "' is refused: " + actors.error().message);
  }
  for (const auto& id : *actors) builds()[id] = identity->build_id;
  return loaded_plugin{identity->name, identity->version, real, identity->build_id, std::move(*actors)};
}

std::string build_of_actor(const std::string& actor_id) {
  const auto found = builds().find(actor_id);
  return found == builds().end() ? std::string{} : found->second;
}

loading load_plugins(const std::vector<std::string>& folders, const trusted_builds& trusted) {
  loading out;
  for (const auto& folder : folders) {
    std::vector<std::string> files;
    std::error_code problem;
    for (fs::directory_iterator at{folder, problem}, end; !problem && at != end; at.increment(problem)) {
      if (at->path().extension() == ".so") files.push_back(at->path().string());
    }
    std::ranges::sort(files);
    for (const auto& file : files) {
      if (auto one = load_plugin(file, trusted)) {
        out.plugins.push_back(std::move(*one));
      } else {
        out.refused.push_back(std::move(one).error());
      }
    }
  }
  return out;
}

std::vector<std::string> plugin_folders() {
  std::vector<std::string> folders;
  if (const auto* given = std::getenv("MILLRACE_PLUGINS")) {
    append_folders(folders, given);
    return folders;
  }
  std::error_code problem;
  const auto program = fs::read_symlink("/proc/self/exe", problem);
  if (!problem) folders.push_back((program.parent_path().parent_path() / "lib/millrace/plugins").string());
  if (const auto* home = std::getenv("HOME")) folders.push_back(std::string{home} + "/.local/lib/millrace/plugins");
  return folders;
}

}  // namespace millrace::plugins
