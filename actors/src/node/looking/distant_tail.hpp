#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/runtime/topology_run.hpp"
#include "node/looking/tail.hpp"

namespace millrace::node {

/// The part of a tail that another node shows, as its tasks receive the channels. Nobody waits for that node: each look
/// takes what has come and asks for more. A node that begins the run anew is asked anew. Bounded: one question is under
/// way at a time, so at most two answers are kept. Thread: one at a time; answers come on any.
class distant_tail {
public:
  /// The run outlives it.
  distant_tail(runtime::topology_run& run, std::string node, const tail::choice& c);
  distant_tail(const distant_tail&) = delete;
  distant_tail& operator=(const distant_tail&) = delete;

  [[nodiscard]] const std::string& node() const noexcept { return node_; }
  /// What came since the last call, as `tail::read` gives it.
  [[nodiscard]] std::vector<nlohmann::json> take();
  /// Why nothing comes; empty: it does.
  [[nodiscard]] std::string problem() const;
  /// Should the word get lost, its lease ends it there.
  void close();

private:
  /// Outlives the tail: an answer may be on its way.
  struct mailbox {
    std::mutex mutex;
    bool is_asked = false;
    std::int64_t asked_ns = 0;
    std::uint64_t tail = 0;  // its number there; 0: it is not open
    std::string problem;
    std::vector<nlohmann::json> read;

    void put(const std::string& answer);
  };
  void ask();

  runtime::topology_run& run_;
  const std::string node_;
  nlohmann::json wanted_;
  std::shared_ptr<mailbox> box_ = std::make_shared<mailbox>();
};

}  // namespace millrace::node
