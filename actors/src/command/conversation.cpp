#include "command/conversation.hpp"

#include <chrono>
#include <utility>

namespace millrace::command {

namespace {

constexpr std::chrono::milliseconds answer_timeout{5'000};

}  // namespace

result<conversation> conversation::begin(running_topology with) {
  conversation made{std::move(with)};
  auto sockets = transport::zmq_context::open(0);
  if (!sockets) return std::move(sockets).error();
  made.sockets_ = std::make_unique<transport::zmq_context>(*std::move(sockets));
  const auto& process = made.with_.process;
  auto client =
      transport::control_client::connect(*made.sockets_, process.endpoint.address, answer_timeout, process.keys);
  if (!client) return std::move(client).error();
  made.client_ = *std::move(client);
  return made;
}

result<nlohmann::json> conversation::ask(const std::string& verb, nlohmann::json args) const {
  args["topology"] = with_.topology;
  return client_->call(verb, args, answer_timeout);
}

}  // namespace millrace::command
