#pragma once

#include <QString>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "millrace/topology.hpp"

namespace millrace::workbench {

/// A breakpoint as the engine lists it.
struct BreakNote {
  std::uint64_t id = 0;
  std::string channel;  ///< as it was asked for: `a.out->b.in`, ports may be left out
  QString when;         ///< empty: before every record
  std::uint64_t hits = 0;

  bool operator==(const BreakNote&) const = default;
};

/// What stands where in one topology. Plain values. Thread: any.
struct BreakState {
  struct Stand {
    std::string task;  ///< `price/2`
    std::uint64_t breakpoint = 0;
    bool operator==(const Stand&) const = default;
  };
  std::vector<BreakNote> breakpoints;
  std::vector<Stand> standing;

  [[nodiscard]] bool isEmpty() const noexcept { return breakpoints.empty() && standing.empty(); }
  /// The breakpoint on a wire; nullptr: there is none.
  [[nodiscard]] const BreakNote* on(const stream_spec& wire) const;
  /// How many tasks of an actor stand; with a wire: at its breakpoint.
  [[nodiscard]] int standingOf(const std::string& actor) const;
  [[nodiscard]] int standingAt(const stream_spec& wire) const;

  bool operator==(const BreakState&) const = default;
};

/// Of an engine's answer to `break_list`. What cannot be read is left out.
[[nodiscard]] BreakState readBreaks(const nlohmann::json& answer);

/// A wire as the engine's verbs name it: `a.out->b.in`.
[[nodiscard]] std::string channelOf(const stream_spec& wire);

}  // namespace millrace::workbench
