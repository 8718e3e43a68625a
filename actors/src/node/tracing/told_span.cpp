#include "node/tracing/told_span.hpp"

#include <utility>

namespace millrace::node {

std::vector<told_span> told(const engine::plan& p, const std::vector<runtime::traced_span>& spans,
                            const std::string& node) {
  std::vector<told_span> out;
  for (const auto& [s, where] : spans) {
    const bool has_link = bool{s.linked};
    // A firing tells all its links in a row.
    const bool is_more_of_it = has_link && !out.empty() && out.back().span == s.span && out.back().trace == s.trace;
    if (!is_more_of_it) {
      const auto& task = p.tasks[s.task];
      told_span t{s.trace, s.span, s.parent, s.start_ns, s.end_ns, s.kind};
      t.topology = p.spec.name;
      t.actor = p.spec.actors[task.actor].name;
      t.partition = task.partition;
      t.node = where.empty() ? node : where;
      const bool has_channel = s.kind != engine::span_kind::emit && s.kind != engine::span_kind::batch &&
                               s.kind != engine::span_kind::fire && s.channel < p.channels.size();
      if (has_channel) t.channel = p.channels[s.channel].name;
      t.sequence = s.sequence;
      t.is_replayed = s.is_replayed;
      t.has_failed = s.has_failed;
      out.push_back(std::move(t));
    }
    if (has_link) out.back().links.push_back({s.linked, s.linked_span});
  }
  return out;
}

}  // namespace millrace::node
