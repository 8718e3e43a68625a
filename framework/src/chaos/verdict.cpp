#include "millrace/chaos/verdict.hpp"

namespace millrace::chaos {

namespace {

void say(std::vector<std::string>& out, std::uint64_t n, const char* what) {
  if (n != 0) out.push_back(std::to_string(n) + " " + what);
}

std::vector<std::string> why_invalid(const findings& f) {
  std::vector<std::string> out;
  if (!f.was_steady_before) out.emplace_back("the steady state was not met before the faults");
  say(out, f.faults_without_hits, "of the faults hit nothing");
  say(out, f.faults_unseen, "of the faults were never seen");
  say(out, f.unplayed, "activities of the method were not played: the input ended before");
  if (f.has_oracle && f.failure.empty() && f.output.expected == 0)
    out.emplace_back("the run without faults has no output");
  return out;
}

std::vector<std::string> why_failed(const findings& f) {
  std::vector<std::string> out;
  if (!f.failure.empty()) out.push_back(f.failure);
  if (f.has_oracle) {
    say(out, f.output.lost, "records lost");
    say(out, f.output.duplicated, "records duplicated");
    say(out, f.output.changed, "records changed");
    say(out, f.output.unexpected, "records that should not be there");
    say(out, f.output.reordered, "records out of order");
    const auto letters_least = f.dead_letters_expected + f.poison;
    const auto letters_most = letters_least + f.odd_records;
    if (f.dead_letters < letters_least) say(out, letters_least - f.dead_letters, "dead letters missing");
    if (f.dead_letters > letters_most) {
      say(out, f.dead_letters - letters_most, "events dead-lettered that are not without faults");
    }
    const auto late_most = f.late_expected + f.odd_records;
    if (f.late > late_most) say(out, f.late - late_most, "events late that are not without faults");
  }
  if (!f.is_steady_after) out.emplace_back("the steady state does not hold any more");
  return out;
}

std::vector<std::string> why_degraded(const findings& f) {
  std::vector<std::string> out;
  if (f.baseline_per_s == 0) return out;
  if (f.recovery && *f.recovery > f.recovery_limit) {
    out.push_back("throughput, lag and p99 were back after " + std::to_string(f.recovery->count()) +
                  " ms, later than the limit of " + std::to_string(f.recovery_limit.count()) + " ms");
  } else if (!f.recovery && f.ended_early) {
    out.push_back("the input ended before " + f.not_back +
                  " was seen to come back: give it more events, or a shorter method");
  } else if (!f.recovery) {
    out.push_back(f.not_back + " did not come back to what it was within " + std::to_string(f.recovery_limit.count()) +
                  " ms");
  }
  if (f.recovery && f.p99_after_ms > p99_noticed_ms && f.p99_after_ms > p99_factor_max * f.p99_before_ms) {
    out.push_back("p99 latency stayed at " + std::to_string(static_cast<std::int64_t>(f.p99_after_ms)) + " ms, from " +
                  std::to_string(static_cast<std::int64_t>(f.p99_before_ms)) + " ms before");
  }
  return out;
}

}  // namespace

const char* to_string(verdict_kind v) noexcept {
  switch (v) {
    case verdict_kind::pass:
      return "PASS";
    case verdict_kind::degraded:
      return "DEGRADED";
    case verdict_kind::fail:
      return "FAIL";
    case verdict_kind::invalid:
      return "INVALID";
    case verdict_kind::aborted:
      return "ABORTED";
  }
  return "?";
}

verdict judge(const findings& f) {
  if (!f.abort_reason.empty()) return {verdict_kind::aborted, {f.abort_reason}};
  auto invalid = why_invalid(f);
  auto failed = why_failed(f);
  // What went wrong in a run that was well before went wrong, also when a fault missed.
  const bool can_fail = f.was_steady_before && !(f.has_oracle && f.failure.empty() && f.output.expected == 0);
  if (!failed.empty() && (can_fail || invalid.empty())) {
    failed.insert(failed.end(), invalid.begin(), invalid.end());
    return {verdict_kind::fail, std::move(failed)};
  }
  if (!invalid.empty()) return {verdict_kind::invalid, std::move(invalid)};
  if (auto why = why_degraded(f); !why.empty()) return {verdict_kind::degraded, std::move(why)};
  return {verdict_kind::pass, {}};
}

}  // namespace millrace::chaos
