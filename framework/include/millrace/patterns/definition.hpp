#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/error.hpp"

namespace millrace::patterns {

/// What may lie between two events of a match next to each other. See docs/patterns.md for the exact meaning.
enum class contiguity : std::uint8_t {
  strict,   ///< nothing
  relaxed,  ///< nothing that could have been taken
  any,      ///< anything: each event that fits gives a match of its own
};

inline constexpr std::uint32_t unbounded = UINT32_MAX;
inline constexpr std::size_t stages_max = 32;

/// One stage of a pattern, without its condition, which belongs to whoever runs the pattern.
struct stage {
  std::string name{};
  contiguity follows = contiguity::relaxed;  ///< the stage before; of the first stage without meaning
  contiguity inner = contiguity::relaxed;    ///< between the events of this stage
  std::uint32_t min = 1;                     ///< events; 0: may be passed over
  std::uint32_t max = 1;
  bool is_greedy = false;    ///< not left while it could take more
  bool is_negative = false;  ///< strict: not the next event; relaxed: no event up to the next one taken

  bool operator==(const stage&) const = default;
};

/// Up to which event a match drops what begins within it.
enum class skip_rule : std::uint8_t { none, to_next, past_last, to_first_of, to_last_of };

/// A problem of a pattern and the stage it is in.
struct definition_problem {
  std::optional<std::size_t> stage;
  std::string text;
};

/// A pattern as a value: stages, how long a match may last, what happens after one. Thread: any.
struct definition {
  std::vector<stage> stages{};
  std::optional<std::chrono::nanoseconds> within{};
  skip_rule skip = skip_rule::none;
  std::string skip_stage{};  ///< for to_first_of and to_last_of

  bool operator==(const definition&) const = default;

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;
  /// The first thing that is wrong, if any; only a definition without one makes an automaton.
  [[nodiscard]] std::optional<definition_problem> problem() const;
  /// `problem` as a user's error (`invalid_argument`) that names the stage.
  [[nodiscard]] result<void> check() const;
};

}  // namespace millrace::patterns
