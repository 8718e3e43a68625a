#pragma once

#include <nlohmann/json.hpp>

#include "millrace/topology.hpp"

namespace millrace::node {

/// What changes from one topology to another, for people who are about to deploy: [{what: "added", "removed" or
/// "changed", where: "actor check", "actor check.limit", "stream a.out -> b.in" or "setting …", from?, to?}]. Pure.
[[nodiscard]] nlohmann::json differences(const topology& before, const topology& after);

}  // namespace millrace::node
