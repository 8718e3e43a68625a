#pragma once

#include <vector>

#include "core/letter_counter.hpp"
#include "core/run_history.hpp"

namespace millrace::workbench {

/// The dead letters of a run from a moment on, held against what as many events gave before. Events that are counted
/// one by one scatter as a Poisson process does, those before, too: a difference counts from three standard deviations
/// on. Thread: GUI.
class LetterBalance {
public:
  /// `before`: the samples up to that moment.
  LetterBalance(const std::vector<RunSample>& before, const RunFigures& run, double now);
  void observe(const RunFigures& run, double now);

  [[nodiscard]] double given() const noexcept { return m_given; }
  [[nodiscard]] double perSecondBefore() const noexcept;
  /// How many more than before; negative: fewer.
  [[nodiscard]] double excess() const;
  /// What chance makes of the same share of events: a larger difference is none of its doing.
  [[nodiscard]] double chance() const;

private:
  /// Events since then for one before.
  [[nodiscard]] double ratio() const;

  LetterCounter m_letters;
  double m_now;
  double m_seconds = 0;  // before
  double m_eventsBefore = 0, m_events = 0;
  double m_givenBefore = 0, m_given = 0;
};

}  // namespace millrace::workbench
