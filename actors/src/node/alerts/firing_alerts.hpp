#pragma once

#include <cstddef>

namespace millrace::node {

/// How many alerts fire now, in maintenance too.
struct firing_alerts {
  std::size_t info = 0;
  std::size_t warning = 0;
  std::size_t critical = 0;
};

}  // namespace millrace::node
