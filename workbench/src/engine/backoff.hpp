#pragma once

#include <algorithm>
#include <chrono>

namespace millrace::workbench {

/// How long to wait before the next attempt: 100 ms, then twice as long each time, at most 5 s. Pure.
class Backoff {
public:
  static constexpr std::chrono::milliseconds first{100}, largest{5000};

  [[nodiscard]] std::chrono::milliseconds next() noexcept {
    const auto wait = m_next;
    m_next = std::min(m_next * 2, largest);
    return wait;
  }
  void reset() noexcept { m_next = first; }

private:
  std::chrono::milliseconds m_next = first;
};

}  // namespace millrace::workbench
