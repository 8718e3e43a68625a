#include "brute_force.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

namespace trial {

namespace {

using millrace::patterns::contiguity;
using millrace::patterns::definition;
using millrace::patterns::skip_rule;

using beginning = std::vector<taken>;

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// When something is found: events of a time come before the ends of a time.
struct moment {
  std::int64_t time = never;
  int phase = 2;  ///< 0: an event, 1: the end of a time, 2: the end of the input
  std::size_t index = 0;
  auto operator<=>(const moment&) const = default;
};

struct finding {
  moment when;
  outcome what;
};

class search {
public:
  search(const definition& d, const std::vector<event>& events, const judge& meets)
      : d_{d}, events_{events}, meets_{meets} {}

  std::vector<outcome> run() {
    for (std::size_t q = 1; q <= events_.size(); ++q) {
      for (std::size_t j = 0; j < d_.stages.size(); ++j) {
        if (may_follow({}, j, q)) explore({{j, q}});
      }
    }
    return in_order_with_skips();
  }

private:
  [[nodiscard]] std::int64_t time(std::size_t position) const { return events_[position - 1].at.ns; }
  [[nodiscard]] bool meets(std::size_t stage, std::size_t position, const beginning& b) const {
    return meets_(stage, events_[position - 1], b);
  }
  [[nodiscard]] std::int64_t end_of_time(const beginning& b) const {
    return d_.within ? time(b.front().position) + d_.within->count() : never;
  }
  /// The last position that lies within the time of the beginning.
  [[nodiscard]] std::size_t last_in_time(const beginning& b) const {
    std::size_t q = b.back().position;
    while (q < events_.size() && time(q + 1) <= end_of_time(b)) ++q;
    return q;
  }
  [[nodiscard]] std::size_t count(const beginning& b, std::size_t stage) const {
    return static_cast<std::size_t>(std::ranges::count(b, stage, &taken::stage));
  }

  /// Some event of (p, q] meets the stage; of a strict one only p + 1 counts.
  [[nodiscard]] bool any_meets(std::size_t stage, contiguity how, std::size_t p, std::size_t q,
                               const beginning& b) const {
    for (auto r = p + 1; r <= (how == contiguity::strict ? std::min(q, p + 1) : q); ++r) {
      if (meets(stage, r, b)) return true;
    }
    return false;
  }
  /// Nothing in (p, q] keeps the beginning from passing over all stages before `j`.
  [[nodiscard]] bool may_pass_up_to(std::size_t j, std::size_t p, std::size_t q, const beginning& b) const {
    std::size_t from = 0;
    if (!b.empty()) {
      const auto i = b.back().stage;
      const auto& s = d_.stages[i];
      if (count(b, i) < s.min) return false;
      if (s.is_greedy && count(b, i) < s.max && any_meets(i, s.inner, p, q, b)) return false;
      from = i + 1;
    }
    for (auto i = from; i < j; ++i) {
      const auto& s = d_.stages[i];
      if (!s.is_negative && s.min != 0) return false;
      if ((s.is_negative || s.is_greedy) && any_meets(i, s.follows, p, q, b)) return false;
    }
    return true;
  }
  [[nodiscard]] bool may_follow(const beginning& b, std::size_t j, std::size_t q) const {
    const auto& s = d_.stages[j];
    if (s.is_negative) return false;
    if (b.empty()) return may_pass_up_to(j, q - 1, q, b) && meets(j, q, b);
    const auto [i, p] = b.back();
    if (j < i || time(q) > end_of_time(b)) return false;
    const bool is_same = i == j;
    if (is_same && count(b, i) >= s.max) return false;
    const auto how = is_same ? s.inner : s.follows;
    if ((how == contiguity::strict && q != p + 1) || !meets(j, q, b)) return false;
    if (how == contiguity::relaxed && any_meets(j, how, p, q - 1, b)) return false;
    return is_same || may_pass_up_to(j, p, q, b);
  }

  void explore(const beginning& b) {
    const auto found = match_moment(b);
    if (found) findings_.push_back({*found, {false, b}});
    bool is_extended = false;
    for (auto q = b.back().position + 1; q <= events_.size(); ++q) {
      for (auto j = b.back().stage; j < d_.stages.size(); ++j) {
        if (!may_follow(b, j, q)) continue;
        is_extended = true;
        auto longer = b;
        longer.push_back({j, q});
        explore(longer);
      }
    }
    if (!d_.within || found || is_extended || !could_go_on(b)) return;
    findings_.push_back({{end_of_time(b), 1, b.front().position}, {true, b}});
  }

