#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "node/looking/tail.hpp"

namespace millrace::node {

/// Shows the node that leads a topology what goes over channels to the tasks it runs here: the other end of
/// `distant_tail`. Bounded by the board's taps, each of which ends when nobody reads it. Thread: one at a time.
class guest_looks {
public:
  /// Board and plan outlive it.
  guest_looks(inspect::watch_board& board, const engine::plan& plan, std::function<bool(task_id)> is_here)
      : board_{board}, plan_{plan}, is_here_{std::move(is_here)} {}

  /// Questions and answers are JSON: `{"open": {"channels": [id], "filter", "rate"}}` gives `{"tail"}`, `{"read":
  /// tail}` what `tail::read` gives, `{"close": tail}` nothing; `{"error"}` where it cannot be done.
  [[nodiscard]] std::string answer(const std::string& question);

private:
  [[nodiscard]] result<nlohmann::json> open(const nlohmann::json& wanted);
  [[nodiscard]] result<nlohmann::json> work(const nlohmann::json& question);

  inspect::watch_board& board_;
  const engine::plan& plan_;
  const std::function<bool(task_id)> is_here_;
  std::map<std::uint64_t, std::unique_ptr<tail>> tails_;
  std::uint64_t next_id_ = 1;
};

}  // namespace millrace::node
