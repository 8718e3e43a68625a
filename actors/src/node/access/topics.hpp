#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "node/access/permissions.hpp"

namespace millrace::node {

/// The part of a topology's data that a request wants to see, as topics name it: `ACTOR`, or `FROM->TO` of a channel of
/// whichever partitions and ports. Empty: none, or more than one. Pure.
[[nodiscard]] std::string part_in(const verb_rule& rule, const nlohmann::json& args);

/// Error (`invalid_argument`): the text is no `TOPOLOGY/ACTOR` or `TOPOLOGY/FROM->TO`. Pure.
[[nodiscard]] result<void> check_topic(const std::string& text);

/// What a request wants a key to be limited to: `topologies` and `topics`, lists of texts, which may be left out.
/// Errors: topics that are none. Throws nlohmann::json::exception where these are no such lists.
[[nodiscard]] result<grant> limits_in(const nlohmann::json& args, role may);
/// Into an object; `topics` only where there are some.
void put_limits(const grant& g, nlohmann::json& into);

}  // namespace millrace::node
