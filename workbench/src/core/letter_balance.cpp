#include "core/letter_balance.hpp"

#include <cmath>

namespace millrace::workbench {
namespace {

constexpr double deviationsMax = 3;

}  // namespace

LetterBalance::LetterBalance(const std::vector<RunSample>& before, const RunFigures& run, double now) : m_now{now} {
  m_letters.take(run);
  for (std::size_t i = 1; i < before.size(); ++i) {
    const double seconds = before[i].at - before[i - 1].at;
    m_seconds += seconds;
    m_eventsBefore += before[i].inPerS * seconds;
    m_givenBefore += before[i].deadLetters;
  }
}

void LetterBalance::observe(const RunFigures& run, double now) {
  m_given += m_letters.take(run);
  m_events += sampleOf(run, now).inPerS * (now - m_now);
  m_now = now;
}

double LetterBalance::perSecondBefore() const noexcept {
  return m_seconds > 0 ? m_givenBefore / m_seconds : 0;
}

double LetterBalance::ratio() const {
  return m_eventsBefore > 0 ? m_events / m_eventsBefore : 0;
}

double LetterBalance::excess() const {
  return m_given - m_givenBefore * ratio();
}

double LetterBalance::chance() const {
  return deviationsMax * std::sqrt(m_givenBefore * ratio() * (1 + ratio()));
}

}  // namespace millrace::workbench
