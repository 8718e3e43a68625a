#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "millrace/runtime/topology_run.hpp"
#include "node/looking/distant_tail.hpp"
#include "node/looking/tail.hpp"

namespace millrace::node {

/// Answers those who look into the channels of one run: the verbs `tail_*` and `break_*` (docs/debugging.md). A tail is
/// its opener's alone, and shows channels to tasks of all nodes. Made with a run and ended before it. Thread: any.
class look_desk {
public:
  /// The run outlives it.
  explicit look_desk(runtime::topology_run& run) : run_{run} {}

  /// `owner`: who asks.
  [[nodiscard]] result<nlohmann::json> answer(const std::string& owner, const std::string& verb,
                                              const nlohmann::json& args);

private:
  struct opened {
    std::string owner;
    std::unique_ptr<tail> here;  // null: none of the channels leads here
    std::vector<std::unique_ptr<distant_tail>> elsewhere;
    std::int64_t read_ns = 0;  // when its opener asked last
  };
  [[nodiscard]] result<nlohmann::json> open_tail(const std::string& owner, const nlohmann::json& args);
  [[nodiscard]] result<nlohmann::json> answer_tail(const std::string& owner, const std::string& verb,
                                                   const nlohmann::json& args);
  [[nodiscard]] static nlohmann::json read(opened& t);

  runtime::topology_run& run_;
  std::mutex mutex_;
  std::map<std::uint64_t, opened> tails_;
  std::uint64_t next_id_ = 1;
};

/// The verb is one of those above.
[[nodiscard]] bool is_look(const std::string& verb) noexcept;

}  // namespace millrace::node
