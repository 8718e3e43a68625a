#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::engine {

/// What the panes of the last window came to, in parts that the next one can use again: a window that overlaps the one
/// before by n panes costs about three merges instead of n, whatever the accumulator.
///
/// The panes before a flip are held as suffixes (each the merge of a pane and all behind it up to the flip), those
/// behind it as one sum. A window takes one suffix and the sum; when no suffix is left the next flip makes new ones.
/// Source: the two-stacks queue, as in Tangwongsan, Hirzel, Schneider: Low-latency sliding-window aggregation in
/// worst-case constant time (DEBS 2017). Windows must be asked for in order; a pane that changes after it was used
/// needs `clear`.
template <class Acc>
class pane_fold {
public:
  void clear() {
    suffixes_.clear();
    sum_.reset();
    flip_ = folded_to_ = std::numeric_limits<std::int64_t>::min();
  }
  [[nodiscard]] bool is_used() const noexcept { return flip_ != std::numeric_limits<std::int64_t>::min(); }
  /// Merges the panes [first, last) into `out`; false when there are none. `each(from, to, f)` calls f(pane, value) for
  /// those there are in [from, to), in order.
  template <class Each>
  [[nodiscard]] bool window(std::int64_t first, std::int64_t last, const Each& each, Acc& out) {
    if (first >= flip_ || last < folded_to_) {
      flip(first, last, each);
    } else {
      each(folded_to_, last, [this](std::int64_t, const Acc& a) {
        if (sum_) {
          sum_->merge(a);
        } else {
          sum_ = a;
        }
      });
      folded_to_ = last;
    }
    while (!suffixes_.empty() && suffixes_.back().first < first) suffixes_.pop_back();
    if (suffixes_.empty() && !sum_) return false;
    if (suffixes_.empty()) {
      out = *sum_;
      return true;
    }
    out = suffixes_.back().second;
    if (sum_) out.merge(*sum_);
    return true;
  }

private:
  template <class Each>
  void flip(std::int64_t first, std::int64_t last, const Each& each) {
    clear();
    each(first, last, [this](std::int64_t pane, const Acc& a) { suffixes_.emplace_back(pane, a); });
    for (auto i = suffixes_.size(); i-- > 1;) suffixes_[i - 1].second.merge(suffixes_[i].second);
    std::ranges::reverse(suffixes_);
    flip_ = folded_to_ = last;
  }

  std::vector<std::pair<std::int64_t, Acc>> suffixes_;  // newest first: the oldest goes first
  std::optional<Acc> sum_;                              // of the panes [flip_, folded_to_)
  std::int64_t flip_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t folded_to_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace millrace::engine
