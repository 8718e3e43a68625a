#include "command/running.hpp"

#include <chrono>

#include "command/report.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::command {

namespace {

using transport::control_endpoint;

constexpr std::chrono::milliseconds answer_timeout{5'000};

bool is_node(const control_endpoint& e) {
  return e.topology.starts_with(transport::node_prefix);
}

}  // namespace

result<nlohmann::json> ask(const control_endpoint& endpoint, const std::string& verb, const nlohmann::json& args) {
  auto sockets = transport::zmq_context::open(0);
  if (!sockets) return std::move(sockets).error();
  auto client = transport::control_client::connect(*sockets, endpoint.address, answer_timeout);
  if (!client) return std::move(client).error();
  return (*client)->call(verb, args, answer_timeout);
}

result<nlohmann::json> ask(const running_topology& t, const std::string& verb, nlohmann::json args) {
  args["topology"] = t.topology;
  return ask(t.endpoint, verb, args);
}

std::string name_of(const running_topology& t) {
  return t.topology + (t.node.empty() ? " (process " + std::to_string(t.endpoint.pid) : " (node " + t.node) + ")";
}

std::string node_name(const control_endpoint& e) {
  return e.topology.substr(transport::node_prefix.size());
}

result<std::vector<running_topology>> all_running() {
  const auto endpoints = transport::list_endpoints();
  if (!endpoints) return endpoints.error();
  std::vector<running_topology> all;
  for (const auto& e : *endpoints) {
    if (!is_node(e)) {
      all.push_back({e, e.topology});
      continue;
    }
    const auto hosted = ask(e, "list");
    if (!hosted) {
      // It may have ended between the listing and the question.
      print_error("node " + node_name(e) + ": " + hosted.error().message);
      continue;
    }
    for (const auto& status : *hosted) all.push_back({e, status.value("topology", ""), node_name(e)});
  }
  return all;
}

result<running_topology> choose_running(const std::string& name, std::uint32_t pid) {
  auto running = all_running();
  if (!running) return std::move(running).error();
  std::vector<running_topology> fitting;
  std::string names;
  for (const auto& t : *running) {
    names += (names.empty() ? "" : ", ") + name_of(t);
    const bool fits = (name.empty() || t.topology == name) && (pid == 0 || t.endpoint.pid == pid);
    if (fits) fitting.push_back(t);
  }
  if (fitting.size() == 1) return fitting.front();
  if (running->empty()) return user_error(errc::not_found, "no topology is running for this user");
  const auto what = fitting.empty() ? "no such topology is running" : "several topologies fit";
  return user_error(errc::not_found, std::string{what} + "; running: " + names + "; name one, or give its --pid");
}

result<std::vector<control_endpoint>> nodes_named(const std::string& name) {
  auto endpoints = transport::list_endpoints();
  if (!endpoints) return std::move(endpoints).error();
  std::erase_if(*endpoints, [&](const auto& e) { return !is_node(e) || (!name.empty() && node_name(e) != name); });
  return endpoints;
}

result<control_endpoint> choose_node(const std::string& name) {
  const auto fitting = nodes_named(name);
  if (!fitting) return fitting.error();
  if (fitting->size() == 1) return fitting->front();
  const auto all = nodes_named("");
  if (!all) return all.error();
  if (all->empty())
    return user_error(errc::not_found, "no node is running for this user; start one with 'millrace node run'");
  std::string names;
  for (const auto& e : *all) names += (names.empty() ? "" : ", ") + node_name(e);
  return user_error(errc::not_found,
                    (name.empty() ? std::string{"several nodes are running"} : "there is no node '" + name + "'") +
                        ": " + names + "; choose one with --node");
}

}  // namespace millrace::command
