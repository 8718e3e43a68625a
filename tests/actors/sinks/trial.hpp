#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "millrace/topology.hpp"
#include "support/kills.hpp"
#include "trial_input.hpp"

namespace sinks {

/// A sink under test, and how somebody who knows nothing of the sink reads its target.
class candidate {
public:
  virtual ~candidate() = default;

  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual promise promises() const = 0;
  /// Adds the sink to a topology as the actor "target", with two partitions. Everything of it lies in `folder`.
  virtual void add_to(millrace::topology& t, const std::filesystem::path& folder) const = 0;
  /// The sink's input is keyed, so events are routed to it and not to an actor before it.
  [[nodiscard]] virtual bool is_keyed() const { return false; }
  /// All rows of the target in their order there; none when there is no target yet.
  [[nodiscard]] virtual std::vector<row> read(const std::filesystem::path& folder) const = 0;
  /// The newest epoch whose output can be seen; 0: none, or it cannot be told.
  [[nodiscard]] virtual std::uint64_t newest_visible_epoch(const std::filesystem::path&) const { return 0; }
  /// Fault points of the sink's own, besides those that all have.
  [[nodiscard]] virtual std::vector<support::kill_point> points() const { return {}; }
  /// Before the first life of a run, and after its comparison.
  virtual void begin(const std::filesystem::path& /*folder*/) {}
  virtual void end(const std::filesystem::path& /*folder*/) {}
  /// In the life's own process, while it runs: what else goes wrong. Called every 2 ms.
  virtual void disturb() {}
};

/// The program: runs a topology with the candidate that `--sink` names, kills it at each step of the sink protocol and
/// at random moments, and compares its target with what was sent.
int run_trials(int argc, char** argv, const std::vector<std::shared_ptr<candidate>>& candidates);

}  // namespace sinks
