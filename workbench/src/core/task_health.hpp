#pragma once

#include <QString>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/health.hpp"

namespace millrace::workbench {

/// How a task is since a moment, in the engine's words: running, degraded, restoring, backing_off, failed …
struct HealthChange {
  QString state, why;  ///< why: empty when it is as expected
  qint64 sinceMs = 0;  ///< since 1970
};

/// A task's health with what it was before, oldest first.
struct TaskHealth {
  std::string task;  ///< "sum/1"
  HealthChange now;
  std::vector<HealthChange> before;
};

/// Of a task of the engine's status; `state` is empty when it tells none. Throws what the JSON library throws.
[[nodiscard]] TaskHealth readHealth(const nlohmann::json& task);

[[nodiscard]] Health levelOf(const QString& state);
/// Whether it is other than it should be.
[[nodiscard]] bool isTrouble(const QString& state);
/// One line: "sum/1 restoring since 12:30:01: it comes back from snapshot 12".
[[nodiscard]] QString textOf(const std::string& task, const HealthChange& change);
/// The same of what it was before: "restoring from 12:30:01: it comes back from snapshot 12".
[[nodiscard]] QString pastText(const HealthChange& change);

/// What a recovery took, once it is over.
struct RecoveryNote {
  std::string cause;  ///< the task that failed
  QString scope, why;
  qint64 failedAtMs = 0;
  double tasks = 0, totalMs = 0;
  std::uint64_t fromEpoch = 0;
  QString spent;  ///< "noticed 2 ms, loaded 40 ms, …", the larger parts
};
/// Those of a status that are over, oldest first. Throws what the JSON library throws.
[[nodiscard]] std::vector<RecoveryNote> readRecoveries(const nlohmann::json& status);
[[nodiscard]] QString textOf(const RecoveryNote& recovery);

}  // namespace millrace::workbench
