#pragma once

#include <string>
#include <vector>

#include "core/document.hpp"

namespace millrace::workbench {

// What menus, keys and the outline do to a topology, each as one edit. Empty where there is nothing to do.

[[nodiscard]] Edit removal(const Document& document, const std::vector<std::string>& actors,
                           const std::vector<stream_spec>& streams, const std::vector<std::string>& comments = {});

/// The actors with the streams among them, as the text of a topology: what the clipboard holds, for other windows and
/// for text editors.
[[nodiscard]] std::string fragmentText(const Document& document, const std::vector<std::string>& actors);
/// Adds a topology to this one: names that are taken get a number, the upper left corner comes to `place`. `layout`
/// says how its actors stand; those without a place are put in a row. The new names in `added`.
[[nodiscard]] Edit insertion(const Document& document, const Drawing& fragment, QPointF place, const QString& title,
                             std::vector<std::string>& added);
/// The part of the document's layout that belongs to these actors; groups that are whole among them.
[[nodiscard]] TopologyLayout layoutOf(const Document& document, const std::vector<std::string>& actors);

/// Error (`invalid_argument`, `already_exists`): the name cannot be one, or another actor has it.
[[nodiscard]] result<Edit> renaming(const Document& document, const std::string& actor, const std::string& to);
/// Nothing in `value`: the parameter is left to its default.
[[nodiscard]] Edit parameterChange(const Document& document, const std::string& actor, const std::string& param,
                                   const std::optional<param_value>& value);
[[nodiscard]] Edit parallelismChange(const Document& document, const std::string& actor, std::uint32_t parallelism);

enum class Alignment : std::uint8_t { Left, Top, DistributeAcross, DistributeDown };
[[nodiscard]] Edit alignment(const Document& document, const std::vector<std::string>& actors, Alignment how);

}  // namespace millrace::workbench
