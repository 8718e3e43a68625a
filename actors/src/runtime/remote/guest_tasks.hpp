#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "millrace/engine/recovery.hpp"
#include "millrace/error.hpp"
#include "runtime/messages.hpp"
#include "runtime/remote/exchange.hpp"
#include "runtime/remote/state_wire.hpp"
#include "runtime/remote/wire.hpp"
#include "runtime/run_shared.hpp"

namespace millrace::runtime::remote {

/// What the supervisor of a run keeps of the tasks that other nodes host: who was asked to host, who has answered, and
/// the pages of snapshot parts that come in pieces. Decides nothing about failures. Thread: the supervisor's.
class guest_tasks {
public:
  explicit guest_tasks(run_shared& shared);
  guest_tasks(const guest_tasks&) = delete;
  guest_tasks& operator=(const guest_tasks&) = delete;

  /// The node that hosts a task; empty: it is here.
  [[nodiscard]] const std::string& node_of(task_id task) const { return node_of_[task.value]; }
  [[nodiscard]] const std::set<std::string>& nodes_of(std::uint32_t region) const { return nodes_[region]; }
  [[nodiscard]] const std::set<std::string>& nodes() const noexcept { return all_; }
  /// A node of the region that cannot be reached now; empty: all can.
  [[nodiscard]] std::string unreachable(std::uint32_t region) const;

  /// Asks every node of the region to host its tasks. Errors: one cannot be asked.
  [[nodiscard]] result<void> ask(std::uint32_t region, generation incarnation);
  /// A node has answered yes. True once all have, for the incarnation asked for last.
  [[nodiscard]] bool on_hosted(const std::string& node, std::uint32_t region, generation incarnation);
  /// Tells all nodes that the run is over; what they still host of it ends at once.
  void release();

  /// Pages of a part to come.
  void on_pages(part_pages&& pages);
  /// The part, with the pages that came before it.
  [[nodiscard]] std::shared_ptr<engine::task_snapshot> on_part(part_report&& report);
  /// Asks the node of a task about its state. Of questions that wait only the newest few are kept.
  void ask_state(const query_message& m);
  void on_reply(state_reply&& reply);

  /// Parts of epochs that came to nothing leave no pages behind.
  void forget_pages();

  /// Set by `release`: what is on its way to the nodes is not needed any more.
  [[nodiscard]] const std::shared_ptr<std::atomic<bool>>& stopping() const noexcept { return stopping_; }

private:
  struct incoming {
    epoch_id epoch{};
    std::vector<engine::frozen_rows::page> pages;
  };
  [[nodiscard]] host_request request_for(std::uint32_t region) const;

  run_shared& shared_;
  std::vector<std::string> node_of_;
  std::vector<std::set<std::string>> nodes_;  // per region
  std::set<std::string> all_;
  std::vector<std::set<std::string>> missing_;  // per region: have not answered yet
  std::vector<generation> asked_;               // per region
  static constexpr std::size_t questions_max = 64;

  std::map<task_id, incoming> incoming_;
  std::map<std::uint64_t, std::shared_ptr<query_message::question>> questions_;  // by number
  std::uint64_t last_question_ = 0;
  std::shared_ptr<engine::shared_spill> received_;
  engine::spill_place next_place_ = 0;
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace millrace::runtime::remote
