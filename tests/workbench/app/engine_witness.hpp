#pragma once

#include <QString>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/text.hpp"
#include "millrace/transport/control_client.hpp"

namespace millrace::workbench::testing {

/// Asks the engine itself, over a connection of its own: the window's word is not enough.
class EngineWitness {
public:
  explicit EngineWitness(const QString& address) : m_context{std::move(*transport::zmq_context::open(0))} {
    auto connected = transport::control_client::connect(m_context, toStd(address), std::chrono::seconds{5});
    if (connected) m_client = *std::move(connected);
  }
  [[nodiscard]] nlohmann::json ask(const char* verb, const std::string& topology) {
    if (m_client == nullptr) return {};
    auto answer = m_client->call(verb, {{"topology", topology}}, std::chrono::seconds{20});
    return answer ? *answer : nlohmann::json{{"error", answer.error().message}};
  }
  /// The first task of an actor, as the status has it; empty: it has none.
  [[nodiscard]] nlohmann::json task(const std::string& topology, const std::string& actor) {
    const auto tasks = ask("status", topology).value("tasks", nlohmann::json::array());
    for (const auto& task : tasks) {
      if (task.value("actor", "") == actor) return task;
    }
    return nlohmann::json::object();
  }
  /// A parameter as it is deployed now; null: the topology leaves it out, or is not there.
  [[nodiscard]] nlohmann::json changed(const std::string& topology, const std::string& parameter) {
    for (const auto& change : ask("status", topology).value("changed_parameters", nlohmann::json::array())) {
      if (change.value("parameter", "") == parameter) return change.at("value");
    }
    return nullptr;
  }
  [[nodiscard]] std::string state(const std::string& topology) { return ask("status", topology).value("state", ""); }

private:
  transport::zmq_context m_context;
  std::unique_ptr<transport::control_client> m_client;
};

}  // namespace millrace::workbench::testing
