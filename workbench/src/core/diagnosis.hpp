#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace millrace::workbench {

/// One thing that holds a run up.
struct Cause {
  QString cause;                  ///< the engine's word: processor, hot_key, outside_call, …; none
  QString sentence;               ///< with its figures
  std::string actor;              ///< the one that holds the run up, of a channel the receiver; empty: none
  QString where;                  ///< it, or both ends of the channel; empty: none
  std::vector<std::string> path;  ///< actors along full channels, from the source that is held up
  QStringList keys;               ///< hot ones, with their shares
  double share = 0;               ///< of the time that others are held up by it; 0: not measured

  [[nodiscard]] bool hasCulprit() const noexcept { return !actor.empty(); }
  /// In a few words of people: CPU, key skew, …; a word that is not known here as it is.
  [[nodiscard]] QString title() const;
};

/// Why a run is as slow as it is, as its engine says it (verb `why`): the worst first, what else there is in `also`.
struct Diagnosis : Cause {
  std::vector<Cause> also;
};

/// Reads the verb's answer; what it does not know is left out. Pure.
[[nodiscard]] Diagnosis readDiagnosis(const nlohmann::json& answer);

}  // namespace millrace::workbench
