#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "chaos/experiment.hpp"
#include "millrace/chaos/output_comparison.hpp"
#include "millrace/error.hpp"

namespace millrace::chaos {

/// A run without faults: what the same topology must come to in any other.
struct oracle {
  std::vector<output_record> records;
  std::uint64_t dead_letters = 0;
  std::uint64_t late = 0;
};

struct oracle_request {
  std::string program;  ///< the `millrace` command
  const trial_settings& trial;
  std::string folder;  ///< exists, and is empty
  std::function<bool()> is_interrupted;
};
/// Runs the topology to its end. Errors: it fails without faults already, its output cannot be read, it does not end
/// within ten minutes; errc::cancelled: it was interrupted. Thread: one.
[[nodiscard]] result<oracle> run_oracle(const oracle_request& r);
/// What an oracle depends on: experiments that agree in it share one.
[[nodiscard]] std::string name_of_oracle(const trial_settings& trial);

/// Oracles that were made, by name. Thread: any.
class known_oracles {
public:
  /// Makes what is not known yet while others wait: most want the same.
  [[nodiscard]] result<oracle> find_or(const std::string& name, const std::function<result<oracle>()>& make);

private:
  std::mutex mutex_;
  std::map<std::string, oracle> known_;
};

}  // namespace millrace::chaos
