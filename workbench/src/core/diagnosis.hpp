#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace millrace::workbench {

/// Why a run is as slow as it is, as its engine says it (verb `why`).
struct Diagnosis {
  QString cause;                  ///< the engine's word: processor, hot_key, outside_call, …; none
  QString sentence;               ///< with its figures
  std::string actor;              ///< the one that holds the run up; empty: none
  std::vector<std::string> path;  ///< actors along full channels, from the source that is held up
  QStringList keys;               ///< hot ones, with their shares

  [[nodiscard]] bool hasCulprit() const noexcept { return !actor.empty(); }
};

/// Reads the verb's answer; what it does not know is left out. Pure.
[[nodiscard]] Diagnosis readDiagnosis(const nlohmann::json& answer);

}  // namespace millrace::workbench
