#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/key_invitation_verb.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/verb.hpp"
#include "console/terminal.hpp"
#include "millrace/transport/key_file.hpp"
#include "millrace/transport/node_address.hpp"

namespace millrace::command {

namespace {

struct key_request {
  std::string name;
  std::string role = "viewer";
  std::vector<std::string> topologies;
  std::vector<std::string> topics;
  std::string out;      ///< empty: NAME.key
  std::string address;  ///< empty: as the node says
  unsigned overlap_hours = 24;
  node_choice node;
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

int create(const key_request& r) {
  if (!r.address.empty()) {
    if (auto fine = transport::check_node_address(r.address); !fine) return fail_with(fine.error());
  }
  auto own = transport::make_curve_keys();
  if (!own) return fail_with(own.error());
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto path = r.out.empty() ? r.name + ".key" : r.out;
  // The secret stays here: the node only hears what it is to recognise it by.
  const auto answer = ask(*node, "key_create",
                          {{"name", r.name},
                           {"role", r.role},
                           {"topologies", r.topologies},
                           {"topics", r.topics},
                           {"public_key", own->public_key}});
  if (!answer) return fail_with(answer.error());
  const transport::key_file key{r.name,
                                r.address.empty() ? answer->value("address", "") : r.address,
                                {answer->value("server_key", ""), *std::move(own)}};
  if (auto written = transport::write_key_file(path, key); !written) {
    // A key that nobody has is of no use; its name is gone.
    (void)ask(*node, "key_revoke", {{"name", r.name}});
    return fail_with(written.error());
  }
  if (r.is_json) {
    print(nlohmann::json{{"name", r.name}, {"file", path}, {"address", key.address}}.dump() + "\n");
    return exit_ok;
  }
  print("key " + r.name + " (" + r.role + "): " + path + "\n  use it with --key-file " + path + "\n");
  if (key.address.empty()) {
    print_error("this node does not listen on the network: start it with --listen tcp://HOST:PORT, and put that into " +
                path);
  }
  return exit_ok;
}

int rotate(const key_request& r) {
  auto own = transport::make_curve_keys();
  if (!own) return fail_with(own.error());
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto path = r.out.empty() ? r.name + "-new.key" : r.out;
  // First the file: a key that is in force and that nobody has would lock its holder out.
  const auto described = ask(*node, "node");
  if (!described) return fail_with(described.error());
  const auto address = r.address.empty() ? described->value("address", "") : r.address;
  if (auto written = transport::write_key_file(path, {r.name, address, {described->value("server_key", ""), *own}});
      !written) {
    return fail_with(written.error());
  }
  const auto answer = ask(*node, "key_rotate",
                          {{"name", r.name}, {"public_key", own->public_key}, {"overlap_s", 3600LL * r.overlap_hours}});
  if (!answer) {
    print_error(path + " is of use only if the node took it; see 'millrace key list'");
    return fail_with(answer.error());
  }
  print(r.is_json
            ? nlohmann::json{{"name", r.name}, {"file", path}, {"old_until_s", answer->at("old_until_s")}}.dump() + "\n"
            : "key " + r.name + ": " + path + "; the one before is good for " + std::to_string(r.overlap_hours) +
                  " hours still\n");
  return exit_ok;
}

int revoke(const key_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "key_revoke", {{"name", r.name}});
  if (!answer) return fail_with(answer.error());
  print(r.is_json ? answer->dump() + "\n" : "key " + r.name + ": revoked, on open connections too\n");
  return exit_ok;
}

int list(const key_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "key_list");
  if (!answer) return fail_with(answer.error());
  if (r.is_json) {
    print(answer->dump(2) + "\n");
    return exit_ok;
  }
  if (answer->empty()) print("no keys; make one with 'millrace key create NAME'\n");
  for (const auto& k : *answer) {
    std::string topologies;
    for (const auto* limits : {"topologies", "topics"}) {
      for (const auto& t : k.value(limits, nlohmann::json::array())) topologies += " " + t.get<std::string>();
    }
    const auto revoked = k.value("revoked_at", "");
    print(k.value("name", "") + "  " + k.value("role", "") + "  " +
          (topologies.empty() ? "all topologies" : "only" + topologies) + "  made " + k.value("created_at", "") +
          (revoked.empty() ? "" : "  revoked " + revoked) + "\n");
  }
  return exit_ok;
}

CLI::App* declare(CLI::App* app, const std::shared_ptr<key_request>& request, action& chosen,
                  int (*work)(const key_request&)) {
  add_node_options(*app, request->node);
  app->add_flag("--json", request->is_json, "Print JSON");
  app->callback([=, &chosen] { chosen = [=] { return work(*request); }; });
  return app;
}

}  // namespace

void declare_key(CLI::App& app, action& chosen) {
  const auto request = std::make_shared<key_request>();
  app.require_subcommand(1);
  auto* to_create =
      declare(app.add_subcommand("create", "Make a key for somebody: a file to give to them"), request, chosen, create);
  to_create->add_option("NAME", request->name, "Whose key it is; never used again")->required()->type_name("");
  to_create->add_option("--role", request->role, "What it allows")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->default_val("viewer");
  to_create->add_option("--topology", request->topologies, "Only this topology; repeat it for more")->type_name("NAME");
  to_create->add_option("--topic", request->topics, topic_help)->type_name("TOPIC");
  to_create
      ->add_option("--address", request->address,
                   "Where the holder reaches the node, when it is not what the node says: tcp://HOST:PORT")
      ->type_name("ADDRESS");
  to_create->add_option("--out", request->out, "The file (default: NAME.key)")->type_name("FILE");
  auto* to_rotate =
      declare(app.add_subcommand("rotate", "Make another key for somebody; the one before stays good for a while"),
              request, chosen, rotate);
  to_rotate->add_option("NAME", request->name, "Whose key it is")->required()->type_name("");
  to_rotate->add_option("--overlap-hours", request->overlap_hours, "How long the one before stays good")
      ->check(CLI::Range(0, 30 * 24))
      ->default_val(24)
      ->type_name("N");
  to_rotate->add_option("--out", request->out, "The file (default: NAME-new.key)")->type_name("FILE");
  declare(app.add_subcommand("revoke", "Make a key useless, at once"), request, chosen, revoke)
      ->add_option("NAME", request->name, "Whose key it is")
      ->required()
      ->type_name("");
  declare(app.add_subcommand("list", "The keys a node knows"), request, chosen, list);
  declare_key_invitations(app, chosen);
}

}  // namespace millrace::command
