#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/capacity.hpp"

// What is decided about loads: nothing here runs anything.
namespace millrace::bench {

namespace {

using chaos::sample;
using std::chrono::milliseconds;

constexpr double sustained_share = 0.97;
// The highest that is sustained is known to within a tenth: the next run of the same load differs by as much.
constexpr double precise_ratio = 1.1;
constexpr int halvings_max = 8;
constexpr double back_share = 0.1;
constexpr int back_samples = 3;

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, v < 10 ? "%.1f" : "%.0f", v);
  return text;
}

}  // namespace

load_step judge_load(const std::vector<sample>& samples, double rate, const load_bounds& bounds) {
  load_step out;
  out.rate = rate;
  for (const auto& s : samples) {
    out.per_s += s.per_s / static_cast<double>(samples.size());
    out.p99_ms = std::max(out.p99_ms, s.p99_ms);
    out.lag_ms = std::max(out.lag_ms, s.lag_ms);
  }
  if (samples.empty()) {
    out.why = "nothing was measured";
  } else if (out.per_s < sustained_share * rate) {
    out.why = "the source gave " + number(out.per_s) + " events/s: it had to wait";
  } else if (out.p99_ms > bounds.p99_ms) {
    out.why = "p99 was " + number(out.p99_ms) + " ms";
  } else if (out.lag_ms > bounds.lag_ms) {
    out.why = "lag was " + number(out.lag_ms) + " ms";
  }
  return out;
}

std::optional<milliseconds> drained_after(const std::vector<sample>& samples, milliseconds from, double base_rate,
                                          const load_bounds& bounds) {
  int in_a_row = 0;
  for (const auto& s : samples) {
    if (s.at < from) continue;
    const bool is_back = std::abs(s.per_s - base_rate) <= back_share * base_rate && s.lag_ms <= bounds.lag_ms &&
                         s.p99_ms <= bounds.p99_ms;
    in_a_row = is_back ? in_a_row + 1 : 0;
    if (in_a_row == back_samples) return s.at - from;
  }
  return std::nullopt;
}

result<capacity_result> find_capacity(double first, double most,
                                      const std::function<result<load_step>(double rate)>& measure) {
  capacity_result out;
  double good = 0;
  double bad = 0;
  const auto attempt = [&](double rate) -> result<void> {
    auto step = measure(rate);
    if (!step) return std::move(step).error();
    (step->why.empty() ? good : bad) = rate;
    if (step->why.empty()) out.highest = *step;
    out.steps.push_back(*std::move(step));
    return {};
  };
  auto rate = std::min(first, most);
  for (int halvings = 0;;) {
    if (auto ok = attempt(rate); !ok) return std::move(ok).error();
    if (good == 0 && ++halvings > halvings_max) return out;
    if ((good != 0 && bad != 0) || good == most) break;
    rate = good == 0 ? rate / 2 : std::min(2 * rate, most);
  }
  while (bad != 0 && bad / good > precise_ratio) {
    if (auto ok = attempt(std::sqrt(good * bad)); !ok) return std::move(ok).error();
  }
  return out;
}

std::string capacity_text(const capacity_result& r, const load_bounds& bounds) {
  char line[256];
  std::string out;
  if (!r.highest) return "no load was sustained with p99 <= " + number(bounds.p99_ms) + " ms\n";
  const auto& h = *r.highest;
  std::snprintf(line, sizeof line,
                "capacity: %.0f events/s sustained (p99 %.1f ms, at most %.0f wanted; lag %.0f ms, at most %.0f; %.0f "
                "MB)\n",
                h.rate, h.p99_ms, bounds.p99_ms, h.lag_ms, bounds.lag_ms, h.memory_mb);
  out += line;
  const auto& last = r.steps.back();
  const auto* const limit = [&]() -> const load_step* {
    const load_step* lowest = nullptr;
    for (const auto& s : r.steps) {
      if (!s.why.empty() && s.rate > h.rate && (lowest == nullptr || s.rate < lowest->rate)) lowest = &s;
    }
    return lowest;
  }();
  if (limit != nullptr) {
    std::snprintf(line, sizeof line, "  at %.0f events/s %s\n", limit->rate, limit->why.c_str());
  } else {
    std::snprintf(line, sizeof line, "  more than %.0f events/s was not tried\n", last.rate);
  }
  out += line;
  if (!r.spike) return out;
  const auto& s = *r.spike;
  std::snprintf(
      line, sizeof line,
      "spike: %.1f times %.0f events/s for %.1f s: at most %.0f events/s, lag %.0f ms, p99 %.1f ms, %.0f MB; ",
      s.factor, s.base_rate, std::chrono::duration<double>(s.lasted).count(), s.per_s_max, s.lag_ms_max, s.p99_ms_max,
      s.memory_mb_max);
  out += line;
  return out + (s.drained
                    ? "drained " + number(std::chrono::duration<double>(*s.drained).count()) + " s after its end\n"
                    : std::string{"NOT drained in time\n"});
}

}  // namespace millrace::bench
