#pragma once

#include <string>
#include <vector>

#include "core/document.hpp"

namespace millrace::workbench {

// Failure policies and supervision groups, each change as one step of undo. Groups of supervision belong to the
// topology; groups of the canvas are frames of its layout, which may be made into one.

/// The policy that says how an actor's restarts are done: its group's, or its own. nullptr: there is no such actor.
[[nodiscard]] const failure_policy* restartPolicy(const topology& spec, const std::string& actor);

/// One member of a policy (`policyField`), typed. With `ofGroup` it is the supervision group's.
/// Errors (`invalid_argument`, `not_found`).
[[nodiscard]] result<Edit> policyChange(const Document& document, const std::string& actor, const char* field,
                                        const QString& text);
[[nodiscard]] result<Edit> groupPolicyChange(const Document& document, const std::string& group, const char* field,
                                             const QString& text);

/// Puts actors under the supervision group of this name, which is made where there is none; empty: under none. They
/// leave the groups they were in, and a group without actors goes. Errors (`invalid_argument`): no valid name.
[[nodiscard]] result<Edit> supervision(const Document& document, const std::vector<std::string>& actors,
                                       const std::string& group);

/// The supervision group with just the actors of a frame of the canvas; nullptr: the frame is none.
[[nodiscard]] const group_spec* supervisionOf(const Drawing& drawing, const std::string& title);
/// A valid name that is free, made of a frame's title.
[[nodiscard]] std::string supervisionName(const topology& spec, const std::string& title);

}  // namespace millrace::workbench
