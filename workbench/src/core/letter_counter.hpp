#pragma once

#include <map>
#include <string>

namespace millrace::workbench {

struct RunFigures;

/// Counts the dead letters of a run while it is watched. The engine's own counters begin anew with each task that is
/// rebuilt, so that only growth counts. Thread: GUI.
class LetterCounter {
public:
  /// How many came since the figures before; of the first ones none.
  double take(const RunFigures& run);

private:
  std::map<std::string, double> m_last;  // by actor
};

}  // namespace millrace::workbench
