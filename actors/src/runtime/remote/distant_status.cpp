#include "runtime/remote/distant_status.hpp"

#include <chrono>
#include <utility>

namespace millrace::runtime::remote {

namespace {

/// As it would read by now had nothing moved since.
void grow(std::chrono::nanoseconds& of, std::int64_t by_ns) {
  if (of.count() != 0) of += std::chrono::nanoseconds{by_ns};
}

}  // namespace

void distant_status::take(const std::string& node, status_report&& report, std::int64_t now_ns) {
  nodes_[node] = {now_ns, std::move(report)};
}

void distant_status::add_to(run_status& out, std::int64_t now_ns) const {
  for (const auto& [node, newest] : nodes_) {
    const auto age = now_ns - newest.at_ns;
    for (const auto& row : newest.report.tasks) {
      if (row.task.value >= out.tasks.size()) continue;
      auto& t = out.tasks[row.task.value];
      const auto incarnation = t.incarnation;
      read_into(t, row);
      // How often it was made is the lead's to count; the node's own count starts again with each of its lives.
      t.incarnation = incarnation;
      for (auto* duration : {&t.stepping_for, &t.aligning_for, &t.since_progress, &t.oldest_unfinished}) {
        grow(*duration, age);
      }
    }
    for (const auto& row : newest.report.channels) {
      if (row.channel.value < out.channels.size()) read_into(out.channels[row.channel.value], row);
    }
  }
}

}  // namespace millrace::runtime::remote
