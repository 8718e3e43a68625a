#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace::testing {

/// A way to a TCP server of this machine that can be cut: what tests of reconnecting connect through. Thread: any, its
/// work is done on one of its own.
class cut_proxy {
public:
  explicit cut_proxy(std::uint16_t server_port);
  ~cut_proxy();
  cut_proxy(const cut_proxy&) = delete;
  cut_proxy& operator=(const cut_proxy&) = delete;

  /// Where clients connect, on loopback.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Where connections lead from now on.
  void lead_to(std::uint16_t server_port) { server_port_ = server_port; }
  /// Ends all connections.
  void cut() { to_cut_ = true; }
  /// The next bytes from the server are lost, and the connection with them: what was asked for is done, unheard.
  void cut_at_next_answer() { is_armed_ = true; }
  /// How many connections were cut so far.
  [[nodiscard]] int cuts() const noexcept { return cuts_; }
  /// How many were made.
  [[nodiscard]] int connections() const noexcept { return connections_; }

private:
  struct link {
    int client;
    int server;
  };
  void run();
  void accept_one();
  [[nodiscard]] bool forward(const link& l, int from, int to);
  static void close_link(const link& l);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint16_t> server_port_;
  std::atomic<bool> to_cut_{false};
  std::atomic<bool> is_armed_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<int> cuts_{0};
  std::atomic<int> connections_{0};
  std::vector<link> links_;  // own thread
  std::thread thread_;
};

}  // namespace millrace::testing
