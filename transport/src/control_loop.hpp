#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "authentication.hpp"
#include "connection_gate.hpp"
#include "control_sessions.hpp"
#include "millrace/transport/control_protocol.hpp"
#include "millrace/transport/control_server.hpp"
#include "millrace/transport/json_codec.hpp"
#include "request_rate.hpp"
#include "router_socket.hpp"

namespace millrace::transport {

/// What the control thread does: waits for requests and for the next subscription that is due, and serves both.
class control_server::loop {
public:
  /// What listens to other machines.
  struct remote_side {
    authentication known_keys;
    router_socket socket;
    std::unique_ptr<connection_gate> gate;
  };
  [[nodiscard]] static result<remote_side> listen_remote(zmq_context& context, const remote_access& access);

  loop(std::string address, std::filesystem::path path, control_service service, router_socket socket,
       std::optional<remote_side> remote);
  ~loop() { stop(); }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  [[nodiscard]] result<void> start();
  void stop();
  void has_stale_connections() {
    if (remote_) remote_->gate->has_stale_connections();
  }
  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }
  [[nodiscard]] std::string_view remote_address() const noexcept {
    return remote_ ? std::string_view{remote_->gate->address()} : std::string_view{};
  }

private:
  using clock = control_sessions::clock;
  using state_key = std::tuple<control_caller, std::string, nlohmann::json>;  // topic, and what of it is wanted

  void run();
  [[nodiscard]] bool wait();
  [[nodiscard]] bool answer_requests(clock::time_point arrived);
  [[nodiscard]] bool answer_requests(router_socket& socket, clock::time_point arrived);
  void answer(const raw_request& raw, clock::time_point arrived);
  [[nodiscard]] send_status send(const std::string& client);
  [[nodiscard]] send_status send(const std::string& client, bytes_view bytes);
  void send_unsent();
  [[nodiscard]] send_status send_unsent(const std::string& client, control_session& session);
  [[nodiscard]] result<nlohmann::json> serve(const raw_request& raw, std::uint64_t& id, clock::time_point arrived,
                                             const std::string*& again);
  void refused(const raw_request& raw, const std::string& verb);
  [[nodiscard]] result<nlohmann::json> hello(const raw_request& raw);
  [[nodiscard]] result<nlohmann::json> dispatch(const raw_request& raw, const control_request& request);
  [[nodiscard]] result<nlohmann::json> subscribe(const raw_request& raw, const nlohmann::json& args);
  [[nodiscard]] result<nlohmann::json> unsubscribe(const std::string& client, const nlohmann::json& args);
  [[nodiscard]] result<const std::string*> admit(const raw_request& raw, const control_request& request);
  [[nodiscard]] result<void> make_room(const control_caller& who);
  enum class publishing { fine, gone, denied };
  void publish_due(clock::time_point now);
  [[nodiscard]] publishing publish_due_of(const std::string& client, control_session& session, clock::time_point now);
  [[nodiscard]] publishing publish(const std::string& client, const control_caller& who, subscription& s);
  [[nodiscard]] const result<nlohmann::json>& state_of(const control_caller& who, const std::string& topic,
                                                       const nlohmann::json& choice);

  std::string address_;
  std::filesystem::path path_;
  control_service service_;
  router_socket socket_;
  std::optional<remote_side> remote_;
  control_sessions sessions_;
  request_rate rate_;
  std::map<state_key, result<nlohmann::json>> states_;  // asked for in this round
  byte_buffer outgoing_;
  bool is_numbered_ = false;  // the request in hand belongs to a session with an id
  bool has_unsent_ = false;   // somebody has answers to come for which there was no room
  int wake_fd_ = -1;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> turns_{0};
  std::thread thread_;
};

}  // namespace millrace::transport
