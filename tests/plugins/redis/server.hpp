#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <string>
#include <vector>

#include "kept_process.hpp"

namespace redis_tests {

using reply = std::unique_ptr<redisReply, void (*)(void*)>;

/// A Redis server on a unix socket in its own folder and nowhere else, that keeps what it acknowledges.
class server {
public:
  server();
  [[nodiscard]] std::string socket() const { return (process_.folder() / "socket").string(); }
  void kill() const { process_.kill(); }
  /// Waits for the server; throws std::runtime_error when it does not come, or refuses.
  [[nodiscard]] reply run(const std::vector<std::string>& words) const;

private:
  plugin_tests::kept_process process_;
};

}  // namespace redis_tests
