#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>

#include "millrace/codec.hpp"
#include "millrace/error.hpp"
#include "millrace/time.hpp"

namespace millrace {

/// A span of time, half open: an event at `end` belongs to the next one.
struct time_window {
  event_time start{};
  event_time end{};

  bool operator==(const time_window&) const noexcept = default;
};

/// What a window collects of its events: `Acc{}` is nothing, `merge` adds what another one collected. Must be
/// associative; the engine merges in order of time. Any encodable type, so a MILLRACE_RECORD struct will do.
template <class Acc>
concept accumulator = encodable<Acc> && std::copyable<Acc> && std::default_initializable<Acc> &&
    requires(Acc& into, const Acc& from) {
  into.merge(from);
};

enum class time_domain : std::uint8_t {
  event,       ///< windows end with the watermark
  processing,  ///< windows end with the clock; what falls into which differs from run to run
};

/// Windows of one size at equal distances: tumbling when `slide` is the size, else overlapping.
struct window_spec {
  std::chrono::nanoseconds size{};
  std::chrono::nanoseconds slide{};   ///< 0: as the size; at most the size
  std::chrono::nanoseconds offset{};  ///< windows start at offset + n · slide since the epoch
  /// How long after its end a window still takes events; each then sends a corrected result.
  std::chrono::nanoseconds allowed_lateness{};
  /// A provisional result after every so many events of a key; 0: none.
  std::uint32_t early_events = 0;
  /// Provisional results of the keys that changed, at this distance by the clock; 0: none.
  std::chrono::nanoseconds early_every{};
  time_domain time = time_domain::event;
};

[[nodiscard]] inline window_spec tumbling(std::chrono::nanoseconds size) {
  return {.size = size, .slide = size};
}
[[nodiscard]] inline window_spec sliding(std::chrono::nanoseconds size, std::chrono::nanoseconds slide) {
  return {.size = size, .slide = slide};
}
/// Says what is wrong with a specification: sizes that are not positive, a slide beyond the size, too many panes.
[[nodiscard]] result<void> check(const window_spec& s);

/// Why a window's result comes.
enum class window_firing : std::uint8_t {
  complete,    ///< the time has passed: the window's one result, unless late events correct it
  early,       ///< provisional: the window goes on
  correction,  ///< an event within the allowed lateness changed a result that was sent
  retraction,  ///< sessions: this result holds no longer, its session went into a longer one
  incomplete,  ///< windows by count: the key's events stopped before the window was full
};

/// A window's result, valid during the handler.
template <class Acc>
struct window_result {
  time_window window{};
  window_firing why = window_firing::complete;
  const Acc& value;
  const Acc* replaces = nullptr;  ///< with `correction`: the value sent before, for those who retract
};

}  // namespace millrace
