#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "millrace/engine/clock.hpp"
#include "millrace/engine/task_tracer.hpp"
#include "millrace/runtime/traced_spans.hpp"

namespace millrace::runtime {

/// What the tasks of a run tell of traced events, those of other nodes included, until somebody collects it.
///
/// Each incarnation of a task has a ring of its own: one that is fenced and still at work must not write into its
/// successor's. Thread: any.
class trace_desk {
public:
  /// Spans of other nodes that wait to be collected; more are dropped and counted.
  static constexpr std::size_t distant_max = 16'384;

  trace_desk(const engine::trace_rule& rule, const engine::clock& time);

  [[nodiscard]] bool is_on() const noexcept { return rule_.one_in != 0; }
  /// For a new incarnation; nothing: this run traces nothing.
  [[nodiscard]] std::optional<engine::task_tracer::parts> parts_for(task_id task);
  /// All that was told since the last call, at most some thousands a task.
  [[nodiscard]] collected_spans collect();
  /// What another node has collected.
  void add(const std::string& node, std::vector<engine::span_record>&& spans, std::uint64_t dropped,
           std::uint64_t limited);

private:
  struct ring {
    std::shared_ptr<engine::span_ring> spans;
    std::uint64_t dropped = 0;  // told already
    std::uint64_t limited = 0;
  };

  const engine::trace_rule rule_;
  const engine::clock& time_;
  const std::uint64_t space_;
  const std::int64_t wall_offset_ns_;
  std::mutex mutex_;
  std::vector<ring> rings_;
  std::map<task_id, std::shared_ptr<engine::traced_progress>> progress_;
  collected_spans distant_;
};

}  // namespace millrace::runtime
