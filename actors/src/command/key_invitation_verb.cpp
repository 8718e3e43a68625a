#include "command/key_invitation_verb.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "command/exit_code.hpp"
#include "command/report.hpp"
#include "command/running.hpp"
#include "command/token_word.hpp"
#include "console/terminal.hpp"
#include "millrace/transport/join_token.hpp"
#include "millrace/transport/key_file.hpp"
#include "millrace/transport/node_address.hpp"

namespace millrace::command {

namespace {

using nlohmann::json;

struct invite_request {
  std::string name;
  std::string role = "viewer";
  std::vector<std::string> topologies;
  std::vector<std::string> topics;
  unsigned minutes = 15;
  node_choice node;
  bool is_json = false;
};

struct accept_request {
  std::string token;
  std::string out;  ///< empty: NAME.key
  bool is_json = false;
};

void print(const std::string& text) {
  console::terminal::instance().write(text);
}

int invite(const invite_request& r) {
  const auto node = choose_node(r.node);
  if (!node) return fail_with(node.error());
  const auto answer = ask(*node, "key_invite",
                          {{"name", r.name},
                           {"role", r.role},
                           {"topologies", r.topologies},
                           {"topics", r.topics},
                           {"lifetime_s", std::uint64_t{60} * r.minutes}});
  if (!answer) return fail_with(answer.error());
  if (r.is_json) {
    print(answer->dump() + "\n");
    return exit_ok;
  }
  print("on the machine of " + r.name + ", within " + std::to_string(r.minutes) +
        " minutes, in the workbench (Nodes, Add a node) or by 'millrace key accept', which asks for this word\n\n  " +
        answer->value("token", "") + "\n\nfingerprint of this node: " + answer->value("fingerprint", "") + "\n");
  return exit_ok;
}

int accept(const accept_request& r) {
  const auto token = read_token_word(r.token);
  if (!token) return fail_with(token.error());
  if (token->holder.empty()) {
    return fail_with(user_error(errc::invalid_argument, "this invitation is for a node: use 'millrace node join'"));
  }
  // The node does not let ended ones in, so it could not say why.
  if (token->ends <= std::chrono::system_clock::now()) {
    return fail_with(user_error(errc::denied, "this invitation has ended: ask for another one"));
  }
  const auto invited = transport::curve_keys_of(token->secret_key);
  if (!invited) return fail_with(invited.error());
  auto own = transport::make_curve_keys();
  if (!own) return fail_with(own.error());
  const auto path = r.out.empty() ? token->holder + ".key" : r.out;
  // First the file: a key that is in force and that nobody has would be a name lost.
  const transport::key_file key{token->holder, token->address, {token->server_key, *own}};
  if (auto written = transport::write_key_file(path, key); !written) return fail_with(written.error());
  const reachable node{{"", 0, token->address}, transport::remote_keys{token->server_key, *invited}};
  const auto answer = ask(node, "key_accept", {{"public_key", own->public_key}});
  if (!answer) {
    // What the node refused is no key. What it may have done without our hearing of it is one, and this its only copy.
    if (answer.error().kind == error_class::user) {
      ::unlink(path.c_str());
      return fail_with(answer.error());
    }
    auto why = answer.error();
    why.message += "; the key is kept in " + path + ": should the node know it, it can be used";
    return fail_with(why);
  }
  const auto fingerprint = transport::fingerprint(token->server_key);
  print(r.is_json
            ? json{{"name", key.name},
                   {"role", answer->value("role", "")},
                   {"file", path},
                   {"address", key.address},
                   {"fingerprint", fingerprint}}
                      .dump() +
                  "\n"
            : "key " + key.name + " (" + answer->value("role", "") + ") of node " + answer->value("node", "") + ": " +
                  path + "\n  its fingerprint  " + fingerprint + "\n  use it with --key-file " + path + "\n");
  return exit_ok;
}

}  // namespace

void declare_key_invitations(CLI::App& app, action& chosen) {
  const auto inviting = std::make_shared<invite_request>();
  auto* to_invite = app.add_subcommand("invite", "Print a word that lets somebody make a key of their own, once");
  add_node_options(*to_invite, inviting->node);
  to_invite->add_option("NAME", inviting->name, "Whose key it will be; never used again")->required()->type_name("");
  to_invite->add_option("--role", inviting->role, "What it will allow")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->default_val("viewer");
  to_invite->add_option("--topology", inviting->topologies, "Only this topology; repeat it for more")
      ->type_name("NAME");
  to_invite->add_option("--topic", inviting->topics, topic_help)->type_name("TOPIC");
  to_invite->add_option("--minutes", inviting->minutes, "How long the word is good")
      ->check(CLI::Range(1, 7 * 24 * 60))
      ->default_val(15)
      ->type_name("N");
  to_invite->add_flag("--json", inviting->is_json, "Print JSON");
  to_invite->callback([=, &chosen] { chosen = [=] { return invite(*inviting); }; });
  const auto accepting = std::make_shared<accept_request>();
  auto* to_accept = app.add_subcommand("accept", "Make a key of your own with an invitation");
  add_token_word(*to_accept, accepting->token, "millrace key invite");
  to_accept->add_option("--out", accepting->out, "The file (default: NAME.key)")->type_name("FILE");
  to_accept->add_flag("--json", accepting->is_json, "Print JSON");
  to_accept->callback([=, &chosen] { chosen = [=] { return accept(*accepting); }; });
}

}  // namespace millrace::command
