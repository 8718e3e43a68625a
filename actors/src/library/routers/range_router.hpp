#pragma once

#include <deque>
#include <string>
#include <vector>

#include "library/routers/field_router.hpp"

namespace millrace::library {

/// Sends each event to the partition whose range its field falls into: the first one takes what is less than the first
/// split point, the next one what is less than the second, the last one the rest. Null and NaN go to the first.
class range_router final : public field_router {
public:
  result<void> configure(wiring& w) override;

private:
  void check(std::uint32_t partitions) const override;
  [[nodiscard]] std::uint32_t pick(const value& v, std::uint32_t partitions) override;

  param<std::string> splits_text_{
      this,
      "splits",
      "",
      {.required = true, .help = "Rising values of the field, separated by commas; one fewer than partitions behind."}};

  std::deque<std::string> texts_;  ///< what split points are views into
  std::vector<value> splits_;
};

}  // namespace millrace::library
