#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "millrace/batch.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/error.hpp"

namespace millrace::inspect {

/// Says which records somebody wants to see or to stop at. What it is written in is its maker's business.
/// Thread: one at a time.
class record_condition {
public:
  virtual ~record_condition() = default;

  struct found {
    std::uint32_t row = 0;        ///< the first one in [from, end) that it holds for; `end`: none
    std::uint64_t failures = 0;   ///< records before it that it could not be worked out for: it does not hold for them
    std::string first_failure{};  ///< why, of the first of these
  };
  [[nodiscard]] virtual found first_in(const batch& records, std::uint32_t from, std::uint32_t end) = 0;
};

/// Makes a condition for the records that the receiver of a channel sees. Errors are the user's: what is wrong with the
/// text, and where.
using condition_maker =
    std::function<result<std::shared_ptr<record_condition>>(const std::string& text, const record_type& records)>;

/// What the receiver of a channel sees, after any conversion.
[[nodiscard]] inline const std::shared_ptr<const record_type>& received_type(const engine::plan& p,
                                                                             const engine::plan_channel& c) {
  return c.to_input == nullptr ? c.type : p.input_types[p.tasks[c.target.value].actor][c.input];
}

}  // namespace millrace::inspect
