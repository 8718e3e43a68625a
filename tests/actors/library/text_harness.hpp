#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/failure_policy.hpp"
#include "millrace/testing/actor_rig.hpp"

namespace millrace::testing {

/// A registered actor in the live engine's task, with records as CSV lines: what goes in, and what comes out of each
/// port. Event times are written as nanoseconds.
class text_harness {
public:
  using params = std::map<std::string, param_value>;

  struct setting {
    std::string id;
    params values{};
    std::map<std::string, std::string> inputs{};  ///< the fields of each input, e.g. {"in", "key:string,at:event_time"}
    failure_policy on_failure{.action = failure_action::resume};
    std::uint32_t partitions = 1;  ///< behind a router
  };
  explicit text_harness(setting s);
  text_harness(const std::string& id, params values, const std::string& fields)
      : text_harness(setting{id, std::move(values), {{"in", fields}}}) {}
  ~text_harness();

  /// What validation says; empty: nothing.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  void push(const std::vector<std::string>& rows, const std::string& port = "in");
  void watermark(std::int64_t ns) { rig_->watermark(event_time{ns}); }
  void end() { rig_->end_of_input(); }
  /// All that came out of a port since it was last taken.
  [[nodiscard]] std::vector<std::string> take(const std::string& port = "out");
  /// The same for routers: the partition comes first, `1: a,5`.
  [[nodiscard]] std::vector<std::string> take_routed();
  /// Why the events since the last look were given up.
  [[nodiscard]] std::vector<std::string> reasons();
  /// The actor dies and goes on from what a snapshot holds now.
  void recover() { rig_->restore(rig_->snapshot()); }
  [[nodiscard]] actor_rig& rig() noexcept { return *rig_; }

private:
  std::map<std::string, record_type_ptr> types_;
  std::unique_ptr<actor_rig> rig_;
  std::string problem_;
};

/// True when the text has the piece in it.
[[nodiscard]] inline bool says(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace millrace::testing
