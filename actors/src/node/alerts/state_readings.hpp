#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/context.hpp"
#include "millrace/engine/alerts.hpp"
#include "millrace/error.hpp"

namespace millrace::node {

/// What a rule looks at in the keyed state of an actor: a value that the actor keeps up to date from a stream.
struct state_measure {
  /// Of several keys.
  enum class over : unsigned char { max, min, sum, count };

  std::string topology{};  ///< empty: each that has the actor
  std::string actor;
  std::string state;
  std::string field{};  ///< of a state that is a record; empty: the state is a number
  std::string key{};    ///< as `millrace state` takes it; empty: all keys, at most `keys_max`
  over of = over::max;

  static constexpr std::size_t keys_max = 4096;
  /// As notices and readings call it: `totals.aggregate.sum of EUR`, `max totals.aggregate.sum`.
  [[nodiscard]] std::string name() const;
};

/// Reads such values from topologies while they run, for a second at a time: what there is no time for is read at one
/// of the next looks, so a value may be some seconds old. What cannot be read, or not within ten seconds, gives no
/// reading, is in the log once, and is tried again after ten seconds. Thread: one, which waits for tasks that are
/// asked.
class state_readings {
public:
  /// Answers the verb `state`. Error `cancelled`: nobody is to be asked any more.
  using asker = std::function<result<nlohmann::json>(const std::string& topology, const nlohmann::json& args)>;
  using logger = std::function<void(log_level, const std::string&)>;
  using time_point = std::chrono::steady_clock::time_point;

  state_readings(std::vector<state_measure> measures, logger log)
      : measures_{std::move(measures)}, log_{std::move(log)} {}

  [[nodiscard]] bool is_empty() const noexcept { return measures_.empty(); }
  /// Appends a reading for each value read. `running`: names of topologies.
  void look(const std::vector<std::string>& running, const asker& ask, time_point now,
            std::vector<engine::alert_reading>& out);

private:
  using subject = std::pair<std::size_t, std::string>;  // measure, topology
  struct trouble {
    time_point until;
    std::string why;
  };
  void complain(const subject& about, const error& why, time_point now);

  const std::vector<state_measure> measures_;
  const logger log_;
  std::map<subject, trouble> troubles_;
  std::optional<subject> last_;  // where the look before ended
};

/// The value of one measure. Errors: what `state` answers; too many keys; what is there is no number. Nothing: no key
/// has it.
[[nodiscard]] result<std::optional<double>> read_measure(const state_measure& m, const std::string& topology,
                                                         const state_readings::asker& ask);

}  // namespace millrace::node
