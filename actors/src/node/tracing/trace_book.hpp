#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "node/tracing/told_span.hpp"

namespace millrace::node {

/// The newest traces of a topology, for people to look at. Bounded: beyond `traces_max` the oldest one is forgotten,
/// and of one with more than `spans_max` the rest is only counted. Thread: any.
class trace_book {
public:
  static constexpr std::size_t traces_max = 512;
  static constexpr std::size_t spans_max = 512;

  void add(const std::vector<told_span>& spans);
  void count(std::uint64_t dropped, std::uint64_t limited);

  struct counts {
    std::uint64_t spans = 0;
    std::uint64_t dropped = 0;  ///< found no room on their way here
    std::uint64_t limited = 0;  ///< events left out by the rule's limit
  };
  [[nodiscard]] counts totals() const;

  /// `{"traces": [{"trace", "start", "duration_us", "spans", "from", "to", "nodes", …}], …}`, newest first, at most
  /// `most`.
  [[nodiscard]] nlohmann::json list(std::size_t most) const;
  /// One trace: `{"trace", "start", "duration_us", "spans": […]}`, in the order of their starts. `id`: its first digits
  /// (at least 4), or `last` for the newest that is whole. Errors: none like that, or several.
  [[nodiscard]] result<nlohmann::json> show(const std::string& id) const;

private:
  struct entry {
    std::vector<told_span> spans;
    std::uint64_t left_out = 0;
  };
  [[nodiscard]] result<engine::trace_id> find(const std::string& id) const;

  mutable std::mutex mutex_;
  std::map<engine::trace_id, entry> traces_;
  std::deque<engine::trace_id> order_;  // oldest first
  counts counts_;
};

}  // namespace millrace::node
