#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/chaos/catalogue.hpp"
#include "millrace/engine/plan.hpp"

namespace millrace::chaos {

inline constexpr std::chrono::nanoseconds usual_lease = std::chrono::seconds{30};
inline constexpr std::chrono::nanoseconds lease_max = std::chrono::hours{1};
inline constexpr std::chrono::nanoseconds duration_max = std::chrono::hours{24};

/// A fault that somebody wants.
struct fault_request {
  fault_kind kind{};
  /// Which actors, partitions or channels: see `choose_places`.
  std::string target{};
  std::map<std::string, double, std::less<>> parameters{};  ///< by the catalogue's names
  std::chrono::nanoseconds duration{};                      ///< zero: as long as somebody renews it
  std::chrono::nanoseconds lease = usual_lease;             ///< it heals when nobody renews it for so long
  std::uint64_t seed = 1;                                   ///< of what is chosen and when it strikes
  double probability = 1;                                   ///< that it strikes a batch, 0…1
  std::uint64_t after_events = 0;                           ///< spares so many at each place
  std::optional<std::uint64_t> hits_max{};                  ///< none: what is usual for the kind; 0: no limit
  double share_max = 1;  ///< blast radius: refused when it would meet a larger share of the tasks or channels there are
};

/// The request with everything that was left out. Errors: a parameter the kind does not have, a value out of its range.
[[nodiscard]] result<fault_request> completed(fault_request r);

/// What a fault is done to: indexes of tasks or channels in the plan, ascending, and names for people.
struct fault_places {
  std::vector<std::uint32_t> indexes{};
  std::vector<std::string> names{};
};

/// Which tasks or channels a request means. Targets:
///
/// - tasks: `ledger/1`, `ledger` (all its partitions), `*` (all);
/// - channels: `FROM->TO`, each side as above: `numbers->ledger/1`, `*->ledger`;
/// - disk: `snapshot`, `log`, `letters`, `sink` or `*`; clock and process: none.
///
/// `@3` behind it takes three of them at random, `@25%` a quarter (one at least), by the seed.
/// Errors: names that the plan does not have (says which it has), a blast radius beyond the limit. Pure.
[[nodiscard]] result<fault_places> choose_places(const engine::plan& plan, const fault_request& r);

}  // namespace millrace::chaos
