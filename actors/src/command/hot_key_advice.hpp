#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "node/status_view.hpp"
#include "millrace/engine/plan.hpp"

namespace millrace::command {

/// A key that takes so much of a stream that the partition that owns it is overloaded.
struct skew {
  std::string router;
  std::string key;               ///< as JSON
  double share = 0;              ///< of the router's events, over its partitions
  double at_least = 0;           ///< the share without what may be error
  std::string target;            ///< what the router feeds
  std::uint32_t partitions = 1;  ///< of the target
  std::uint32_t places = 1;      ///< partitions over which the router spreads the key already
};

/// The keys whose share is at least `engine::hot_share` of the partitions behind their router; largest first.
[[nodiscard]] std::vector<skew> skews_of(const node::status_view& view, const engine::plan& p);
/// What it means and what to do about it, for people.
[[nodiscard]] std::string advice_on(const skew& s);

}  // namespace millrace::command
