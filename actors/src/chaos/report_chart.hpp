#pragma once

#include <functional>
#include <string>

#include "chaos/experiment_run.hpp"

namespace millrace::chaos {

/// A figure over the time of a run, as an SVG whose colours are the page's.
struct chart_request {
  const char* title;  ///< its unit in it
  const char* color;  ///< class of the line
  std::function<double(const sample&)> value;
  double reference = 0;       ///< a dashed line here; 0: none
  bool names_phases = false;  ///< and faults, above the drawing
};
[[nodiscard]] std::string chart_svg(const outcome& o, const chart_request& c);

/// 250, 1.5k, 2M: at most three digits. Thread: any.
[[nodiscard]] std::string short_number(double v);
/// For HTML: as text and in attributes. Thread: any.
[[nodiscard]] std::string escaped(const std::string& text);

}  // namespace millrace::chaos
