#include "node/access/permissions.hpp"

#include <algorithm>
#include <array>

namespace millrace::node {

namespace {

constexpr std::array rules{
    verb_rule{"node", role::viewer, false, false},
    verb_rule{"list", role::viewer, false, false},
    verb_rule{"actors", role::viewer, false, false},
    verb_rule{"status", role::viewer, true, false},
    verb_rule{"why", role::viewer, true, false},
    verb_rule{"trace", role::viewer, true, false},
    verb_rule{"alerts", role::viewer, true, false},
    // Makes the actors and reads their files, and shows what is deployed.
    verb_rule{"plan", role::operator_, true, false},
    // What actors and their failures say may hold records, and nothing in a text can be hidden.
    verb_rule{"logs", role::operator_, true, false},
    // What actors keep for each key.
    verb_rule{"state", role::operator_, true, false, party::person, shows::actor},
    verb_rule{"snapshot", role::operator_, true, true},
    verb_rule{"deploy", role::operator_, true, true},
    verb_rule{"start", role::operator_, true, true},
    verb_rule{"stop", role::operator_, true, true},
    verb_rule{"pause", role::operator_, true, true},
    verb_rule{"resume", role::operator_, true, true},
    verb_rule{"mute", role::operator_, true, true},
    verb_rule{"unmute", role::operator_, true, true},
    verb_rule{"set", role::operator_, true, true},
    verb_rule{"savepoint", role::operator_, true, true},
    verb_rule{"savepoint_list", role::viewer, true, false},
    verb_rule{"savepoint_delete", role::admin, true, true},
    verb_rule{"chaos_list", role::viewer, true, false},
    verb_rule{"chaos_inject", role::operator_, true, true},
    // As often as leases want it: what was injected is in the audit log already.
    verb_rule{"chaos_renew", role::operator_, true, false},
    verb_rule{"chaos_clear", role::operator_, true, true},
    // Whoever looks into channels sees records, which is more than figures: it is noted who did.
    verb_rule{"tail_open", role::operator_, true, true, party::person, shows::channel},
    verb_rule{"tail_read", role::operator_, true, false, party::person, shows::opened},
    verb_rule{"tail_close", role::operator_, true, false, party::person, shows::opened},
    verb_rule{"break_list", role::operator_, true, false},
    verb_rule{"break_set", role::operator_, true, true},
    // As often as leases want it.
    verb_rule{"break_renew", role::operator_, true, false},
    verb_rule{"break_clear", role::operator_, true, true},
    verb_rule{"break_step", role::operator_, true, true},
    verb_rule{"break_continue", role::operator_, true, true},
    // Letters hold inputs as they came, so nothing in them can be hidden.
    verb_rule{"deadletter_list", role::operator_, true, false, party::person, shows::actor},
    verb_rule{"deadletter_show", role::operator_, true, true},
    verb_rule{"deadletter_fix", role::operator_, true, true},
    verb_rule{"deadletter_replay", role::operator_, true, true},
    verb_rule{"deadletter_discard", role::admin, true, true},
    verb_rule{"remove", role::admin, true, true},
    verb_rule{"key_list", role::admin, false, false},
    verb_rule{"key_create", role::admin, false, true},
    verb_rule{"key_revoke", role::admin, false, true},
    verb_rule{"key_rotate", role::admin, false, true},
    verb_rule{"key_invite", role::admin, false, true},
    verb_rule{"key_accept", role::admin, false, true, party::invited},
    verb_rule{"audit", role::admin, false, false},
    verb_rule{"peer_list", role::viewer, false, false},
    verb_rule{"peer_add", role::admin, false, true},
    verb_rule{"peer_remove", role::admin, false, true},
    verb_rule{"peer_learn", role::admin, false, true, party::peer},
    verb_rule{"node_invite", role::admin, false, true},
    verb_rule{"node_join", role::admin, false, true, party::invited},
};

}  // namespace

const char* to_string(role r) noexcept {
  switch (r) {
    case role::viewer:
      return "viewer";
    case role::operator_:
      return "operator";
    case role::admin:
      return "admin";
  }
  return "?";
}

std::optional<role> role_of(std::string_view text) noexcept {
  for (const auto r : {role::viewer, role::operator_, role::admin}) {
    if (text == to_string(r)) return r;
  }
  return std::nullopt;
}

std::span<const verb_rule> verb_rules() {
  return rules;
}

const verb_rule* rule_of(std::string_view verb) noexcept {
  const auto* const found = std::ranges::find_if(rules, [&](const verb_rule& r) { return r.verb == verb; });
  return found == rules.end() ? nullptr : found;
}

bool grant::covers_whole(const std::string& topology) const noexcept {
  return is_for_all() || std::ranges::find(topologies, topology) != topologies.end();
}

bool grant::covers(const std::string& topology) const noexcept {
  return covers_whole(topology) ||
         std::ranges::any_of(topics, [&](const std::string& t) { return t.substr(0, t.find('/')) == topology; });
}

namespace {

/// Of a topology of which the key is for some topics only: looking at its figures, and at the data of those.
result<void> check_part(const grant& g, const verb_rule& rule, const std::string& topology, const std::string& part) {
  if (rule.least == role::viewer || rule.data == shows::opened) return {};
  if (rule.data == shows::nothing) {
    return user_error(errc::denied, std::string{"'"} + rule.verb + "' needs a key for the whole topology '" + topology +
                                        "', and this one is for topics of it");
  }
  const bool is_covered = !part.empty() && std::ranges::find(g.topics, topology + "/" + part) != g.topics.end();
  if (is_covered) return {};
  std::string list;
  for (const auto& t : g.topics) list += (list.empty() ? "" : ", ") + t;
  return user_error(errc::denied, std::string{"'"} + rule.verb + "' with this key is for one " +
                                      (rule.data == shows::channel ? "channel" : "actor") + " of " + list);
}

}  // namespace

result<void> check(const grant& g, const verb_rule& rule, const std::string& topology, const std::string& part) {
  if (g.is != party::person) {
    if (rule.also_for == g.is) return {};
    return user_error(errc::denied,
                      std::string{"'"} + rule.verb + "' is not for other nodes, nor for who is only invited");
  }
  if (g.may < rule.least) {
    return user_error(errc::denied, std::string{"'"} + rule.verb + "' needs the role " + to_string(rule.least) +
                                        ", and this key has " + to_string(g.may));
  }
  if (rule.is_of_topology && !g.covers(topology)) {
    return user_error(errc::denied, "this key is not for the topology '" + topology + "'");
  }
  if (rule.is_of_topology && !g.covers_whole(topology)) return check_part(g, rule, topology, part);
  if (!rule.is_of_topology && rule.least == role::admin && !g.is_for_all()) {
    return user_error(errc::denied, std::string{"'"} + rule.verb + "' needs a key for all topologies");
  }
  return {};
}

}  // namespace millrace::node
