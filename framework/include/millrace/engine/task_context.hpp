#pragma once

#include "millrace/calls/call_listener.hpp"
#include "millrace/context.hpp"
#include "millrace/dead_letter.hpp"
#include "millrace/engine/task_host.hpp"
#include "millrace/engine/task_journal.hpp"
#include "millrace/engine/task_outputs.hpp"
#include "millrace/engine/task_stats.hpp"
#include "millrace/pace.hpp"

namespace millrace::engine {

/// The context a task gives its actor's handlers. Thread: owning task.
class task_context final : public context, public pace_keeper, public call_listener {
public:
  task_context(std::string actor_name, std::uint32_t partition, std::uint32_t parallelism, keyed_state& state,
               const clock& time, task_host& host, task_stats& stats)
      : context(std::move(actor_name), partition, parallelism, state, partition + 1),
        time_{&time},
        host_{&host},
        stats_{&stats} {}

  [[nodiscard]] processing_time now() const override {
    if (journal_ != nullptr) journal_->spoil("it has read the clock since its last snapshot");
    return time_->now();
  }
  [[nodiscard]] std::chrono::nanoseconds pace_time() const override {
    if (journal_ != nullptr) journal_->spoil("it has read the clock since its last snapshot");
    return std::chrono::nanoseconds{time_->steady_ns()} + lead_;
  }
  /// The pace of a producer is ahead of the clock by so much more.
  void add_lead(std::chrono::nanoseconds more) noexcept { lead_ += more; }
  /// What must know that a handler has asked for the time; null: nobody.
  void tell(task_journal* journal) noexcept { journal_ = journal; }
  void log(log_level level, std::string_view message) override { host_->log(level, std::string{message}); }
  void set_aside(const malformed_input& what) override {
    if (what.at != event_time::min()) return outputs_->set_aside(what, actor_name(), partition());
    auto timed = what;
    timed.at = event_time{time_->now().ns};
    outputs_->set_aside(timed, actor_name(), partition());
  }
  void on_call(bool has_failed, circuit_breaker::state circuit) override {
    stats_->calls.add(1);
    stats_->calls_failed.add(has_failed ? 1 : 0);
    stats_->circuit.set(circuit);
  }
  /// Where what is set aside goes; before the first handler.
  void bind(task_outputs& outputs) noexcept { outputs_ = &outputs; }
  void set_watermark(event_time t) noexcept { watermark_ = t; }
  void set_late_against(event_time t) noexcept { late_against_ = t; }

private:
  const clock* time_;
  task_journal* journal_ = nullptr;
  task_host* host_;
  task_stats* stats_;
  task_outputs* outputs_ = nullptr;
  std::chrono::nanoseconds lead_{};
};

}  // namespace millrace::engine
