#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chaos/experiment.hpp"
#include "millrace/chaos/output_comparison.hpp"
#include "millrace/error.hpp"

namespace millrace::chaos {

/// A fault at random, and what a kind's parameters are in a soak.
struct soak_fault {
  std::string kind;
  std::string target;
  std::vector<std::string> parameters{};
  std::chrono::milliseconds lasts{};  ///< zero: it strikes once
};

/// Random faults for a topology, the same for the same seed. Tasks and channels are drawn by the board itself.
class soak_dice {
public:
  /// `kinds`: names of the catalogue; empty: all that leave the output of a sound topology as it is.
  soak_dice(std::uint64_t seed, std::vector<std::string> kinds);
  [[nodiscard]] soak_fault next();
  /// Until the next one.
  [[nodiscard]] std::chrono::milliseconds pause();
  [[nodiscard]] std::uint64_t draw() noexcept;

private:
  std::uint64_t state_;
  std::vector<std::string> kinds_;
};
/// What `soak_dice` draws from when nobody says.
[[nodiscard]] const std::vector<std::string>& soak_kinds();

struct soak_request {
  std::string program;   ///< the `millrace` command
  std::string folder;    ///< exists, and is empty
  trial_settings trial;  ///< what is run, and how its output compares
  std::chrono::milliseconds lasts{};
  std::uint64_t seed = 1;
  std::vector<std::string> kinds{};
  bool keeps_folders = false;  ///< of all rounds, not just of one that differs
  std::function<bool()> is_interrupted;
  std::function<void(const std::string&)> say;  ///< progress, a line each
};

struct soak_result {
  std::uint64_t rounds = 0;  ///< that ended
  std::uint64_t faults = 0;
  std::map<std::string, std::uint64_t> hits{};  ///< by kind
  std::uint64_t restarts = 0;                   ///< of tasks and of the process
  std::uint64_t records = 0;                    ///< compared
  output_difference worst{};                    ///< of the round that differs
  std::string failure{};                        ///< why it failed; empty: it did not
  std::chrono::milliseconds took{};

  /// Why this is no pass; empty: it is one. A soak in which nothing was struck shows nothing.
  [[nodiscard]] std::string problem() const;
};

/// Runs a topology whose input ends again and again, each time in a process and folders of its own, and does things to
/// it at random until the time is over. What it commits must be each time what it commits without faults. Ends with the
/// first round that differs, does not end or fails. Errors: what keeps it from running at all. Thread: one.
[[nodiscard]] result<soak_result> run_soak(const soak_request& request);

}  // namespace millrace::chaos
