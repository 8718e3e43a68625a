#include "core/run_history.hpp"

#include <algorithm>

namespace millrace::workbench {

RunSample sampleOf(const RunFigures& run, double at) {
  RunSample s;
  s.at = at;
  for (const auto& [name, f] : run.actors) {
    if (f.kind == ActorKind::Producer) s.inPerS += f.outPerS;
    if (f.kind == ActorKind::Sink) s.outPerS += f.inPerS;
    s.behindMs = std::max(s.behindMs, f.behindMs.value_or(0));
    s.backlog += f.backlog.value_or(0);
    s.latencyP99 = std::max(s.latencyP99, f.latencyP99.value_or(0));
    s.busy = std::max(s.busy, f.busy);
    s.blocked = std::max(s.blocked, f.blocked);
  }
  return s;
}

void RunHistory::add(const RunSample& sample) {
  if (m_samples.size() < samplesMax) {
    m_samples.push_back(sample);
    return;
  }
  m_samples[m_first] = sample;
  m_first = (m_first + 1) % samplesMax;
}

}  // namespace millrace::workbench
