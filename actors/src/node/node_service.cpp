#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "millrace/topology.hpp"
#include "millrace/validation.hpp"
#include "node/chaos_answer.hpp"
#include "node/node.hpp"
#include "node/peers/node_address.hpp"
#include "node/topology_difference.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

/// The text of argument `name`; empty when it is left out.
result<std::string> text_argument(const json& args, const char* name) {
  const auto found = args.find(name);
  if (found == args.end()) return std::string{};
  if (!found->is_string()) return user_error(errc::invalid_argument, std::string{"argument '"} + name + "' is no text");
  return found->get<std::string>();
}

/// The yes or no of argument `name`.
result<bool> flag_argument(const json& args, const char* name, bool left_out) {
  const auto found = args.find(name);
  if (found == args.end()) return left_out;
  if (!found->is_boolean()) {
    return user_error(errc::invalid_argument, std::string{"argument '"} + name + "' is neither true nor false");
  }
  return found->get<bool>();
}

struct checked_topology {
  deployment wanted;
  topology parsed;
  validation checked;
};

result<checked_topology> read_topology(const json& args) {
  const auto text = text_argument(args, "text");
  if (!text) return text.error();
  const auto base = text_argument(args, "base_folder");
  if (!base) return base.error();
  auto parsed = parse_topology(*text, "topology");
  if (!parsed) return std::move(parsed).error();
  if (!is_valid_name(parsed->name)) {
    return user_error(errc::invalid_topology, "'" + parsed->name + "' is no name for a topology");
  }
  parsed->base_folder = *base;
  auto where = placement_rules_of(args.value("placement", json{}));
  if (!where) return std::move(where).error();
  checked_topology out{{parsed->name, *text, *base, true, *std::move(where)}, std::move(*parsed), {}};
  out.checked = validate(out.parsed);
  return out;
}

json problems_json(const validation& v) {
  auto out = json::array();
  for (const auto& p : v.problems) {
    out.push_back({{"severity", p.level == problem::severity::error ? "error" : "warning"},
                   {"where", p.where},
                   {"what", p.what},
                   {"remedy", p.remedy}});
  }
  return out;
}

json guarantees_json(const validation& v) {
  auto out = json::array();
  for (const auto& g : v.guarantees) out.push_back({{"sink", g.sink}, {"holds", to_string(g.holds)}, {"why", g.why}});
  return out;
}

/// What goes wrong in a surprising way was asked for all the same, and is written down.
template <class Work>
result<json> guarded(const std::string& verb, Work work) {
  try {
    return work();
  } catch (const std::exception& e) {
    return fatal_error(errc::failed, "'" + verb + "' failed: " + e.what());
  }
}

error invalid(const validation& v) {
  std::string text;
  for (const auto& p : v.problems) {
    if (p.level == problem::severity::error) text += (text.empty() ? "" : "\n") + to_string(p);
  }
  return user_error(errc::invalid_topology, text);
}

}  // namespace

result<json> node::answer(const caller& who, const std::string& verb, const json& args) {
  if (const auto known = gate_.grant_of(who); !known) return known.error();
  const auto* const rule = rule_of(verb);
  if (rule == nullptr) {
    std::string known;
    for (const auto& r : verb_rules()) known += (known.empty() ? "" : ", ") + std::string{r.verb};
    return user_error(errc::not_found, "there is no verb '" + verb + "'; there are " + known);
  }
  const auto name = rule->is_of_topology ? topology_in(who, verb, args) : std::string{};
  if (auto allowed = gate_.check(who, *rule, name); !allowed) {
    (void)gate_.note(who, verb, name, to_string(errc::denied));
    return std::move(allowed).error();
  }
  auto outcome = guarded(verb, [&] { return serve(who, verb, args); });
  if (!rule->changes) return outcome;
  const auto noted = gate_.note(who, verb, name, outcome ? "ok" : to_string(outcome.error().code));
  if (!noted && outcome)
    return fatal_error(noted.error().code, "'" + verb + "' was done, but " + noted.error().message);
  return outcome;
}

