#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/engine/dead_letter_store.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/recovery.hpp"
#include "millrace/engine/task_snapshot.hpp"

namespace millrace::runtime {

/// Takes dead letters from snapshots to their store, and those to be replayed from there to their tasks.
///
/// The order of things makes each letter count once: in the store before the manifest that covers it, confirmed behind
/// it, taken away again when a restore goes back before it. Thread: snapshot writer; `use` any.
class letter_keeper {
public:
  struct replays {
    std::vector<std::pair<task_id, std::vector<engine::replay_item>>> items;
    bool more = false;  ///< and some are to come, or in no complete snapshot yet: nobody may end its input
  };
  using logger = std::function<void(log_level, const std::string&)>;

  letter_keeper(std::shared_ptr<const engine::plan> p, std::unique_ptr<engine::dead_letter_store> store, logger log)
      : plan_{std::move(p)}, store_{std::move(store)}, log_{std::move(log)} {}

  /// Before the manifest.
  [[nodiscard]] result<void> put(const std::vector<engine::task_snapshot>& parts);
  /// Behind it; what a failure leaves undone the next call does.
  void confirm(const std::vector<engine::task_snapshot>& parts);
  /// The topology goes on from `point`; what is to be replayed from there on.
  [[nodiscard]] result<replays> go_back(const engine::restore_point& point);
  /// Finds tasks for letters somebody wants to replay, so many at a time; what came up since the last call.
  [[nodiscard]] replays dispatch();
  /// Somebody works on the letters, for a moment. errc::unavailable: the writer has them for longer than `timeout`; ask
  /// again.
  [[nodiscard]] result<void> use(std::chrono::milliseconds timeout,
                                 const std::function<result<void>(engine::dead_letter_store&)>& work);

private:
  // Where letters of one actor and input go.
  struct address {
    bool is_there = false;
    std::uint32_t actor = 0;
    std::size_t port = 0;
    bool has_port = false;
  };

  [[nodiscard]] result<replays> offer();
  [[nodiscard]] result<void> queue_requested();
  [[nodiscard]] const address& address_of(const dead_letter& l);
  [[nodiscard]] std::string target_of(const engine::kept_letter& l);
  [[nodiscard]] std::uint32_t partition_for(const engine::kept_letter& l, const address& to) const;

  std::shared_ptr<const engine::plan> plan_;
  std::timed_mutex mutex_;
  std::unique_ptr<engine::dead_letter_store> store_;
  logger log_;
  std::map<std::pair<std::string, std::string>, address> addresses_;
  std::map<std::string, std::uint64_t> offered_;  // per task: replays up to here are known to it
};

}  // namespace millrace::runtime
