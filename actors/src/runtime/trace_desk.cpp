#include "runtime/trace_desk.hpp"

#include <random>
#include <utility>

namespace millrace::runtime {

namespace {

/// First half of the ids that begin in this process. Drawn: two runs with one seed are two runs.
std::uint64_t fresh_space() {
  std::random_device random;
  const auto drawn = std::uint64_t{random()} << 32U | random();
  return drawn == 0 ? 1 : drawn;
}

}  // namespace

trace_desk::trace_desk(const engine::trace_rule& rule, const engine::clock& time)
    : rule_{rule},
      time_{time},
      space_{rule.one_in == 0 ? 1 : fresh_space()},
      wall_offset_ns_{rule.one_in == 0 ? 0 : time.now().ns - time.steady_ns()} {}

std::optional<engine::task_tracer::parts> trace_desk::parts_for(task_id task) {
  if (!is_on()) return std::nullopt;
  auto spans = std::make_shared<engine::span_ring>();
  const std::lock_guard lock{mutex_};
  rings_.push_back({spans});
  auto& progress = progress_[task];
  if (progress == nullptr) progress = std::make_shared<engine::traced_progress>();
  return engine::task_tracer::parts{rule_, space_, wall_offset_ns_, &time_, std::move(spans), progress};
}

collected_spans trace_desk::collect() {
  const std::lock_guard lock{mutex_};
  auto out = std::exchange(distant_, {});
  for (auto& r : rings_) {
    // Asked first: an owner that is gone writes no more.
    const bool is_orphan = r.spans.use_count() == 1;
    r.spans->drain([&](const engine::span_record& s) { out.spans.push_back({s, {}}); });
    out.dropped += r.spans->dropped() - std::exchange(r.dropped, r.spans->dropped());
    out.limited += r.spans->limited() - std::exchange(r.limited, r.spans->limited());
    if (is_orphan) r.spans = nullptr;
  }
  std::erase_if(rings_, [](const ring& r) { return r.spans == nullptr; });
  return out;
}

void trace_desk::add(const std::string& node, std::vector<engine::span_record>&& spans, std::uint64_t dropped,
                     std::uint64_t limited) {
  const std::lock_guard lock{mutex_};
  distant_.dropped += dropped;
  distant_.limited += limited;
  for (const auto& s : spans) {
    if (distant_.spans.size() == distant_max) {
      ++distant_.dropped;
    } else {
      distant_.spans.push_back({s, node});
    }
  }
}

}  // namespace millrace::runtime
