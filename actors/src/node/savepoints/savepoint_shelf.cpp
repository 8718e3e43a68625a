#include "node/savepoints/savepoint_shelf.hpp"

#include <algorithm>
#include <system_error>

#include "millrace/text/time_text.hpp"
#include "millrace/topology.hpp"
#include "node/status_json.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t id_chars_max = 40;

bool is_valid_id(const std::string& id) {
  return !id.empty() && id.size() <= id_chars_max && is_valid_name(id);
}

/// 20261121T180455Z
std::string compact_time(processing_time t) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  std::string text;
  append_iso_time(text, {t.ns / second_ns * second_ns});
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

result<savepoint_about> about_of(const std::string& text) {
  const auto j = json::parse(text, nullptr, false);
  try {
    return savepoint_about{j.at("topology"), j.at("label"), j.at("text"), j.at("shape")};
  } catch (const json::exception&) {
    return fatal_error(errc::corrupt, "it does not say which topology it is of");
  }
}

kept_savepoint read(const fs::path& folder) {
  kept_savepoint out;
  out.id = folder.filename().string();
  auto what = persistence::read_savepoint(folder);
  if (!what) {
    out.problem = what.error().message;
    return out;
  }
  auto about = about_of(what->about);
  if (about) {
    out.about = *std::move(about);
  } else {
    out.problem = about.error().message;
  }
  what->about.clear();
  out.what = *std::move(what);
  return out;
}

}  // namespace

std::string to_text(const savepoint_about& a) {
  return json{{"topology", a.topology}, {"label", a.label}, {"text", a.text}, {"shape", a.shape}}.dump();
}

json to_json(const kept_savepoint& s) {
  return {{"id", s.id},
          {"topology", s.about.topology},
          {"label", s.about.label},
          {"epoch", s.what.epoch.value},
          {"written_at", instant_json(s.what.written_at)},
          {"bytes", s.what.bytes},
          {"tasks", s.what.tasks},
          {"problem", s.problem}};
}

std::string savepoint_shelf::fresh_id(const std::string& topology, processing_time now,
                                      const std::set<std::string>& under_way) const {
  const auto base = compact_time(now);
  std::error_code code;
  for (int n = 1;; ++n) {
    auto id = n == 1 ? base : base + "-" + std::to_string(n);
    if (!under_way.contains(id) && !fs::exists(folder_ / topology / id, code)) return id;
  }
}

result<fs::path> savepoint_shelf::path_of(const std::string& topology, const std::string& id) const {
  if (!is_valid_name(topology)) {
    return user_error(errc::invalid_argument, "'" + topology + "' is no name for a topology");
  }
  if (!is_valid_id(id)) return user_error(errc::invalid_argument, "'" + id + "' is no name of a savepoint");
  return folder_ / topology / id;
}

result<std::vector<kept_savepoint>> savepoint_shelf::list(const std::string& topology) const {
  if (!is_valid_name(topology)) {
    return user_error(errc::invalid_argument, "'" + topology + "' is no name for a topology");
  }
  std::vector<kept_savepoint> all;
  std::error_code code;
  for (fs::directory_iterator at{folder_ / topology, code}, none; !code && at != none; at.increment(code)) {
    // Drafts, which end in ".new", have no valid name.
    if (is_valid_id(at->path().filename().string())) all.push_back(read(at->path()));
  }
  if (code && code != std::errc::no_such_file_or_directory) {
    return fatal_error(errc::io_error, "cannot read " + (folder_ / topology).string() + ": " + code.message());
  }
  // Those of one second have a number behind it: 10 comes after 9.
  std::ranges::sort(all, std::ranges::greater{}, [](const kept_savepoint& s) {
    return std::tuple{s.id.substr(0, s.id.find('-')), s.id.size(), s.id};
  });
  return all;
}

result<fs::path> savepoint_shelf::find(const std::string& topology, const std::string& which) const {
  const auto slash = which.find('/');
  const auto owner = slash == std::string::npos ? topology : which.substr(0, slash);
  const auto id = slash == std::string::npos ? which : which.substr(slash + 1);
  auto all = list(owner);
  if (!all) return std::move(all).error();
  std::string known;
  for (const auto& s : *all) {
    if (s.id == id || id == "latest") return path_of(owner, s.id);
    known += (known.empty() ? "" : ", ") + s.id;
  }
  return user_error(errc::not_found,
                    "'" + owner + "' has no savepoint '" + id + "'; " +
                        (known.empty() ? "it has none: take one with 'millrace topology savepoint " + owner + "'"
                                       : "it has " + known));
}

}  // namespace millrace::node
