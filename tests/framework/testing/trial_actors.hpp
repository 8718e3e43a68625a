#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/record.hpp"
#include "millrace/time.hpp"
#include "millrace/topology.hpp"

/// A small fraud check, once right and with one bug each, registered as `trial.*`: what the harness has to tell apart.
namespace trial {

struct payment {
  std::string account;
  std::int64_t number{};
  std::int64_t cents{};
  millrace::event_time at{};

  bool operator==(const payment&) const = default;
};
MILLRACE_RECORD(payment, 1, account, number, cents, at)

struct alert {
  std::string account;
  std::int64_t window{};
  std::int64_t count{};

  bool operator==(const alert&) const = default;
};
MILLRACE_RECORD(alert, 1, account, window, count)

/// `count` payments of some accounts, event times a millisecond apart with some disorder.
[[nodiscard]] std::vector<payment> payments(std::int64_t count, std::uint64_t seed = 1);

/// payments (2) → by account → check (3) → alerts. `check`: the type of the check, e.g. "trial.velocity".
[[nodiscard]] millrace::topology fraud(const std::string& check);

}  // namespace trial
