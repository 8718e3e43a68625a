#pragma once

#include <cstddef>
#include <vector>

#include "core/figures.hpp"

namespace millrace::workbench {

/// A run as a whole at one moment, for charts.
struct RunSample {
  double at = 0;                     ///< seconds since 1970
  double inPerS = 0, outPerS = 0;    ///< what producers give, what sinks take
  double behindMs = 0, backlog = 0;  ///< the slowest actor's event time; events producers still have to read
  double latencyP99 = 0;             ///< ms, the slowest sink's; 0: nothing arrived
  double busy = 0, blocked = 0;      ///< of the task that has most of it, 0 to 1
};
[[nodiscard]] RunSample sampleOf(const RunFigures& run, double at);

/// The last samples of a run, oldest first. Of fixed size, so that days of telemetry take no more than minutes.
class RunHistory {
public:
  /// Two minutes of an engine's usual ten a second.
  static constexpr std::size_t samplesMax = 1200;

  void add(const RunSample& sample);
  [[nodiscard]] std::size_t size() const noexcept { return m_samples.size(); }
  [[nodiscard]] const RunSample& at(std::size_t i) const { return m_samples[(m_first + i) % m_samples.size()]; }

private:
  std::vector<RunSample> m_samples;
  std::size_t m_first = 0;
};

}  // namespace millrace::workbench
