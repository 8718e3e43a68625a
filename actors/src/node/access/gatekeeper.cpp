#include "node/access/gatekeeper.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "millrace/text/time_text.hpp"
#include "millrace/topology.hpp"
#include "node/access/topics.hpp"
#include "node/wall_clock.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;
using transport::control_caller;

constexpr std::chrono::seconds allowance_period{10};

/// What the names of nodes begin with, and their keys follow. No name of a key has a colon.
constexpr std::string_view peer_mark = "peer:";
constexpr std::string_view invited_mark = "invited:";
/// Between a person's name and the key that the connection was made with. No name has one.
constexpr char key_mark = '/';
constexpr std::chrono::hours overlap_default{24};
constexpr std::chrono::hours overlap_max{24 * 30};

/// Of entries that were left out.
std::string more_before(std::uint64_t count) {
  return count == 0 ? std::string{} : ", " + std::to_string(count) + " more before it";
}

}  // namespace

std::string time_now() {
  std::string text;
  append_iso_time(text, {wall_now().ns});
  return text;
}

result<gatekeeper> gatekeeper::open(const std::filesystem::path& folder, std::uint64_t denials_noted) {
  auto keys = key_registry::open(folder);
  if (!keys) return std::move(keys).error();
  auto log = audit_log::open(folder, keys->own().secret_key);
  if (!log) return std::move(log).error();
  auto peers = peer_registry::open(folder);
  if (!peers) return std::move(peers).error();
  auto invited = invitations::open(folder);
  if (!invited) return std::move(invited).error();
  return gatekeeper{*std::move(keys), *std::move(log), *std::move(peers), *std::move(invited), denials_noted};
}

std::string gatekeeper::key_of_node(const control_caller& who) {
  for (const auto mark : {peer_mark, invited_mark}) {
    if (who.key.starts_with(mark)) return who.key.substr(mark.size());
  }
  return {};
}

/// As the audit log has it.
std::string gatekeeper::name_of(const control_caller& who) const {
  if (who.is_local()) return "local:" + std::to_string(::geteuid());
  if (who.key.starts_with(invited_mark)) return "invited node";
  if (!who.key.starts_with(peer_mark)) return who.key.substr(0, who.key.find(key_mark));
  return std::string{peer_mark} + peers_->name_of(key_of_node(who)).value_or("(removed)");
}

std::optional<std::uint64_t> gatekeeper::allowance::take() {
  const auto now = std::chrono::steady_clock::now();
  if (entries == 0 || now - since >= allowance_period) {
    since = now;
    entries = 0;
  }
  if (entries >= entries_max) {
    ++left_out;
    return std::nullopt;
  }
  ++entries;
  return std::exchange(left_out, 0);
}

std::optional<std::string> gatekeeper::find(const std::string& public_key) {
  auto name = keys_.name_of(public_key);
  if (name) return *name + key_mark + public_key;
  if (peers_->name_of(public_key)) return std::string{peer_mark} + public_key;
  if (const auto end = invited_.end_of(public_key, wall_seconds())) {
    *shut_out_at_ = std::min(shut_out_at_->load(), std::int64_t{end->time_since_epoch().count()});
    return std::string{invited_mark} + public_key;
  }
  return std::nullopt;
}

std::optional<std::string> gatekeeper::admit(const std::string& public_key) {
  if (auto known = find(public_key)) return known;
  const std::lock_guard lock{*writing_};
  ++turned_away_->connections;
  if (const auto before = refused_.take()) {
    // Nobody waits for it: should it fail, the next entry that somebody waits for says so.
    (void)log_.add({time_now(), "unknown key", "connect", "", std::to_string(*before + 1) + " refused"});
  }
  return std::nullopt;
}

result<grant> gatekeeper::grant_of(const control_caller& who) const {
  if (who.is_local()) return grant{role::admin};
  if (const auto key = key_of_node(who); !key.empty()) {
    const bool is_peer = who.key.starts_with(peer_mark);
    if (is_peer ? peers_->name_of(key).has_value() : invited_.end_of(key, wall_seconds()).has_value())
      return grant{.is = is_peer ? party::peer : party::invited};
    return user_error(errc::denied, "this node is not known here any more");
  }
  const auto mark = std::min(who.key.find(key_mark), who.key.size() - 1);
  const auto known = keys_.find(who.key.substr(0, mark), who.key.substr(mark + 1));
  if (!known) return user_error(errc::denied, "the key '" + name_of(who) + "' is revoked, or was rotated");
  return *known;
}

