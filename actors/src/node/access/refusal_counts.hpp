#pragma once

#include <cstdint>

namespace millrace::node {

/// How often a node has turned somebody away since its start.
struct refusal_counts {
  std::uint64_t connections = 0;  ///< with a key that is not known
  std::uint64_t requests = 0;     ///< that their key does not allow, or that were none
};

}  // namespace millrace::node
