#pragma once

#include <optional>
#include <vector>

#include "millrace/engine/mergeable.hpp"
#include "millrace/topology.hpp"

namespace millrace::detail {

struct graph;

/// A topology in which each actor behind a salted router became two, `NAME-partial` and `NAME`, with the router
/// `NAME-gather` between them.
struct salted_topology {
  topology spec;
  std::vector<engine::salt_role> roles;  ///< of its actors
};

/// Refuses to salt what cannot be merged. Only for a graph without errors.
void check_salting(graph& g);
/// Nothing: no router is salted. Only for a graph without errors.
[[nodiscard]] std::optional<salted_topology> with_merge_stages(const graph& g);

}  // namespace millrace::detail
