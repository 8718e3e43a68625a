#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "millrace/error.hpp"
#include "millrace/transport/control_endpoint.hpp"

namespace millrace::command {

/// A run as people know it: `spending (process 4711)`.
[[nodiscard]] std::string name_of(const transport::control_endpoint& e);

/// The one running topology that is meant: of this name (empty: the only one) and process (0: whichever).
/// errc::not_found lists what is running.
[[nodiscard]] result<transport::control_endpoint> choose_running(const std::string& name, std::uint32_t pid);

/// Asks a run over its control socket. Waits for the answer, at most some seconds.
[[nodiscard]] result<nlohmann::json> ask(const transport::control_endpoint& endpoint, const std::string& verb,
                                         const nlohmann::json& args = nlohmann::json::object());

}  // namespace millrace::command
