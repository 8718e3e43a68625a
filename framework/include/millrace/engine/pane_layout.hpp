#pragma once

#include <cstdint>

#include "millrace/window.hpp"

namespace millrace::engine {

/// Floor of a / b for b > 0, also below zero.
[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b != 0 && a < 0 ? 1 : 0);
}

/// How windows are cut into panes that no window boundary crosses. Window k covers the panes [k · step, k · step +
/// span). Pure.
struct pane_layout {
  std::int64_t pane_ns = 1;
  std::int64_t span = 1;
  std::int64_t step = 1;
  std::int64_t offset_ns = 0;

  [[nodiscard]] static pane_layout of(const window_spec& s) noexcept;

  [[nodiscard]] std::int64_t pane_at(std::int64_t ns) const noexcept { return floor_div(ns - offset_ns, pane_ns); }
  [[nodiscard]] std::int64_t first_window(std::int64_t pane) const noexcept { return floor_div(pane - span, step) + 1; }
  [[nodiscard]] std::int64_t last_window(std::int64_t pane) const noexcept { return floor_div(pane, step); }
  [[nodiscard]] time_window window(std::int64_t k) const noexcept {
    return {{offset_ns + k * step * pane_ns}, {offset_ns + (k * step + span) * pane_ns}};
  }
  /// The watermark at which window k is complete.
  [[nodiscard]] std::int64_t complete_at(std::int64_t k) const noexcept { return window(k).end.ns - 1; }
  /// The last window complete at watermark `ns`.
  [[nodiscard]] std::int64_t last_complete(std::int64_t ns) const noexcept {
    return floor_div(floor_div(ns + 1 - offset_ns, pane_ns) - span, step);
  }
  /// Slots a key's ring needs: the panes of one window and some that wait for the watermark.
  [[nodiscard]] std::uint32_t ring_size() const noexcept;
};

}  // namespace millrace::engine
