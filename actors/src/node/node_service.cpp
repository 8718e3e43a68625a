#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "millrace/topology.hpp"
#include "millrace/transport/node_address.hpp"
#include "node/access/audit_detail.hpp"
#include "node/access/topics.hpp"
#include "node/actors_answer.hpp"
#include "node/arguments.hpp"
#include "node/chaos_answer.hpp"
#include "node/letters/letter_answer.hpp"
#include "node/node.hpp"
#include "node/steering_answer.hpp"

// Who asks what: the request goes to whoever answers it.
namespace millrace::node {

namespace {

using nlohmann::json;

/// What goes wrong in a surprising way was asked for all the same, and is written down.
template <class Work>
result<json> guarded(const std::string& verb, Work work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return fatal_error(errc::failed, "'" + verb + "' failed: " + e.what());
  }
}

}  // namespace

result<json> node::answer(const caller& who, const std::string& verb, const json& args) {
  const auto known = gate_.grant_of(who);
  if (!known) {
    (void)gate_.note(who, verb, "", to_string(errc::denied));
    return known.error();
  }
  const auto* const rule = rule_of(verb);
  if (rule == nullptr) {
    std::string verbs;
    for (const auto& r : verb_rules()) verbs += (verbs.empty() ? "" : ", ") + std::string{r.verb};
    return user_error(errc::not_found, "there is no verb '" + verb + "'; there are " + verbs);
  }
  const auto name = rule->is_of_topology ? topology_in(who, verb, args) : std::string{};
  auto allowed = gate_.check(who, *rule, name, part_in(*rule, args));
  if (allowed && verb == "chaos_inject" && !known->is_for_all() && harms_whole_node(args)) {
    allowed = user_error(errc::denied,
                         "faults of the process and of the disk harm every topology of this node, and "
                         "this key is not for all of them");
  }
  if (!allowed) {
    (void)gate_.note(who, verb, name, to_string(errc::denied));
    return std::move(allowed).error();
  }
  auto outcome = guarded(verb, [&] { return serve(who, verb, args); });
  if (!rule->changes) return outcome;
  const auto noted = gate_.note(who, verb, name, outcome ? "ok" : to_string(outcome.error().code),
                                audit_detail(verb, args, outcome ? *outcome : json{}));
  if (!noted && outcome)
    return fatal_error(noted.error().code, "'" + verb + "' was done, but " + noted.error().message);
  return outcome;
}

result<json> node::serve(const caller& who, const std::string& verb, const json& args) {
  if (verb == "node") return describe();
  if (verb == "list") return list(who);
  if (verb == "actors") return describe_actors(args);
  if (verb == "deploy") return deploy(who, args);
  if (verb == "plan") return plan(args);
  if (verb == "start") return want(who, args, true);
  if (verb == "stop") return want(who, args, false);
  if (verb == "remove") return remove(who, args);
  if (verb == "savepoint") return take_savepoint(who, args);
  if (verb == "savepoint_list") return list_savepoints(args);
  if (verb == "savepoint_delete") return delete_savepoint(args);
  if (is_steering(verb)) return steer(who, verb, args);
  if (verb == "key_create" || verb == "key_rotate") {
    auto made = verb == "key_create" ? gate_.create_key(args) : gate_.rotate_key(args);
    if (made) (*made)["address"] = self().control_address;
    return made;
  }
  if (verb.starts_with("peer_") || verb.starts_with("node_")) return serve_peers(who, verb, args);
  if (verb == "key_invite") return invite_person(args);
  if (verb == "key_accept") return accept_key(who, args);
  if (verb == "audit") return gate_.read_log(args);
  if (verb == "key_revoke") return gate_.revoke_key(args);
  if (verb == "key_list") return gate_.list_keys();
  const auto h = chosen(who, args);
  if (!h) return h.error();
  if (verb == "status") return (*h)->status();
  if (verb == "why") return (*h)->why();
  if (verb == "state") return (*h)->state(args);
  if (verb == "trace") return (*h)->traces(args);
  if (verb == "alerts") {
    if (alerts_ == nullptr) return no_alert_rules();
    // That a rule fires is for all who may look; what an actor keeps of records is for those whom `state` is for.
    const auto topology = (*h)->deployed().name;
    const bool may_see = gate_.check(who, *rule_of("state"), topology).has_value();
    return alerts_->active(topology, may_see ? state_values::shown : state_values::hidden);
  }
  if (verb == "logs") return (*h)->logs(args);
  if (is_chaos(verb)) return (*h)->chaos(verb, args);
  if (is_about_letters(verb)) return (*h)->letters(verb, args);
  if (is_look(verb)) return (*h)->look(who.key, verb, args);
  if (auto asked = (*h)->snapshot(); !asked) return std::move(asked).error();
  return json{{"started", true}};
}

