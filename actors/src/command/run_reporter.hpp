#pragma once

#include <memory>
#include <string>

#include "command/run_flags.hpp"
#include "node/status_view.hpp"
#include "millrace/engine/plan.hpp"
#include "millrace/runtime/run_status.hpp"

namespace millrace::command {

/// What is known of a run once it has ended.
struct run_result {
  node::status_view totals;  ///< rates are those of the whole run
  runtime::run_outcome outcome;
  std::string data_dir;
};

/// Shows a run while it works and says at its end what it came to: as a live table, as progress lines or as JSON.
/// Thread: main.
class run_reporter {
public:
  using time_point = node::status_history::time_point;
  virtual ~run_reporter() = default;

  /// What is going to run and how to reach it, before the first status.
  virtual void begin(const std::string& announcement) = 0;
  /// How often `update` wants to be called.
  [[nodiscard]] virtual std::chrono::milliseconds interval() const = 0;
  /// `is_stopping`: the last snapshot is under way.
  virtual void update(const node::status_view& view, bool is_stopping) = 0;
  /// After the last update: frees the screen and sums up.
  virtual void end(const run_result& r) = 0;
};

[[nodiscard]] std::unique_ptr<run_reporter> make_table_reporter(const engine::plan& p);
[[nodiscard]] std::unique_ptr<run_reporter> make_progress_reporter(const engine::plan& p);
[[nodiscard]] std::unique_ptr<run_reporter> make_json_reporter(const engine::plan& p);
/// The one that fits the flags and standard output.
[[nodiscard]] std::unique_ptr<run_reporter> make_reporter(const run_flags& flags, const engine::plan& p);

}  // namespace millrace::command
