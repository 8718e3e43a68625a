#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "control_sessions.hpp"
#include "millrace/transport/control_protocol.hpp"
#include "millrace/transport/control_server.hpp"
#include "millrace/transport/json_codec.hpp"
#include "router_socket.hpp"

namespace millrace::transport {

/// What the control thread does: waits for requests and for the next subscription that is due, and serves both.
class control_server::loop {
public:
  loop(std::string address, std::filesystem::path path, control_service service, router_socket socket);
  ~loop() { stop(); }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  [[nodiscard]] result<void> start();
  void stop();
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

private:
  using clock = control_sessions::clock;

  void run();
  [[nodiscard]] bool wait();
  [[nodiscard]] bool answer_requests(clock::time_point arrived);
  void answer(const raw_request& raw, clock::time_point arrived);
  [[nodiscard]] result<nlohmann::json> serve(const raw_request& raw, std::uint64_t& id, clock::time_point arrived);
  [[nodiscard]] result<nlohmann::json> dispatch(const std::string& client, const control_request& request);
  [[nodiscard]] result<nlohmann::json> subscribe(const std::string& client, const nlohmann::json& args);
  [[nodiscard]] result<nlohmann::json> unsubscribe(const std::string& client, const nlohmann::json& args);
  [[nodiscard]] result<void> admit(const std::string& client);
  void publish_due(clock::time_point now);
  [[nodiscard]] bool publish_due_of(const std::string& client, std::vector<subscription>& subscriptions,
                                    clock::time_point now);
  [[nodiscard]] bool publish(const std::string& client, subscription& s);
  [[nodiscard]] const nlohmann::json& state_of(const std::string& topic);

  std::string address_;
  std::filesystem::path path_;
  control_service service_;
  router_socket socket_;
  control_sessions sessions_;
  std::map<std::string, nlohmann::json> states_;  // of the topics asked for in this round
  byte_buffer outgoing_;
  int wake_fd_ = -1;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace millrace::transport
