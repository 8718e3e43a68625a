#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "kept_process.hpp"

namespace mqtt_tests {

/// Waits until `is_so`; throws std::runtime_error with `what` when that takes more than a minute.
void wait_until(const std::string& what, const std::function<bool()>& is_so);

/// A mosquitto server of the test's own, on a free port of the loopback interface, that saves its sessions when it is
/// told. (By itself after each change: with an fsync a message it falls behind for minutes on a busy machine.)
class broker {
public:
  /// `more`: lines of its configuration.
  explicit broker(const std::string& more = {});
  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string address() const { return "localhost:" + std::to_string(port_); }
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return process_.folder(); }
  void kill() const { process_.kill(); }
  /// Has it write what it holds, which a server that is killed would lose otherwise; returns when that is done.
  void save() const;

private:
  int port_;
  plugin_tests::kept_process process_;
};

/// A port that nobody listens on.
[[nodiscard]] int free_port();

}  // namespace mqtt_tests
