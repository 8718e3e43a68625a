#include "command/join_verb.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/node_settings.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/token_word.hpp"
#include "console/terminal.hpp"
#include "millrace/transport/node_address.hpp"
#include "node/access/gatekeeper.hpp"
#include "node/deployment_store.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

struct peers_request {
  node_choice node;
  unsigned minutes = 15;
  std::string name;
  bool is_json = false;
};

struct join_request {
  std::string token;
  node_choice node;
  node_settings own;  ///< of a node that is not running
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

int invite(const peers_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "node_invite", {{"lifetime_s", std::uint64_t{60} * r.minutes}});
  if (!answer) return fail_with(answer.error());
  if (r.is_json) {
    print(answer->dump() + "\n");
    return exit_ok;
  }
  print("on the other machine, within " + std::to_string(r.minutes) +
        " minutes: 'millrace node join', which asks for this word\n\n  " + answer->value("token", "") +
        "\n\nfingerprint of this node: " + answer->value("fingerprint", "") + "\n");
  return exit_ok;
}

/// Asks the node that invites; its answer tells who is there.
result<json> ask_to_join(const transport::join_token& token, const json& self) {
  auto keys = transport::curve_keys_of(token.secret_key);
  if (!keys) return std::move(keys).error();
  const reachable inviting{{"", 0, token.address}, transport::remote_keys{token.server_key, *std::move(keys)}};
  return ask(inviting, "node_join", self);
}

json everybody(const json& answer) {
  auto all = answer.value("peers", json::array());
  all.push_back(answer.value("peer", json::object()));
  return all;
}

int report(const join_request& r, const transport::join_token& token, const std::string& own_key, const json& answer) {
  const auto name = answer.at("peer").value("name", "");
  if (r.is_json) {
    print(json{{"joined", name},
               {"fingerprint", transport::fingerprint(own_key)},
               {"their_fingerprint", transport::fingerprint(token.server_key)},
               {"peers", everybody(answer).size()}}
              .dump() +
          "\n");
    return exit_ok;
  }
  print("joined node " + name + " at " + token.address + "; known nodes: " + std::to_string(everybody(answer).size()) +
        "\n  its fingerprint       " + transport::fingerprint(token.server_key) + "\n  this node's fingerprint " +
        transport::fingerprint(own_key) + "\n");
  return exit_ok;
}

int join_running(const join_request& r, const transport::join_token& token) {
  const auto own = choose_node(r.node);
  if (!own) return fail_with(own.error());
  const auto described = ask(*own, "node");
  if (!described) return fail_with(described.error());
  const json self{{"name", described->value("node", "")},
                  {"control_address", described->value("address", "")},
                  {"link_address", described->value("link", "")},
                  {"server_key", described->value("server_key", "")},
                  {"labels", described->value("labels", json::object())}};
  const auto answer = ask_to_join(token, self);
  if (!answer) return fail_with(answer.error());
  const auto added = ask(*own, "peer_add", {{"peers", everybody(*answer)}});
  return added ? report(r, token, self["server_key"], *answer) : fail_with(added.error());
}

/// The node's folder is this process's as long as it works: no node runs on it meanwhile.
int join_stopped(const join_request& r, const transport::join_token& token) {
  const auto store = node::deployment_store::open(r.own.data_dir);
  if (!store) return fail_with(store.error());
  auto gate = node::gatekeeper::open(store->folder());
  if (!gate) return fail_with(gate.error());
  const auto& key = gate->own().public_key;
  const node::peer self{
      .name = r.own.name,
      .control_address = r.own.address.empty() ? transport::reachable_address(r.own.listen) : r.own.address,
      .link_address = transport::reachable_address(r.own.link),
      .server_key = key,
      .labels = r.own.labels()};
  if (auto fine = check_peer(self); !fine) return fail_with(fine.error());
  const auto answer = ask_to_join(token, to_json(self));
  if (!answer) return fail_with(answer.error());
  for (const auto& one : everybody(*answer)) {
    auto p = node::peer_from_json(one);
    if (!p) return fail_with(p.error());
    p->added_at = node::time_now();
    if (auto added = gate->peers().add(*std::move(p)); !added) return fail_with(added.error());
  }
  if (auto noted = gate->note({}, "node_join", "", "ok"); !noted) return fail_with(noted.error());
  return report(r, token, key, *answer);
}

int join(const join_request& r) {
  const auto token = read_token_word(r.token);
  if (!token) return fail_with(token.error());
  // The node does not let ended ones in, so it could not say why.
  if (token->ends <= std::chrono::system_clock::now()) {
    return fail_with(user_error(errc::denied, "this invitation has ended: ask for another one"));
  }
  return r.own.data_dir.empty() ? join_running(r, *token) : join_stopped(r, *token);
}

int list(const peers_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "peer_list");
  if (!answer) return fail_with(answer.error());
  if (r.is_json) {
    print(answer->dump(2) + "\n");
    return exit_ok;
  }
  if (answer->empty()) print("it knows no other node; see 'millrace node invite'\n");
  for (const auto& p : *answer) {
    const auto link = p.value("link_address", "");
    std::string labels;
    for (const auto& [name, value] : p.at("labels").items()) labels += "  " + name + "=" + value.get<std::string>();
    print(p.value("name", "") + "  " + p.value("control_address", "") + "  " +
          (link.empty() ? "no links" : "links " + link) + labels + "  fingerprint " + p.value("fingerprint", "") +
          "\n");
  }
  return exit_ok;
}

int remove(const peers_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "peer_remove", {{"name", r.name}});
  if (!answer) return fail_with(answer.error());
  print(r.is_json ? answer->dump() + "\n" : "node " + r.name + ": a stranger from now on; tell the other nodes, too\n");
  return exit_ok;
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<peers_request>& request, action& chosen,
                  int (*work)(const peers_request&)) {
  add_node_options(*app, request->node);
  app->add_flag("--json", request->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*request); }; });
  return app;
}

}  // namespace

void declare_peers(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<peers_request>();
  declare(app.add_subcommand("invite", "Print a word that lets another node join this one, once"), request, chosen,
          invite)
      ->add_option("--minutes", request->minutes, "How long it is good")
      ->check(CLI::Range(1, 7 * 24 * 60))
      ->default_val(15)
      ->type_name("N");
  const auto joining = std::make_shared<join_request>();
  auto* to_join = app.add_subcommand("join", "Join the node that gave out the invitation");
  add_token_word(*to_join, joining->token, "millrace node invite");
  to_join->add_option("--node", joining->node.name, "The node that joins (default: the only one of this user)")
      ->type_name("NAME");
  add_identity_options(*to_join, joining->own);
  to_join->get_option("--data-dir")->description("Of a node that is not running");
  to_join->add_flag("--json", joining->is_json, "Print JSON");
  to_join->callback([=, &chosen] { chosen = [=] { return join(*joining); }; });
  declare(app.add_subcommand("peers", "The other nodes that a node knows"), request, chosen, list);
  declare(app.add_subcommand("forget", "Make another node a stranger"), request, chosen, remove)
      ->add_option("NAME", request->name, "The other node")
      ->required()
      ->type_name("");
}

}  // namespace millrace::command
