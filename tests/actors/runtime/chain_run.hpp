#pragma once

#include <QTemporaryDir>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "millrace/runtime/topology_run.hpp"
#include "millrace/topology.hpp"

namespace millrace::test {

/// What tests and the actors of a chain tell each other.
namespace chain_actors {

extern std::atomic<bool> may_end;
extern std::atomic<bool> is_hanging;          ///< those whose handlers hang stay there while it is true
extern std::atomic<bool> is_away;             ///< what 'calls' is called outside
extern std::atomic<int> prepares_failing;     ///< so many snapshots a sink cannot prepare
extern std::atomic<int> hangs_wanted;         ///< so many handlers are to hang
extern std::atomic<std::int64_t> made;        ///< by the source, at its end
extern std::atomic<std::int64_t> sum_at_end;  ///< of the sink behind 'second'
extern std::atomic<std::int64_t> got_at_end;  ///< by that sink: events

}  // namespace chain_actors

/// source → first → second → sink, and beside it source → side → side_sink: one region.
[[nodiscard]] topology chain();
[[nodiscard]] failure_policy& policy_of(topology& t, const std::string& actor);
[[nodiscard]] actor_spec& actor_of(topology& t, const std::string& actor);

/// A chain at work, with some snapshots behind it. Ends with this object.
class chain_run {
public:
  explicit chain_run(const topology& t);
  ~chain_run();
  chain_run(const chain_run&) = delete;
  chain_run& operator=(const chain_run&) = delete;

  void release();
  /// Gives up after half a minute, which the checks behind it then show.
  void wait_for(const std::function<bool()>& happened);
  /// Has it fail, and waits until it has come back.
  runtime::recovery_report fail(const std::string& task);
  runtime::recovery_report next_recovery(std::size_t before);
  [[nodiscard]] task_id id_of(const std::string& task) const;
  [[nodiscard]] runtime::task_status task(const std::string& name) const;
  /// Tasks that were made more than once.
  [[nodiscard]] std::string made_again() const;
  /// All input is handled, and each number counted once.
  [[nodiscard]] bool ends_right();
  [[nodiscard]] runtime::topology_run& run() { return *run_; }

private:
  QTemporaryDir folder_;
  std::unique_ptr<runtime::topology_run> run_;
};

}  // namespace millrace::test
