#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <string>

#include "millrace/runtime/topology_run.hpp"

/// What programs have in common that do things to single tasks of the ledger's topology, run after run, and compare
/// what it commits with what an undisturbed run would.
namespace millrace::crash {

struct trial_options {
  std::int64_t lines = 4000;
  double rate = 4000;  ///< events/s of each source
  std::uint64_t seed = 1;
  std::string payload = "shared";
  std::string broken;
  bool is_verbose = false;

  void declare(CLI::App& app);
  /// `heard` gets what the run logs.
  [[nodiscard]] runtime::run_options run_options(const std::filesystem::path& folder,
                                                 std::function<void(const std::string&)> heard) const;
};

/// Its topology, whose tasks come back soon and often.
[[nodiscard]] topology hardy_ledger(const trial_options& t, const std::filesystem::path& folder);

/// How a run ended: with its input, or, when a sink was killed behind the last snapshot, saying that the next start
/// finishes its output. Anything else is `what`.
struct run_end {
  bool is_finished = false;
  bool wants_start = false;
  std::string what{};
};
[[nodiscard]] run_end end_of(const runtime::run_outcome& outcome);

/// Runs until enough has been done: `one_run` disturbs a topology in a folder and gives what went wrong, `progress`
/// says what was done so far. Ends with the first run that differs, which it returns.
[[nodiscard]] std::string run_trials(const trial_options& t, const std::string& name,
                                     const std::function<bool()>& is_enough,
                                     const std::function<std::string(const std::filesystem::path&)>& one_run,
                                     const std::function<std::string()>& progress);

/// Says what it came to; the exit code. `weak`: why it proves nothing although nothing differs; empty: it does.
[[nodiscard]] int tell_verdict(const trial_options& t, const std::string& difference, const std::string& weak);

}  // namespace millrace::crash
