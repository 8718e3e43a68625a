#include "node/peers/invitations.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "millrace/persistence/data_folder.hpp"
#include "node/access/topics.hpp"

namespace millrace::node {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// As with keys: a program that knows of no topics must not take an offer with some for one without limits.
constexpr int format = 1;
constexpr int format_with_topics = 2;

json to_json(const key_offer& o) {
  json j{{"name", o.name}, {"role", to_string(o.allows.may)}};
  put_limits(o.allows, j);
  return j;
}

/// Throws json's exceptions.
std::optional<key_offer> offer_in(const json& entry) {
  const auto at = entry.find("key");
  if (at == entry.end()) return std::nullopt;
  const auto may = role_of(at->at("role").get<std::string>());
  // Less than was meant rather than more, should a later version have other roles.
  return key_offer{at->at("name"),
                   {may.value_or(role::viewer), at->at("topologies"), at->value("topics", std::vector<std::string>{})}};
}
/// Those that have ended are told so for a day.
constexpr std::chrono::hours remembered{24};
/// Used ones and ended ones included.
constexpr std::size_t kept_max = 256;

}  // namespace

result<invitations> invitations::open(const fs::path& folder) {
  invitations made{folder / "invitations.json"};
  if (auto loaded = made.load(); !loaded) return std::move(loaded).error();
  return made;
}

result<void> invitations::load() {
  std::ifstream in{file_, std::ios::binary};
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto j = json::parse(text, nullptr, false);
  try {
    const auto version = j.at("millrace_invitations").get<int>();
    if (version == format || version == format_with_topics) {
      for (const auto& i : j.at("invitations")) {
        all_.push_back({i.at("public_key"), time_point{std::chrono::seconds{i.at("ends").get<std::int64_t>()}},
                        i.at("used_by"), offer_in(i)});
      }
      return {};
    }
  } catch (const json::exception&) {
  }
  return fatal_error(errc::corrupt, file_.string() + " is no list of invitations; remove it to end all of them");
}

result<void> invitations::save(std::vector<invitation> next) {
  auto list = json::array();
  auto version = format;
  for (const auto& i : next) {
    if (i.offer && !i.offer->allows.topics.empty()) version = format_with_topics;
    list.push_back({{"public_key", i.public_key}, {"ends", i.ends.time_since_epoch().count()}, {"used_by", i.used_by}});
    if (i.offer) list.back()["key"] = to_json(*i.offer);
  }
  const json j{{"millrace_invitations", version}, {"invitations", std::move(list)}};
  if (auto saved = persistence::replace_file(file_, j.dump(2) + "\n", 0600); !saved) return saved;
  all_ = std::move(next);
  return {};
}

result<transport::curve_keys> invitations::make(time_point now, std::chrono::seconds lifetime,
                                                std::optional<key_offer> offer) {
  if (lifetime < lifetime_min || lifetime > lifetime_max) {
    return user_error(errc::invalid_argument, "an invitation is good for 10 seconds to 7 days, not for " +
                                                  std::to_string(lifetime.count()) + " seconds");
  }
  auto next = all_;
  std::erase_if(next, [&](const invitation& i) { return now - i.ends > remembered; });
  const auto open = std::ranges::count_if(next, [&](const invitation& i) { return i.used_by.empty() && now < i.ends; });
  if (static_cast<std::size_t>(open) >= open_max || next.size() >= kept_max) {
    return user_error(errc::limit_exceeded, "too many invitations are open: let one be used, or end");
  }
  auto keys = transport::make_curve_keys();
  if (!keys) return keys;
  next.push_back({keys->public_key, now + lifetime, "", std::move(offer)});
  if (auto saved = save(std::move(next)); !saved) return std::move(saved).error();
  return keys;
}

std::optional<invitations::time_point> invitations::end_of(const std::string& public_key, time_point now) const {
  const auto found = std::ranges::find(all_, public_key, &invitation::public_key);
  if (found == all_.end() || now >= found->ends) return std::nullopt;
  return found->ends;
}

std::optional<key_offer> invitations::offer_of(const std::string& public_key) const {
  const auto found = std::ranges::find(all_, public_key, &invitation::public_key);
  return found == all_.end() ? std::nullopt : found->offer;
}

bool invitations::was_used_by(const std::string& public_key, const std::string& server_key) const {
  const auto found = std::ranges::find(all_, public_key, &invitation::public_key);
  return found != all_.end() && found->used_by == server_key;
}

result<void> invitations::use(const std::string& public_key, const std::string& server_key, time_point now) {
  auto next = all_;
  const auto found = std::ranges::find(next, public_key, &invitation::public_key);
  if (found == next.end()) return user_error(errc::denied, "this invitation is not known here");
  if (now >= found->ends) return user_error(errc::denied, "this invitation has ended: ask for another one");
  if (found->used_by == server_key) return {};
  if (!found->used_by.empty()) {
    return user_error(errc::denied, found->offer ? "somebody has made a key with this invitation: ask for another one"
                                                 : "another node has joined with this invitation: ask for another one");
  }
  found->used_by = server_key;
  return save(std::move(next));
}

}  // namespace millrace::node