/// What a request is about; empty when it names nothing that is here.
std::string node::topology_in(const caller& who, const std::string& verb, const json& args) const {
  if (verb == "deploy" || verb == "plan") {
    const auto text = text_argument(args, "text");
    const auto parsed = text ? parse_topology(*text, "topology") : result<topology>{text.error()};
    return parsed ? parsed->name : std::string{};
  }
  const auto h = chosen(who, args);
  return h ? (*h)->deployed().name
           : (text_argument(args, "topology") ? *text_argument(args, "topology") : std::string{});
}

json node::describe() const {
  return {{"node", options_.name},
          {"version", MILLRACE_VERSION},
          {"pid", ::getpid()},
          {"data_dir", store_.folder().string()},
          {"topologies", topologies()},
          {"address", self().control_address},
          {"server_key", public_key()},
          {"link", self().link_address},
          {"labels", options_.labels},
          {"fingerprint", transport::fingerprint(public_key())},
          {"peers", peers().list().size()},
          {"links", links()},
          {"guests", guests_ ? guests_->status() : json::array()}};
}

/// What topologies here can be made of.
result<json> node::describe_actors(const json& args) const {
  auto known = answer_actors(args);
  if (known) (*known)["node"] = options_.name;
  return known;
}

result<json> node::list(const caller& who) const {
  return telemetry(who, json::object());
}

result<json> node::telemetry(const caller& who, const json& args) const {
  const auto choice = read_choice(args);
  if (!choice) return choice.error();
  const auto allows = gate_.grant_of(who);
  if (!allows) return allows.error();
  // Also asked for a topic, which no rule stands before.
  const bool is_of_one = !choice->topology.empty();
  if (auto may = check(*allows, *rule_of(is_of_one ? "status" : "list"), choice->topology); !may) {
    return std::move(may).error();
  }
  auto out = json::array();
  const std::lock_guard lock{mutex_};
  for (const auto& [name, h] : hosted_) {
    if (!allows->covers(name) || (is_of_one && name != choice->topology)) continue;
    auto state = h->telemetry(*choice);
    if (!state) return state;
    (*state)["node"] = options_.name;
    if (is_of_one) return state;
    out.push_back(*std::move(state));
  }
  if (is_of_one) {
    return user_error(errc::not_found, "node '" + options_.name + "' has no topology '" + choice->topology + "'");
  }
  return out;
}

/// Of those that the caller may know of.
result<node::hosted_ptr> node::chosen(const caller& who, const json& args) const {
  const auto name = text_argument(args, "topology");
  if (!name) return name.error();
  const auto allows = gate_.grant_of(who);
  if (!allows) return allows.error();
  const std::lock_guard lock{mutex_};
  std::vector<std::string> known;
  for (const auto& [n, h] : hosted_) {
    if (allows->covers(n)) known.push_back(n);
  }
  const auto wanted = name->empty() && known.size() == 1 ? known.front() : *name;
  if (std::ranges::find(known, wanted) != known.end()) return hosted_.at(wanted);
  std::string names;
  for (const auto& n : known) names += (names.empty() ? "" : ", ") + n;
  return user_error(errc::not_found, (name->empty() ? std::string{"say which topology"}
                                                    : "node '" + options_.name + "' has no topology '" + *name + "'") +
                                         (names.empty() ? "; it has none" : "; it has " + names));
}

}  // namespace millrace::node
