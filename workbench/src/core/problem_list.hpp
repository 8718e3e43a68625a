#pragma once

#include <QByteArray>
#include <QString>
#include <string>
#include <vector>

#include "core/figures.hpp"

namespace millrace::workbench {

/// One thing that is wrong with a topology, in the engine's own words.
struct Problem {
  Health level = Health::Critical;  ///< Critical or Warning
  QString where, what, remedy;
  std::string actor;  ///< the one it is about; empty: the topology as a whole
  std::string item;   ///< its parameter or port, when it is about one
};
using ProblemList = std::vector<Problem>;

/// Reads what `millrace validate --json` prints, or a node's answer to `plan`. One problem saying so when it cannot be
/// read.
[[nodiscard]] ProblemList readProblems(const QByteArray& json);

}  // namespace millrace::workbench
