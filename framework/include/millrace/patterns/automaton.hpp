#pragma once

#include <cstdint>
#include <vector>

#include "millrace/patterns/definition.hpp"

namespace millrace::patterns {

/// Something a partial match may do with an event. The steps of a path are in the order of the stages, so that what a
/// step forbids or a greedy stage takes away is everything behind it.
struct step {
  enum class kind : std::uint8_t {
    take,   ///< the stage takes the event
    guard,  ///< an event of this negative stage bars what is behind
    end,    ///< the match is complete when no step before can happen any more
  };
  kind what{};
  std::uint8_t stage = 0;
  contiguity how{};
  bool is_greedy = false;
  bool is_lasting = false;  ///< end: steps before may happen until the time is over, not only with the next event
};

/// All that can follow where a partial match stands.
struct path {
  std::vector<step> steps;
  bool accepts = false;  ///< the partial match is a match as it is
};

/// A definition compiled: for each place a partial match can be in, the steps it can take.
///
/// A place is a stage and whether it may take one more and whether it may be left, so there are four paths a stage and
/// one for the beginning, each at most `stages_max` + 2 steps long. Immutable. Thread: any.
class automaton {
public:
  /// `d` must have no problem.
  explicit automaton(definition d);

  [[nodiscard]] const definition& what() const noexcept { return definition_; }
  [[nodiscard]] const path& beginning() const noexcept { return paths_.back(); }
  /// Where a partial match is whose last event is the `count`th of `stage`.
  [[nodiscard]] const path& at(std::size_t stage, std::uint32_t count) const noexcept {
    const auto& s = definition_.stages[stage];
    return paths_[4 * stage + (count < s.max ? 1U : 0U) + (count >= s.min ? 2U : 0U)];
  }
  /// Differs between definitions whose partial matches do not mean the same.
  [[nodiscard]] std::uint32_t fingerprint() const noexcept { return fingerprint_; }

private:
  definition definition_;
  std::vector<path> paths_;
  std::uint32_t fingerprint_ = 0;
};

/// The path from behind stage `from` - 1, or from stage `loop` when that may take another event.
[[nodiscard]] path make_path(const definition& d, const stage* loop, std::size_t from, bool can_leave);

}  // namespace millrace::patterns
