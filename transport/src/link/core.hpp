#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "link/ends.hpp"
#include "link/line.hpp"
#include "link/side.hpp"
#include "link/sockets.hpp"
#include "link/waker.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::transport {

/// The hub's thread and what it shares with others: it owns every socket, the others give it lines to add and remove.
class link_core {
public:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] static result<std::unique_ptr<link_core>> open(link_options options, link_events events);
  ~link_core();
  link_core(const link_core&) = delete;
  link_core& operator=(const link_core&) = delete;

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::vector<std::string> take_strangers();
  [[nodiscard]] const link_options& options() const noexcept { return options_; }
  [[nodiscard]] const std::shared_ptr<link::open_ends>& ends() const noexcept { return ends_; }

  [[nodiscard]] result<void> add(link_peer peer);
  void remove(const std::string& name);
  /// Error: `not_found`.
  [[nodiscard]] result<std::shared_ptr<link::side>> find(const std::string& name) const;

private:
  struct newcomer {
    link_peer peer;
    std::shared_ptr<link::side> side;
    bool was_lost = false;  ///< it could not be dialled, and that was said
  };

  link_core(zmq_context context, std::shared_ptr<link::waker> calls, link_options options, link_events events);
  [[nodiscard]] result<void> listen();
  [[nodiscard]] result<void> check(const link_peer& peer) const;
  void start();

  // The hub's thread, all below.
  void run() noexcept;
  bool turn();
  void sleep();
  [[nodiscard]] bool may_sleep();
  void look_everywhere();
  void take_changes(clock::time_point now);
  void admit(newcomer who, clock::time_point now);
  void listen_again(clock::time_point now);
  bool read_router(clock::time_point now);
  void dispatch(const std::string& route, std::shared_ptr<message> m, bool is_whole, clock::time_point now);
  [[nodiscard]] link::line* sender_of(message& m, const link::message_header& h);
  [[nodiscard]] std::optional<std::string> name_of_key(const std::string& public_key);

  const link_options options_;
  const link_events events_;
  zmq_context context_;
  const std::shared_ptr<link::waker> calls_;
  const std::shared_ptr<link::open_ends> ends_ = std::make_shared<link::open_ends>();
  std::string address_;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<link::side>> sides_;
  std::vector<newcomer> newcomers_;
  std::vector<std::shared_ptr<link::side>> leavers_;
  std::vector<std::string> strangers_;  // their keys

  std::optional<authentication> door_;
  bool must_answer_door_ = true;
  socket_handle router_;
  std::optional<clock::time_point> listen_at_;  ///< the router is to be bound again
  std::vector<newcomer> undialled_;             ///< there were no sockets for them
  clock::time_point dial_again_at_{};
  link::line_surroundings around_;
  std::map<std::string, std::unique_ptr<link::line>, std::less<>> lines_;

  std::vector<pollfd> polled_;
  unsigned turns_awake_ = 0;

  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace millrace::transport
