#pragma once

#include <string>
#include <vector>

#include "core/document.hpp"

namespace millrace::workbench {

// Frames and notes on the canvas, each change as one edit. They are kept in the layout; the topology's file never
// changes with them. Empty where there is nothing to do.

/// `wanted`, or with a number behind when there is a group of that title.
[[nodiscard]] std::string freeGroupTitle(const TopologyLayout& layout, const std::string& wanted);

/// A new group of these actors, which leave the groups they were in. Its title in `title`.
[[nodiscard]] Edit grouping(const Document& document, const std::vector<std::string>& actors, std::string& title);
/// The frames go, the actors stay.
[[nodiscard]] Edit ungrouping(const Document& document, const std::vector<std::string>& titles);
[[nodiscard]] Edit collapsing(const Document& document, const std::vector<std::string>& titles, bool isCollapsed);
/// Errors (`invalid_argument`, `already_exists`): no title, or that of another group.
[[nodiscard]] result<Edit> groupRenaming(const Document& document, const std::string& title, const std::string& to);
/// Puts an actor into a group, made when there is none of that title; an empty one takes it out.
/// Error (`invalid_argument`): the title is too long.
[[nodiscard]] result<Edit> groupAssignment(const Document& document, const std::string& actor,
                                           const std::string& title);
/// The group has just these actors. Error (`not_found`): there is none of one of the names.
[[nodiscard]] result<Edit> groupMembers(const Document& document, const std::string& title,
                                        const std::vector<std::string>& actors);

/// A new note; `id` tells which it is.
[[nodiscard]] Edit commenting(const Document& document, QPointF place, const std::string& text, std::string& id);
/// Error (`limit_exceeded`): it is too long to be read on a canvas.
[[nodiscard]] result<Edit> commentChange(const Document& document, const std::string& id, const std::string& text);

}  // namespace millrace::workbench
