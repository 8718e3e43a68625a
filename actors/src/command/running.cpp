#include "command/running.hpp"

#include <CLI/CLI.hpp>
#include <chrono>

#include "command/report.hpp"
#include "millrace/transport/key_file.hpp"

namespace millrace::command {

namespace {

using transport::control_endpoint;

constexpr std::chrono::milliseconds answer_timeout{5'000};

bool is_node(const control_endpoint& e) {
  return e.topology.starts_with(transport::node_prefix);
}

/// The node that a key is for.
result<reachable> node_of_key(const std::string& key_file) {
  auto key = transport::read_key_file(key_file);
  if (!key) return std::move(key).error();
  if (key->address.empty()) {
    return user_error(errc::invalid_argument,
                      key_file + " does not say where the node is: put tcp://HOST:PORT into its 'address'");
  }
  return reachable{{"", 0, std::move(key->address)}, std::move(key->keys)};
}

result<void> add_hosted(const reachable& node, const std::string& name, std::vector<running_topology>& all) {
  const auto hosted = ask(node, "list");
  if (!hosted) return hosted.error();
  try {
    for (const auto& status : *hosted) {
      all.push_back({node, status.value("topology", ""), name.empty() ? status.value("node", "") : name});
    }
  } catch (const nlohmann::json::exception& e) {
    return fatal_error(errc::failed, unreadable_answer(e.what()));
  }
  return {};
}

}  // namespace

void add_key_option(CLI::App& app, std::string& key_file) {
  app.add_option("--key-file", key_file, "Key file of a node on another machine ('millrace key create')")
      ->type_name("FILE");
}

void add_node_options(CLI::App& app, node_choice& choice) {
  app.add_option("--node", choice.name, "The node (default: the only one of this user)")->type_name("NAME");
  add_key_option(app, choice.key_file);
}

void add_running_options(CLI::App& app, running_choice& choice) {
  app.add_option("--pid", choice.pid, "Its process, when one name runs more than once")->type_name("PID");
  add_key_option(app, choice.key_file);
}

result<nlohmann::json> ask(const reachable& process, const std::string& verb, const nlohmann::json& args) {
  auto sockets = transport::zmq_context::open(0);
  if (!sockets) return std::move(sockets).error();
  auto client = transport::control_client::connect(*sockets, process.endpoint.address, answer_timeout, process.keys);
  if (!client) return std::move(client).error();
  return (*client)->call(verb, args, answer_timeout);
}

result<nlohmann::json> ask(const running_topology& t, const std::string& verb, nlohmann::json args) {
  args["topology"] = t.topology;
  return ask(t.process, verb, args);
}

std::string name_of(const running_topology& t) {
  return t.topology + (t.node.empty() ? " (process " + std::to_string(t.process.endpoint.pid) : " (node " + t.node) +
         ")";
}

std::string node_name(const control_endpoint& e) {
  return e.topology.substr(transport::node_prefix.size());
}

result<std::vector<running_topology>> all_running(const std::string& key_file) {
  std::vector<running_topology> all;
  if (!key_file.empty()) {
    const auto node = node_of_key(key_file);
    if (!node) return node.error();
    if (auto added = add_hosted(*node, "", all); !added) return std::move(added).error();
    return all;
  }
  const auto endpoints = transport::list_endpoints();
  if (!endpoints) return endpoints.error();
  for (const auto& e : *endpoints) {
    if (!is_node(e)) {
      all.push_back({{e}, e.topology});
    } else if (auto added = add_hosted({e}, node_name(e), all); !added) {
      // It may have ended between the listing and the question.
      print_error("node " + node_name(e) + ": " + added.error().message);
    }
  }
  return all;
}

result<running_topology> choose_running(const running_choice& choice) {
  auto running = all_running(choice.key_file);
  if (!running) return std::move(running).error();
  std::vector<running_topology> fitting;
  std::string names;
  for (const auto& t : *running) {
    names += (names.empty() ? "" : ", ") + name_of(t);
    const bool is_named = choice.name.empty() || t.topology == choice.name;
    if (is_named && (choice.pid == 0 || t.process.endpoint.pid == choice.pid)) fitting.push_back(t);
  }
  if (fitting.size() == 1) return fitting.front();
  if (running->empty()) {
    return user_error(errc::not_found, choice.key_file.empty() ? "no topology is running for this user"
                                                               : "this key sees no topology there");
  }
  const auto what = fitting.empty() ? "no such topology is running" : "several topologies fit";
  return user_error(errc::not_found, std::string{what} + "; running: " + names + "; name one, or give its --pid");
}

result<std::vector<control_endpoint>> all_nodes() {
  auto endpoints = transport::list_endpoints();
  if (endpoints) std::erase_if(*endpoints, [](const auto& e) { return !is_node(e); });
  return endpoints;
}

result<reachable> choose_node(const node_choice& choice) {
  if (!choice.key_file.empty()) return node_of_key(choice.key_file);
  const auto all = all_nodes();
  if (!all) return all.error();
  if (all->empty()) {
    return user_error(errc::not_found, "no node is running for this user; start one with 'millrace node run'");
  }
  std::vector<control_endpoint> fitting;
  std::string names;
  for (const auto& e : *all) {
    names += (names.empty() ? "" : ", ") + node_name(e);
    if (choice.name.empty() || node_name(e) == choice.name) fitting.push_back(e);
  }
  if (fitting.size() == 1) return reachable{fitting.front()};
  return user_error(errc::not_found, (choice.name.empty() ? std::string{"several nodes are running"}
                                                          : "there is no node '" + choice.name + "'") +
                                         ": " + names + "; choose one with --node");
}

}  // namespace millrace::command
