#pragma once

#include "millrace/engine/clock.hpp"

namespace sample {

/// Time that a test moves.
class still_clock final : public millrace::engine::clock {
public:
  [[nodiscard]] millrace::processing_time now() const override { return {ns}; }
  [[nodiscard]] std::int64_t steady_ns() const override { return ns; }
  std::int64_t ns = 1'000'000'000;
};

}  // namespace sample
