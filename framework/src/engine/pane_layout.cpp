#include "millrace/engine/pane_layout.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace millrace {

result<void> check(const window_spec& s) {
  constexpr std::int64_t panes_max = 100'000;
  const auto wrong = [](const std::string& what) { return user_error(errc::invalid_argument, "window: " + what); };
  const auto slide = s.slide.count() == 0 ? s.size : s.slide;
  if (s.size.count() <= 0) return wrong("the size must be more than nothing");
  if (slide.count() < 0 || slide > s.size) return wrong("the slide must be between nothing and the size");
  if (s.allowed_lateness.count() < 0) return wrong("the allowed lateness must not be negative");
  if (s.early_every.count() < 0) return wrong("the distance of early results must not be negative");
  const auto panes = s.size.count() / std::gcd(s.size.count(), slide.count());
  if (panes > panes_max) {
    return wrong("size and slide have no common part larger than a " + std::to_string(panes) +
                 "th of the size: choose a slide that divides the size, or larger units");
  }
  return {};
}

namespace engine {

pane_layout pane_layout::of(const window_spec& s) noexcept {
  const auto size = s.size.count();
  const auto slide = s.slide.count() == 0 ? size : s.slide.count();
  const auto pane = std::gcd(size, slide);
  return {pane, size / pane, slide / pane, s.offset.count()};
}

std::uint32_t pane_layout::ring_size() const noexcept {
  constexpr std::int64_t slack = 3;  // panes that are open beyond one window: disorder, and a watermark on its way
  return std::bit_ceil(static_cast<std::uint32_t>(std::min<std::int64_t>(span + slack, 64)));
}

}  // namespace engine
}  // namespace millrace