result<json> node::serve(const caller& who, const std::string& verb, const json& args) {
  if (verb == "node") return describe();
  if (verb == "list") return list(who);
  if (verb == "deploy") return deploy(args);
  if (verb == "plan") return plan(args);
  if (verb == "start") return want(who, args, true);
  if (verb == "stop") return want(who, args, false);
  if (verb == "remove") return remove(who, args);
  if (verb == "key_create" || verb == "key_rotate") {
    auto made = verb == "key_create" ? gate_.create_key(args) : gate_.rotate_key(args);
    if (made) (*made)["address"] = self().control_address;
    return made;
  }
  if (verb.starts_with("peer_") || verb.starts_with("node_")) return serve_peers(who, verb, args);
  if (verb == "key_revoke") return gate_.revoke_key(args);
  if (verb == "key_list") return gate_.list_keys();
  const auto h = chosen(who, args);
  if (!h) return h.error();
  if (verb == "status") return (*h)->status();
  if (verb == "why") return (*h)->why();
  if (verb == "state") return (*h)->state(args);
  if (is_chaos(verb)) return (*h)->chaos(verb, args);
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
          {"pid", ::getpid()},
          {"data_dir", store_.folder().string()},
          {"topologies", topologies()},
          {"address", self().control_address},
          {"server_key", public_key()},
          {"link", self().link_address},
          {"labels", options_.labels},
          {"fingerprint", fingerprint(public_key())},
          {"peers", peers().list().size()},
          {"links", links()},
          {"guests", guests_ ? guests_->status() : json::array()}};
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

result<json> node::deploy(const json& args) {
  auto read = read_topology(args);
  if (!read) return std::move(read).error();
  if (!read->checked.ok()) return invalid(read->checked);
  auto& d = read->wanted;
  if (const auto placed = place(d, *read->checked.plan); !placed) return placed.error();
  const auto is_wanted = flag_argument(args, "start", true);
  if (!is_wanted) return is_wanted.error();
  const auto is_replacing = flag_argument(args, "replace", false);
  if (!is_replacing) return is_replacing.error();
  d.is_wanted = *is_wanted;
  json answer{
      {"topology", d.name}, {"guarantees", guarantees_json(read->checked)}, {"problems", problems_json(read->checked)}};
  const std::lock_guard lock{mutex_};
  if (removed_.contains(d.name)) {
    return retryable_error(errc::unavailable, "'" + d.name + "' is being removed; deploy it again when it is gone");
  }
  const auto known = hosted_.find(d.name);
  if (known != hosted_.end()) {
    const auto before = known->second->deployed();
    if (before.text == d.text && before.base_folder == d.base_folder && before.where == d.where) {
      const bool is_resting = !before.is_wanted || known->second->now() == hosted_topology::phase::failed;
      answer["changed"] = false;
      answer["starting"] = is_resting && *is_wanted;
      if (!is_resting || !*is_wanted) return answer;
      if (auto saved = store_.save(d); !saved) return std::move(saved).error();
      known->second->want(true);
      return answer;
    }
    if (!*is_replacing) {
      return user_error(
          errc::already_exists,
          "'" + d.name +
              "' is deployed here already, and differs; 'millrace topology plan' shows how. "
              "Deploy with --replace to end it with a last snapshot and go on with this one, or rename it");
    }
  }
  if (auto saved = store_.save(d); !saved) return std::move(saved).error();
  if (known != hosted_.end()) {
    known->second->replace(std::move(d));
  } else {
    const auto name = d.name;
    hosted_[name] = host(std::move(d));
  }
  answer["changed"] = true;
  return answer;
}

result<json> node::plan(const json& args) const {
  auto read = read_topology(args);
  if (!read) return std::move(read).error();
  json answer{{"topology", read->parsed.name},
              {"valid", read->checked.ok()},
              {"problems", problems_json(read->checked)},
              {"guarantees", guarantees_json(read->checked)}};
  const std::lock_guard lock{mutex_};
  const auto known = hosted_.find(read->parsed.name);
  answer["deployed"] = known != hosted_.end();
  topology before;
  if (known != hosted_.end()) {
    auto parsed = parse_topology(known->second->deployed().text, "deployed");
    if (parsed) before = *std::move(parsed);
  }
  answer["changes"] = differences(before, read->parsed);
  return answer;
}

result<json> node::want(const caller& who, const json& args, bool running) {
  const auto h = chosen(who, args);
  if (!h) return h.error();
  auto d = (*h)->deployed();
  d.is_wanted = running;
  const std::lock_guard lock{mutex_};
  if (auto saved = store_.save(d); !saved) return std::move(saved).error();
  (*h)->want(running);
  return json{{"topology", d.name}, {running ? "starting" : "stopping", true}};
}

result<json> node::remove(const caller& who, const json& args) {
  const auto h = chosen(who, args);
  if (!h) return h.error();
  auto d = (*h)->deployed();
  // Should the node die before the run has ended, the topology must not come back.
  d.is_wanted = false;
  const std::lock_guard lock{mutex_};
  if (auto saved = store_.save(d); !saved) return std::move(saved).error();
  (*h)->want(false);
  removed_[d.name] = *h;
  hosted_.erase(d.name);
  return json{{"topology", d.name}, {"removing", true}};
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
