#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/engine/plan.hpp"
#include "millrace/topology.hpp"

namespace millrace {

/// One thing wrong with a topology: where, what, and what to do about it.
struct problem {
  enum class severity : std::uint8_t { error, warning };
  severity level = severity::error;
  std::string where;  ///< "actor", "actor.port", "actor.parameter" or a setting
  std::string what;
  std::string remedy;  ///< may be empty
};
[[nodiscard]] std::string to_string(const problem& p);

/// How the outputs of two runs over the same input compare at a sink.
enum class equality : std::uint8_t {
  in_order,          ///< partition by partition, in order
  in_order_per_key,  ///< the events of each key in order
  sorted,            ///< after sorting: results of timers, in no fixed order among keys
  multiset,          ///< the same events in any order
};

/// What one sink gives, in words an engineer can rely on.
struct sink_guarantee {
  std::string sink;
  guarantee holds;
  std::string why;    ///< e.g. "replayable producers, transactional sink"
  std::string equal;  ///< how output of two runs compares: in order per key, after sorting, or as a multiset
  equality compares = equality::multiset;  ///< the same, for programs
};

/// What leaves an output.
struct typed_output {
  std::string actor, port;
  record_type_ptr type;
};

struct validation {
  std::vector<problem> problems;           ///< all that were found, in one pass
  std::vector<sink_guarantee> guarantees;  ///< one a sink, when there are no errors
  /// Of actors whose parameters and inputs are right, in the topology's order; also while there are errors elsewhere.
  std::vector<typed_output> outputs;
  std::shared_ptr<const engine::plan> plan;  ///< what to run; nullptr when there are errors
  [[nodiscard]] bool ok() const noexcept { return plan != nullptr; }
};

/// Checks a topology against the registry: names, types, parameters, ports, record types, keys and routing,
/// parallelism, cycles, guarantees, descriptors needed; touches no file or device. Thread: any.
[[nodiscard]] validation validate(const topology& t);

}  // namespace millrace
