#pragma once

#include <string>
#include <vector>

#include "core/document.hpp"

namespace millrace::workbench {

// On which nodes actors run, each change as one edit. It is kept in the layout, and given to the engine with each
// deployment: the topology's file says what is computed, not where.

/// Nodes one actor may be placed on: more than that are a mistake.
inline constexpr std::size_t placesMax = 64;

/// These actors run on this node alone. Empty where that is so already, or there are none of the names.
[[nodiscard]] Edit placing(const Document& document, const std::vector<std::string>& actors, const std::string& node);
/// Beside the nodes they have: their partitions take turns. Error (`limit_exceeded`): too many.
[[nodiscard]] result<Edit> placingAlso(const Document& document, const std::vector<std::string>& actors,
                                       const std::string& node);
/// All that have no place of their own run on these nodes, in turns; none: where the topology was given to.
[[nodiscard]] Edit spreading(const Document& document, const std::vector<std::string>& nodes);
/// This one runs on these nodes, in turns; none: as all others.
[[nodiscard]] Edit placingOn(const Document& document, const std::string& actor, const std::vector<std::string>& nodes);
/// They run where the topology was given to.
[[nodiscard]] Edit unplacing(const Document& document, const std::vector<std::string>& actors);

}  // namespace millrace::workbench
