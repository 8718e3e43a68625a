#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "chaos/child_process.hpp"
#include "chaos/experiment.hpp"

namespace millrace::chaos {

/// Calls what the activities of an experiment name and keeps account of it as a journal does. Thread: one owner.
class activity_runner {
public:
  struct surroundings {
    std::string program;  ///< what `millrace` stands for
    std::string folder;   ///< for what is printed
    std::map<std::string, std::string> environment;
    const trial_settings* trial = nullptr;
    std::function<bool()> wait;  ///< passes a moment; false: somebody wants the end
    /// What becomes of an activity: begun, and then succeeded, failed, or deviated (a probe that does not fit).
    std::function<void(const activity&, const std::string& state)> tell{};
  };
  explicit activity_runner(surroundings s) : around_{std::move(s)} {}

  /// Does it, with its pauses, and waits for its end, also when it asks for the background. The journal's entry.
  [[nodiscard]] nlohmann::json run(const activity& a);
  /// The same, with the entry at the end of `entries`; of one in the background it is completed later.
  void run_in(nlohmann::json& entries, const activity& a);
  /// A moment passes. False: the experiment is to end.
  [[nodiscard]] bool pause(std::chrono::milliseconds d) const;
  /// Waits for those in the background, whose entries are in `entries`.
  void finish_background(nlohmann::json& entries);

private:
  struct call {
    child_process process;
    std::string out_file;
    std::string error_file;
    std::chrono::steady_clock::time_point deadline;
    const activity* what;
  };
  [[nodiscard]] result<call> begin(const activity& a);
  [[nodiscard]] std::vector<std::string> arguments_of(const activity& a) const;
  [[nodiscard]] bool has_ended(call& c, nlohmann::json& entry) const;
  /// Nothing: it is done, or could not be begun.
  [[nodiscard]] std::optional<call> play(const activity& a, nlohmann::json& entry, bool waits);
  void wait_for(call& c, nlohmann::json& entry) const;
  void tell(const activity& a, const std::string& state) const;

  surroundings around_;
  std::size_t calls_ = 0;
  std::deque<std::pair<call, std::size_t>> background_;  // and the place of its entry
};

/// Now, as a journal writes it.
[[nodiscard]] std::string journal_time();

}  // namespace millrace::chaos
