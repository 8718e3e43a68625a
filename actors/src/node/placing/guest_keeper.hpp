#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/runtime/guest_run.hpp"
#include "runtime/remote/exchange.hpp"

namespace millrace::node {

/// The tasks that a node hosts for topologies which other nodes lead. One run of a topology at a time: what an earlier
/// run of the same lead left is gone before the next is begun. Thread: the node's own; `status` any.
class guest_keeper {
public:
  struct options {
    std::shared_ptr<runtime::exchange> nodes;
    std::filesystem::path folder;  ///< of the node's data
    std::size_t threads = 0;
    engine::protections protect{};  ///< negative controls only
    /// Called from any thread.
    std::function<void(log_level, const std::string& topology, const std::string&)> log;
    /// What came of a peer's wish to have tasks run here: "ok", or "denied". On the node's own thread.
    std::function<void(const std::string& lead, const std::string& topology, const std::string& outcome)> noted{};
  };
  explicit guest_keeper(options o);
  /// Ends what it hosts; the leads go on when the node is back.
  ~guest_keeper();
  guest_keeper(const guest_keeper&) = delete;
  guest_keeper& operator=(const guest_keeper&) = delete;

  /// Takes up what was asked for, lets go of what is over.
  void advance();
  /// `topology`, `lead`, `state` and `tasks` (names) of each.
  [[nodiscard]] nlohmann::json status() const;

private:
  using place = std::pair<std::string, std::string>;  // lead and topology
  struct message {
    std::string from;
    std::shared_ptr<const byte_buffer> bytes;
  };
  void take_up(const message& m);

  // Requests are few; more than these are from a peer that has gone wrong.
  static constexpr std::size_t asked_max = 1024;

  const options options_;
  mutable std::mutex mutex_;
  std::vector<message> asked_;
  std::map<place, std::shared_ptr<runtime::guest_run>> guests_;
};

}  // namespace millrace::node
