#include "command/running.hpp"

#include <chrono>
#include <vector>

#include "millrace/transport/control_client.hpp"

namespace millrace::command {

namespace {

using transport::control_endpoint;

constexpr std::chrono::milliseconds answer_timeout{5'000};

}  // namespace

result<nlohmann::json> ask(const control_endpoint& endpoint, const std::string& verb, const nlohmann::json& args) {
  auto sockets = transport::zmq_context::open(0);
  if (!sockets) return std::move(sockets).error();
  auto client = transport::control_client::connect(*sockets, endpoint.address, answer_timeout);
  if (!client) return std::move(client).error();
  return (*client)->call(verb, args, answer_timeout);
}

std::string name_of(const control_endpoint& e) {
  return e.topology + " (process " + std::to_string(e.pid) + ")";
}

result<control_endpoint> choose_running(const std::string& name, std::uint32_t pid) {
  auto running = transport::list_endpoints();
  if (!running) return std::move(running).error();
  std::vector<control_endpoint> fitting;
  std::string names;
  for (const auto& e : *running) {
    names += (names.empty() ? "" : ", ") + name_of(e);
    const bool fits = (name.empty() || e.topology == name) && (pid == 0 || e.pid == pid);
    if (fits) fitting.push_back(e);
  }
  if (fitting.size() == 1) return fitting.front();
  if (running->empty()) return user_error(errc::not_found, "no topology is running for this user");
  const auto what = fitting.empty() ? "no such topology is running" : "several topologies fit";
  return user_error(errc::not_found, std::string{what} + "; running: " + names + "; name one, or give its --pid");
}

}  // namespace millrace::command
