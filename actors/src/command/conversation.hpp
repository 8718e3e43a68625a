#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "command/running.hpp"

namespace millrace::command {

/// Asks about one topology again and again over one connection. Thread: one.
class conversation {
public:
  /// Errors: those of the control client.
  [[nodiscard]] static result<conversation> begin(running_topology with);

  [[nodiscard]] result<nlohmann::json> ask(const std::string& verb,
                                           nlohmann::json args = nlohmann::json::object()) const;
  [[nodiscard]] const running_topology& with() const noexcept { return with_; }

private:
  explicit conversation(running_topology with) : with_{std::move(with)} {}

  running_topology with_;
  std::unique_ptr<transport::zmq_context> sockets_;
  std::unique_ptr<transport::control_client> client_;  // before its context
};

}  // namespace millrace::command
