#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/remote/exchange.hpp"

namespace millrace::distributed {

/// Nodes of one process that reach each other through memory: what they send is encoded and decoded as on a wire, and
/// comes in order, from a thread of its own. A node can be cut off, which is what its peers see of a restart.
/// Thread: any.
class memory_network {
public:
  memory_network();
  ~memory_network();
  memory_network(const memory_network&) = delete;
  memory_network& operator=(const memory_network&) = delete;

  [[nodiscard]] std::shared_ptr<runtime::exchange> join(const std::string& node);
  /// Everything between the node and the others is lost, and both sides hear of it; nobody reaches it until `heal`.
  void cut(const std::string& node);
  void heal(const std::string& node);

  /// What becomes of a message.
  enum class fate : unsigned char {
    sent,
    refused,  ///< its sender is told that there is no room
    lost,     ///< nobody is told, which links never do
  };
  /// Asked about each message that is sent from now on, one at a time; must not call the network. Empty: all are sent.
  void meddle(std::function<fate(const std::string& from, const std::string& to, bytes_view message)> with);

private:
  friend class memory_exchange;
  struct pipe;
  struct pipe_sender;
  struct pipe_receiver;
  using pipe_key = std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>;

  [[nodiscard]] fate fate_of(const std::string& from, const std::string& to, bytes_view message);
  void post(std::function<void()> what);
  void deliver_all();
  [[nodiscard]] bool are_joined(const std::string& a, const std::string& b);
  [[nodiscard]] std::shared_ptr<pipe> pipe_between(const std::string& a, const std::string& b, const pipe_key& key);

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> mail_;
  std::map<std::string, class memory_exchange*> nodes_;
  std::set<std::string> away_;
  std::function<fate(const std::string&, const std::string&, bytes_view)> meddler_;
  std::map<pipe_key, std::weak_ptr<pipe>> pipes_;
  bool stop_ = false;
  std::thread postman_;
};

}  // namespace millrace::distributed
