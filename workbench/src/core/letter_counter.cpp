#include "core/letter_counter.hpp"

#include <algorithm>

#include "core/figures.hpp"

namespace millrace::workbench {

double LetterCounter::take(const RunFigures& run) {
  double grown = 0;
  for (const auto& [name, figures] : run.actors) {
    const auto known = m_last.try_emplace(name, figures.deadLetters).first;
    grown += std::max(0.0, figures.deadLetters - known->second);
    known->second = figures.deadLetters;
  }
  return grown;
}

}  // namespace millrace::workbench
