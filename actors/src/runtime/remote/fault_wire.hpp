#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/chaos/fault_board.hpp"
#include "millrace/record.hpp"
#include "runtime/remote/wire.hpp"

// Faults at tasks that other nodes run: what the lead wants there, and how often they struck.
namespace millrace::runtime::remote {

struct fault_parameter_value {
  std::string name;
  double value = 0;
};
MILLRACE_RECORD(fault_parameter_value, 1, name, value)

/// A `chaos::fault_order` as it travels; times in nanoseconds. Of one that renews or clears, only the first two count.
struct fault_message {
  static constexpr auto what = kind::fault;
  std::uint8_t act = 0;
  std::uint64_t id = 0;
  std::string name;  ///< of the kind
  std::string target;
  std::vector<fault_parameter_value> parameters;
  std::int64_t duration_ns = 0;
  std::int64_t lease_ns = 0;
  std::uint64_t seed = 0;
  double probability = 1;
  std::uint64_t after_events = 0;
  std::uint64_t hits_max = 0;
  std::vector<std::uint32_t> indexes;
};
MILLRACE_RECORD(fault_message, 1, act, id, name, target, parameters, duration_ns, lease_ns, seed, probability,
                after_events, hits_max, indexes)

struct fault_hits {
  std::uint64_t id = 0;
  std::uint64_t hits = 0;
};
MILLRACE_RECORD(fault_hits, 1, id, hits)

/// What a guest tells with each status, while there are any.
struct fault_report_message {
  static constexpr auto what = kind::fault_hits;
  std::vector<fault_hits> faults;
};
MILLRACE_RECORD(fault_report_message, 1, faults)

[[nodiscard]] fault_message to_wire(const chaos::fault_order& o);
/// Errors: a kind that this version does not know.
[[nodiscard]] result<chaos::fault_order> from_wire(const fault_message& m);

}  // namespace millrace::runtime::remote
