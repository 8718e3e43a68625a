#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chaos/experiment.hpp"
#include "chaos/oracle.hpp"
#include "chaos/subject.hpp"
#include "millrace/chaos/verdict.hpp"

namespace millrace::chaos {

struct run_request {
  std::string program;            ///< the `millrace` command, for the topology and for activities
  std::string folder;             ///< exists, and is empty: data, output and what was printed
  bool allows_processes = false;  ///< activities may call other programs than `millrace`
  std::function<bool()> is_interrupted;
  known_oracles* oracles = nullptr;             ///< null: none are shared
  std::function<void(const std::string&)> say;  ///< what it does, a line each
  /// The same for programs: objects with `event` and `elapsed_ms`, as docs/chaos.md lists them. May be empty.
  std::function<void(const nlohmann::json&)> tell{};
};

/// What an experiment came to.
struct outcome {
  findings found;
  verdict judged;
  std::vector<sample> samples;
  std::vector<seen_fault> faults;
  std::vector<std::pair<std::string, std::chrono::milliseconds>> phases;  ///< and when they began
  nlohmann::json journal;  ///< https://chaostoolkit.org/reference/api/journal/
};

/// Runs an experiment through its phases: the run without faults, warm-up, baseline, fault, recovery, drain, compare.
/// Rollbacks are played by the experiment's strategy also when it is aborted. Errors: what must be mended before
/// anything can be shown (a program that may not be called, a topology that cannot be read). Thread: one.
[[nodiscard]] result<outcome> run_experiment(const experiment& what, const run_request& request);

}  // namespace millrace::chaos
