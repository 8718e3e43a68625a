#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::runtime {

/// A line of a run's log taken apart: `ACTOR/PARTITION[ on NODE]: TEXT[ [trace ID]]`. What of it is not there is empty,
/// and all is text where it does not begin with a task.
struct task_words {
  std::string actor{};
  std::int64_t partition = -1;
  std::string node{};   ///< where the task runs; empty: on the node that leads
  std::string trace{};  ///< of the event that was being handled
  std::string text{};
};
/// Pure. Thread: any.
[[nodiscard]] task_words take_apart(std::string_view line);

/// A line that another node has said, with that node in it: `sum/3 on west: slow`, or `west: slow` where it is of no
/// task. Pure. Thread: any.
[[nodiscard]] std::string said_on(const std::string& node, const std::string& line);

}  // namespace millrace::runtime