result<void> gatekeeper::check(const control_caller& who, const verb_rule& rule, const std::string& topology,
                               const std::string& part) const {
  const auto allows = grant_of(who);
  if (!allows) return allows.error();
  return node::check(*allows, rule, topology, part);
}

result<void> gatekeeper::note(const control_caller& who, const std::string& verb, const std::string& topology,
                              const std::string& outcome, const std::string& detail) {
  // What a stranger calls a topology may be anything, and of any length.
  const auto& name = topology.empty() || is_valid_name(topology) ? topology : std::string{"(no name)"};
  const std::lock_guard lock{*writing_};
  if (outcome != to_string(errc::denied)) return log_.add({time_now(), name_of(who), verb, name, outcome, detail});
  ++turned_away_->requests;
  const auto before = denied_.take();
  return before ? log_.add({time_now(), name_of(who), verb, name, outcome + more_before(*before)}) : result<void>{};
}

void gatekeeper::note_guest(const std::string& peer, const std::string& topology, const std::string& outcome) {
  const std::lock_guard lock{*writing_};
  // Nobody waits for it: should it fail, the next entry that somebody waits for says so.
  if (const auto before = guests_.take()) {
    (void)log_.add({time_now(), std::string{peer_mark} + peer, "host", topology, outcome + more_before(*before)});
  }
}

void gatekeeper::note_strangers(std::uint64_t count) {
  const std::lock_guard lock{*writing_};
  strangers_.left_out += count - 1;
  if (const auto before = strangers_.take()) {
    (void)log_.add({time_now(), "unknown key", "connect link", "", std::to_string(*before + 1) + " refused"});
  }
}

bool gatekeeper::has_shut_out() {
  auto due = shut_out_at_->load();
  return due <= wall_seconds().time_since_epoch().count() && shut_out_at_->compare_exchange_strong(due, never);
}

result<json> gatekeeper::create_key(const json& args) {
  try {
    const auto name = args.at("name").get<std::string>();
    const auto text = args.at("role").get<std::string>();
    const auto may = role_of(text);
    if (!may) return user_error(errc::invalid_argument, "'" + text + "' is no role: viewer, operator or admin");
    auto allows = limits_in(args, *may);
    if (!allows) return std::move(allows).error();
    known_key key{args.at("public_key"), *std::move(allows), time_now(), ""};
    if (auto added = keys_.add(name, std::move(key)); !added) return std::move(added).error();
    return json{{"name", name}, {"server_key", keys_.own().public_key}};
  } catch (const json::exception&) {
    return user_error(errc::invalid_argument,
                      "key_create takes name, role, public_key and, if wanted, topologies and topics (lists)");
  }
}

result<json> gatekeeper::rotate_key(const json& args) {
  try {
    const auto name = args.at("name").get<std::string>();
    const auto overlap =
        std::chrono::seconds{args.value("overlap_s", std::int64_t{std::chrono::seconds{overlap_default}.count()})};
    if (overlap.count() < 0 || overlap > overlap_max) {
      return user_error(errc::invalid_argument, "the key before may stay good for 0 seconds to 30 days");
    }
    const auto until = wall_seconds() + overlap;
    if (auto done = keys_.rotate(name, args.at("public_key").get<std::string>(), until); !done)
      return std::move(done).error();
    return json{
        {"name", name}, {"server_key", keys_.own().public_key}, {"old_until_s", until.time_since_epoch().count()}};
  } catch (const json::exception&) {
    return user_error(errc::invalid_argument, "key_rotate takes name, public_key and, if wanted, overlap_s (a number)");
  }
}

result<json> gatekeeper::revoke_key(const json& args) {
  const auto name = args.find("name");
  if (name == args.end() || !name->is_string()) return user_error(errc::invalid_argument, "key_revoke takes a name");
  if (auto done = keys_.revoke(name->get<std::string>(), time_now()); !done) return std::move(done).error();
  shut_out();
  return json{{"name", *name}, {"revoked", true}};
}

json gatekeeper::list_keys() const {
  auto out = json::array();
  for (const auto& [name, k] : keys_.all()) {
    out.push_back({{"name", name},
                   {"role", to_string(k.allows.may)},
                   {"topologies", k.allows.topologies},
                   {"topics", k.allows.topics},
                   {"created_at", k.created_at},
                   {"revoked_at", k.revoked_at},
                   {"public_key", k.public_key}});
  }
  return out;
}

}  // namespace millrace::node