  /// When it is certain that the beginning is a match; nothing when it is none.
  [[nodiscard]] std::optional<moment> match_moment(const beginning& b) const {
    const auto [i, p] = b.back();
    const auto all = d_.stages.size();
    if (!may_pass_up_to(all, p, p, b)) return std::nullopt;
    bool waits = d_.stages[i].is_greedy && count(b, i) < d_.stages[i].max;
    bool lasts = waits && d_.stages[i].inner != contiguity::strict;
    for (auto k = i + 1; k < all; ++k) {
      const auto& s = d_.stages[k];
      if (!s.is_negative && !s.is_greedy) continue;
      waits = true;
      lasts = lasts || s.follows != contiguity::strict;
    }
    if (!waits) return moment{time(p), 0, p};
    const auto last = last_in_time(b);
    const auto until = lasts ? last : std::min(p + 1, last);
    if (!may_pass_up_to(all, p, until, b)) return std::nullopt;
    if (!lasts && until == p + 1) return moment{time(until), 0, until};
    return d_.within ? moment{end_of_time(b), 1, b.front().position} : moment{never, 2, b.front().position};
  }

  /// At the end of its time some stage was still possible.
  [[nodiscard]] bool could_go_on(const beginning& b) const {
    const auto [i, p] = b.back();
    const auto last = last_in_time(b);
    for (auto j = i; j < d_.stages.size(); ++j) {
      const auto& s = d_.stages[j];
      if (s.is_negative || (j == i && count(b, i) >= s.max)) continue;
      const auto how = j == i ? s.inner : s.follows;
      if (how == contiguity::strict && last > p) continue;
      if (j == i || may_pass_up_to(j, p, last, b)) return true;
    }
    return false;
  }

  [[nodiscard]] std::pair<std::size_t, std::size_t> dropped_by(const beginning& b) const {
    const auto first = b.front().position;
    const auto is_of = [&](const taken& t) { return t.stage == d_.find(d_.skip_stage); };
    switch (d_.skip) {
      case skip_rule::none:
        break;
      case skip_rule::to_next:
        return {first, first + 1};
      case skip_rule::past_last:
        return {first, b.back().position + 1};
      case skip_rule::to_first_of:
        if (const auto t = std::ranges::find_if(b, is_of); t != b.end()) return {first, t->position};
        break;
      case skip_rule::to_last_of:
        if (const auto t = std::find_if(b.rbegin(), b.rend(), is_of); t != b.rend()) return {first, t->position};
        break;
    }
    return {0, 0};
  }

  std::vector<outcome> in_order_with_skips() {
    std::ranges::sort(findings_, [](const finding& x, const finding& y) {
      const auto& a = x.what.events;
      const auto& b = y.what.events;
      const auto left = std::tuple{x.when, a.front().position, x.what.is_timeout, b.size()};
      const auto right = std::tuple{y.when, b.front().position, y.what.is_timeout, a.size()};
      if (left != right) return left < right;
      if (!std::ranges::equal(a, b, {}, &taken::position, &taken::position)) {
        return std::ranges::lexicographical_compare(a, b, {}, &taken::position, &taken::position);
      }
      return std::ranges::lexicographical_compare(a, b, {}, &taken::stage, &taken::stage);
    });
    std::vector<std::pair<std::size_t, std::size_t>> dropped;
    std::vector<outcome> out;
    for (const auto& f : findings_) {
      const auto first = f.what.events.front().position;
      if (std::ranges::any_of(dropped, [&](const auto& r) { return r.first <= first && first < r.second; })) continue;
      out.push_back(f.what);
      if (!f.what.is_timeout) dropped.push_back(dropped_by(f.what.events));
    }
    return out;
  }

  const definition& d_;
  const std::vector<event>& events_;
  const judge& meets_;
  std::vector<finding> findings_;
};

}  // namespace

std::string text_of(const outcome& o) {
  std::string text = o.is_timeout ? "timeout" : "match";
  for (const auto& t : o.events)
    text += " " + std::string(1, static_cast<char>('a' + t.stage)) + std::to_string(t.position);
  return text;
}

std::string text_of(const std::vector<outcome>& all) {
  std::string text;
  for (const auto& o : all) text += text_of(o) + "; ";
  return text;
}

std::vector<outcome> brute_force(const definition& d, const std::vector<event>& events, const judge& meets) {
  return search{d, events, meets}.run();
}

}  // namespace trial
