#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "millrace/context.hpp"
#include "millrace/transport/control_client.hpp"
#include "node/peers/peer_registry.hpp"

namespace millrace::node {

/// Tells the nodes that this one knows about each other: who joined one of them is known to all of them soon.
///
/// After each change, and once after the process's start, every peer that takes requests is told this node's own
/// addresses and its list, and answers with what it knows. Who does not answer is asked again after 1 s, then 2 s, up
/// to a minute. One request at a time, so what it costs is bounded however many there are. Thread: its own; `wake` any.
class peer_news {
public:
  using log_function = std::function<void(log_level, const std::string&)>;
  /// `self` is told with the others. `peers` and `sockets` outlive it.
  peer_news(transport::zmq_context& sockets, transport::curve_keys own, peer self, peer_registry& peers,
            log_function log);
  ~peer_news();
  peer_news(const peer_news&) = delete;
  peer_news& operator=(const peer_news&) = delete;

  /// The list has changed.
  void wake();
  /// This one (its key) has just asked something: it can be reached again.
  void heard_from(const std::string& key);

private:
  using clock = std::chrono::steady_clock;
  struct progress {
    std::uint64_t revision_told = 0;  // plus one; 0: none
    int failures = 0;
    clock::time_point due{};
  };
  void run();
  [[nodiscard]] clock::time_point tell_those_due();
  [[nodiscard]] result<void> tell(const peer& p);

  transport::zmq_context& sockets_;
  const transport::curve_keys own_;
  const peer self_;
  peer_registry& peers_;
  const log_function log_;
  std::map<std::string, progress> progress_;  // by key; own thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_awake_ = true;
  std::set<std::string> heard_from_;  // keys
  bool is_stopping_ = false;
  std::thread thread_;
};

/// Takes over what another node told: `told_by` (its key) may change its own addresses, and of the others those that
/// are new are added. Those that clash with what is known are passed over. True: something changed. Error: the list is
/// none, or too long.
[[nodiscard]] result<bool> learn_peers(peer_registry& peers, const std::string& own_key, const std::string& told_by,
                                       const nlohmann::json& list);

}  // namespace millrace::node
