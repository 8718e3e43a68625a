#pragma once

#include <mosquitto.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker.hpp"

namespace mqtt_tests {

struct seen_message {
  std::string topic;
  std::string payload;
  bool retain = false;
};

/// Another client of the server, by libmosquitto alone. Goes on when the server dies and comes back. Thread: one owner.
class peer {
public:
  /// `id`: of a session that the server keeps.
  peer(const broker& at, const std::string& id);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer();

  /// Returns when the server has it. Throws std::runtime_error when it never does.
  void publish(const std::string& topic, const std::string& payload, bool retain = false);
  void subscribe(const std::string& filter);
  /// What came since the last call, as far as it is there.
  [[nodiscard]] std::vector<seen_message> take();
  /// Reads and writes what there is, for at most `limit_ms`.
  void turn(int limit_ms);

private:
  void connect();

  const broker* at_;
  mosquitto* m_;
  bool is_connected_ = false;
  std::set<int> acknowledged_;
  bool is_subscribed_ = false;
  std::vector<seen_message> seen_;
};

}  // namespace mqtt_tests
