#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "millrace/chaos/armed_fault.hpp"
#include "millrace/context.hpp"
#include "millrace/ids.hpp"

namespace millrace::chaos {

/// A fault as it is told about.
struct fault_report {
  std::uint64_t id = 0;
  fault_request request;
  std::vector<std::string> places;
  fault_state state = fault_state::active;
  std::uint64_t hits = 0;
  std::chrono::nanoseconds age{};
  std::chrono::nanoseconds left{};  ///< until it ends by itself; zero: it has ended
};

/// What the node that leads a topology tells another one that runs some of its tasks.
struct fault_order {
  enum class act : std::uint8_t { inject, renew, clear };
  act what = act::inject;
  std::uint64_t id = 0;                ///< with the board of the lead
  fault_request request;               ///< to be injected, complete
  std::vector<std::uint32_t> indexes;  ///< the places of it that are there
};

/// The faults of one run: takes them in, tells tasks, channels and clock, and takes them away when their time is over.
///
/// Bounded: 64 at a time; of those that ended the newest 200 are remembered. Thread: any.
class fault_board {
public:
  struct surroundings {
    const engine::plan* plan = nullptr;  ///< outlives the board
    std::shared_ptr<const engine::clock> time;
    std::function<void(log_level, const std::string&)> log;
    std::function<bool(task_id)> is_here;                       ///< the task runs in this process
    std::function<void(std::int64_t steady_ns)> sweep_at;       ///< have `sweep` called then
    std::function<void(std::shared_ptr<armed_fault>)> afflict;  ///< does what a fault of the process or disk does
    std::function<std::string(task_id)> node_of{};              ///< the node that runs a task which is not here
    /// Takes an order to another node; does not wait. None: no other node takes part.
    std::function<result<void>(const std::string& node, const fault_order&)> tell{};
    std::string own_node{};  ///< name of this one; empty: no other takes part
  };
  explicit fault_board(surroundings s);
  ~fault_board();
  fault_board(const fault_board&) = delete;
  fault_board& operator=(const fault_board&) = delete;

  /// Puts a fault in place, on other nodes too, and gives its number. Before its target may stand a node, see
  /// `node_target`; faults of disk, clock and process are this node's without. Errors: those of `completed` and
  /// `choose_places`; too many faults; a node that runs nothing of the plan, or that cannot be told.
  [[nodiscard]] result<std::uint64_t> inject(fault_request r);
  /// Its lease begins anew. Errors: not_found when it is not active any more.
  [[nodiscard]] result<void> renew(std::uint64_t id);
  /// Takes it away; 0: all. Gives how many there were.
  [[nodiscard]] result<std::size_t> clear(std::uint64_t id);
  /// The run ends: nothing may hang any more, and nothing new comes.
  void close();
  /// Does what the lead's board wants here. Errors: indexes that are not of the plan.
  [[nodiscard]] result<void> obey(const fault_order& o);
  /// Another node tells how often a fault has struck there.
  void on_distant_hits(const std::string& node, std::uint64_t id, std::uint64_t hits);
  /// A node is gone: what was to end its process has struck there, and nobody is left to tell.
  void on_node_lost(const std::string& node);
  /// All that are remembered, oldest first.
  [[nodiscard]] std::vector<fault_report> list() const;
  /// Takes away what has ended.
  void sweep();

  [[nodiscard]] fault_switch& task(task_id t) { return tasks_[t.value]; }
  [[nodiscard]] fault_switch& channel(channel_id c) { return channels_[c.value]; }
  [[nodiscard]] fault_switch& time() noexcept { return clock_; }
  /// Of the task or channel, for people: `slow (fault 3)`.
  [[nodiscard]] static std::vector<std::string> names_of(const fault_switch& s);

private:
  using fault_ptr = std::shared_ptr<armed_fault>;
  /// The places that are on other nodes, by node.
  using distant_places = std::map<std::string, std::vector<std::uint32_t>>;
  [[nodiscard]] result<fault_places> places_of(const fault_request& r) const;
  [[nodiscard]] result<distant_places> places_elsewhere(const fault_request& r, const fault_places& places) const;
  [[nodiscard]] result<fault_ptr> arm(std::uint64_t id, fault_request r, fault_places places);
  [[nodiscard]] result<void> send(const fault_ptr& f, const distant_places& places);
  [[nodiscard]] result<void> obey_of_node(std::uint64_t id, fault_request r);
  void pass_on(fault_order::act what, std::uint64_t id);
  [[nodiscard]] bool is_here(const armed_fault& f, std::uint32_t index) const;
  void attach(const fault_ptr& f);
  void detach(const armed_fault& f);
  void end(const fault_ptr& f);
  void say(const std::string& text) const;
  [[nodiscard]] fault_report report_of(const armed_fault& f) const;

  /// Faults of the disk strike whoever writes in this process, and may do so while the board goes.
  struct voice;

  const surroundings around_;
  const std::shared_ptr<voice> voice_;
  std::vector<fault_switch> tasks_;
  std::vector<fault_switch> channels_;
  fault_switch clock_;
  mutable std::mutex mutex_;
  std::uint64_t next_id_ = 1;
  bool is_closed_ = false;
  std::map<std::uint64_t, fault_ptr> active_;
  std::map<std::uint64_t, std::map<std::string, std::uint64_t>> elsewhere_;  // hits told, by fault and node
  std::deque<fault_report> ended_;
};

}  // namespace millrace::chaos
