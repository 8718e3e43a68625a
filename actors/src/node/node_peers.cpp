#include <chrono>
#include <utility>

#include "millrace/transport/node_address.hpp"
#include "node/node.hpp"
#include "node/wall_clock.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::chrono::minutes invitation_default{15};

}  // namespace

peer node::self() const {
  const std::lock_guard lock{mutex_};
  return {.name = options_.name,
          .control_address = options_.address.empty() ? transport::reachable_address(listening_at_) : options_.address,
          .link_address = transport::reachable_address(options_.link),
          .server_key = gate_.own().public_key,
          .labels = options_.labels};
}

result<json> node::serve_peers(const caller& who, const std::string& verb, const json& args) {
  if (verb == "peer_list") return list_peers();
  if (verb == "peer_add") return add_peers(args);
  if (verb == "peer_learn") return learn(gatekeeper::key_of_node(who), args);
  if (verb == "peer_remove") return remove_peer(args);
  if (verb == "node_invite") return invite(args);
  return join(who, args);
}

json node::list_peers() const {
  auto out = json::array();
  for (const auto& p : peers().list()) {
    auto one = to_json(p);
    one["fingerprint"] = transport::fingerprint(p.server_key);
    out.push_back(std::move(one));
  }
  return out;
}

/// A peer's list; told by an administrator, it is nobody's own word.
result<json> node::learn(const std::string& told_by, const json& args) {
  const auto list = args.find("peers");
  if (list == args.end()) return user_error(errc::invalid_argument, "peer_learn takes peers, a list");
  const auto changed = learn_peers(gate_.peers(), public_key(), told_by, *list);
  if (!changed) return changed.error();
  if (*changed) tell_peers();
  const std::lock_guard lock{mutex_};
  if (news_) news_->heard_from(told_by);
  return json{{"changed", *changed}};
}

/// An administrator's word: also for nodes that were removed.
result<json> node::add_peers(const json& args) {
  const auto list = args.find("peers");
  if (list == args.end() || !list->is_array() || list->size() > peer_registry::peers_max) {
    return user_error(errc::invalid_argument,
                      "peer_add takes peers, a list of at most " + std::to_string(peer_registry::peers_max) + " nodes");
  }
  int added = 0;
  for (const auto& one : *list) {
    auto p = peer_from_json(one);
    if (!p) return std::move(p).error();
    if (p->server_key == public_key()) continue;
    if (p->name == options_.name) {
      return user_error(errc::already_exists,
                        "this node is called '" + p->name + "' itself; give one of them another name");
    }
    p->added_at = time_now();
    const auto is_new = gate_.peers().add(*std::move(p));
    if (!is_new) return is_new.error();
    added += *is_new ? 1 : 0;
  }
  if (added > 0) tell_peers();
  return json{{"added", added}};
}

result<json> node::remove_peer(const json& args) {
  const auto name = args.find("name");
  if (name == args.end() || !name->is_string()) return user_error(errc::invalid_argument, "peer_remove takes a name");
  if (auto gone = gate_.peers().remove(name->get<std::string>()); !gone) return std::move(gone).error();
  gate_.shut_out();
  return json{{"name", *name}, {"removed", true}};
}

result<json> node::invite(const json& args) {
  return make_token(args, std::nullopt);
}

result<json> node::invite_person(const json& args) {
  auto offer = gate_.offer_in(args);
  return offer ? make_token(args, *std::move(offer)) : result<json>{offer.error()};
}

result<json> node::make_token(const json& args, std::optional<key_offer> offer) {
  const auto lifetime = args.find("lifetime_s");
  if (lifetime != args.end() && !lifetime->is_number_unsigned()) {
    return user_error(errc::invalid_argument, "an invitation takes lifetime_s, a number of seconds");
  }
  const auto address = self().control_address;
  if (address.empty()) {
    return user_error(errc::unavailable,
                      "this node does not listen on the network: start it with --listen tcp://HOST:PORT");
  }
  const auto seconds = lifetime == args.end()
                           ? std::chrono::seconds{invitation_default}
                           : std::chrono::seconds{std::min<std::uint64_t>(lifetime->get<std::uint64_t>(), 1U << 30U)};
  const auto made_at = wall_seconds();
  transport::join_token token{address, public_key(), {}, made_at + seconds};
  if (offer) {
    token.holder = offer->name;
    token.role = to_string(offer->allows.may);
  }
  auto keys = gate_.invited().make(made_at, seconds, std::move(offer));
  if (!keys) return std::move(keys).error();
  token.secret_key = std::move(keys->secret_key);
  return json{{"token", to_text(token)},
              {"address", address},
              {"fingerprint", transport::fingerprint(public_key())},
              {"lifetime_s", seconds.count()}};
}

/// A person who was invited shows the key that is theirs from now on.
result<json> node::accept_key(const caller& who, const json& args) {
  auto made = gate_.accept_key(who, args);
  if (!made) return made;
  (*made)["node"] = options_.name;
  (*made)["address"] = self().control_address;
  options_.log(log_level::info, "key " + made->value("name", "") + " was made with an invitation");
  return made;
}

/// A node that was invited says who it is, and hears who is here.
result<json> node::join(const caller& who, const json& args) {
  const auto invitation = gatekeeper::key_of_node(who);
  if (gate_.invited().offer_of(invitation)) {
    return user_error(errc::denied,
                      "this invitation is for a person's key, not for a node: ask for one by 'millrace node invite'");
  }
  auto joining = peer_from_json(args);
  if (!joining) return std::move(joining).error();
  if (auto fine = check_peer(*joining); !fine) return std::move(fine).error();
  if (joining->server_key == public_key() || joining->name == options_.name) {
    return user_error(errc::already_exists, joining->server_key == public_key()
                                                ? "a node cannot join itself"
                                                : "the node that invites is called '" + options_.name +
                                                      "', too: give the one that joins another --name");
  }
  if (invitation.empty()) {
    return user_error(errc::invalid_argument, "node_join is for nodes with an invitation; people use peer_add");
  }
  // What would be refused must not use the invitation up.
  const auto named = peers().find(joining->name);
  if (named && named->server_key != joining->server_key) {
    return user_error(errc::already_exists,
                      "there is a node '" + joining->name + "' already: give this one another --name");
  }
  // A node that is here already says itself where it is: an invitation does not prove whose key this is.
  const bool is_known =
      peers().name_of(joining->server_key).has_value() && !gate_.invited().was_used_by(invitation, joining->server_key);
  if (auto used = gate_.invited().use(invitation, joining->server_key, wall_seconds()); !used)
    return std::move(used).error();
  auto others = json::array();
  for (const auto& p : peers().list()) {
    if (p.server_key != joining->server_key) others.push_back(to_json(p));
  }
  if (is_known) return json{{"peer", to_json(self())}, {"peers", std::move(others)}};
  joining->added_at = time_now();
  options_.log(log_level::info,
               "node " + joining->name + " joined, fingerprint " + transport::fingerprint(joining->server_key));
  if (auto added = gate_.peers().add(*std::move(joining)); !added) return std::move(added).error();
  tell_peers();
  return json{{"peer", to_json(self())}, {"peers", std::move(others)}};
}

void node::tell_peers() {
  const std::lock_guard lock{mutex_};
  if (news_) news_->wake();
}

}  // namespace millrace::node
