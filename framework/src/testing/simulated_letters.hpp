#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "millrace/dead_letter.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/engine/recovery.hpp"
#include "millrace/engine/task_snapshot.hpp"

namespace millrace::testing {

/// The dead letters of a simulated run: what the live store does for a run that nobody mends anything in. Like the
/// snapshot store it is the disk and survives crashes. Thread: the simulation's.
class simulated_letters {
public:
  /// Before the manifest of the snapshot that covers them.
  [[nodiscard]] result<void> put(const engine::plan& p, const std::vector<engine::task_snapshot>& parts);
  /// The run goes on from `point`: what it does not cover comes again.
  void go_back(const engine::plan& p, const engine::restore_point& point);
  /// In order of tasks and numbers.
  [[nodiscard]] std::vector<dead_letter> all() const;

private:
  std::map<std::string, std::map<std::uint64_t, dead_letter>> of_task_;
};

}  // namespace millrace::testing
