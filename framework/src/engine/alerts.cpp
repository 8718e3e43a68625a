#include "millrace/engine/alerts.hpp"

#include <algorithm>
#include <iterator>

namespace millrace::engine {

namespace {

constexpr std::int64_t ns_per_minute = 60'000'000'000;
constexpr std::int64_t minutes_per_day = 1'440;
constexpr std::int64_t first_weekday = 4;  // 1970-01-01 was a Thursday

}  // namespace

const char* to_string(alert_severity s) noexcept {
  switch (s) {
    case alert_severity::info:
      return "info";
    case alert_severity::warning:
      return "warning";
    case alert_severity::critical:
      return "critical";
  }
  return "?";
}

bool maintenance_window::covers(const std::string& of_topology, processing_time now) const noexcept {
  if (!topology.empty() && topology != of_topology) return false;
  if (days == 0) return from <= now && now < until;
  const auto minutes = now.ns / ns_per_minute;
  const auto minute = static_cast<int>(minutes % minutes_per_day);
  const auto today = static_cast<unsigned>((minutes / minutes_per_day + first_weekday) % 7);
  const auto is_day = [&](unsigned day) { return (days >> day & 1U) != 0; };
  if (from_minute < until_minute) return is_day(today) && from_minute <= minute && minute < until_minute;
  const auto yesterday = (today + 6) % 7;
  return (is_day(today) && minute >= from_minute) || (is_day(yesterday) && minute < until_minute);
}

std::vector<alert_group> alert_evaluator::evaluate(const std::vector<alert_reading>& readings, moment now) {
  for (const auto& r : readings) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      const auto& rule = rules_[i];
      const bool is_meant = rule.measure == r.measure && (rule.topology.empty() || rule.topology == r.topology) &&
                            (rule.actor.empty() || rule.actor == r.actor);
      if (is_meant) take(i, r, now);
    }
  }
  for (auto at = tracked_.begin(); at != tracked_.end();) {
    at = advance(at->first, at->second, now) ? std::next(at) : tracked_.erase(at);
  }
  return due(now);
}

void alert_evaluator::take(std::size_t rule, const alert_reading& r, moment now) {
  const subject who{rule, r.topology, r.actor};
  auto at = tracked_.find(who);
  if (at == tracked_.end()) {
    if (!rules_[rule].is_beyond(r.value)) return;
    if (tracked_.size() >= tracked_max) {
      ++left_out_;
      return;
    }
    at = tracked_.emplace(who, tracked{.phase_since = now.steady_ns, .worst = r.value}).first;
  }
  at->second.value = r.value;
  at->second.worst = rules_[rule].worse(at->second.worst, r.value);
  at->second.seen_at = now.steady_ns;
}

bool alert_evaluator::advance(const subject& who, tracked& t, moment now) {
  const auto& rule = rules_[std::get<0>(who)];
  const auto has_lasted = [&](std::chrono::nanoseconds d) { return now.steady_ns - t.phase_since >= d.count(); };
  const auto enter = [&](phase p) {
    t.now = p;
    t.phase_since = now.steady_ns;
  };
  const bool is_gone = now.steady_ns - t.seen_at >= std::chrono::nanoseconds{gone_after}.count();
  if (t.now == phase::pending) {
    if (is_gone || !rule.is_beyond(t.value)) return false;
    if (!has_lasted(rule.holds_for)) return true;
    enter(phase::firing);
    t.fired_at = now.wall;
  }
  if (t.now == phase::firing && rule.is_clear(t.value)) enter(phase::clearing);
  if (t.now == phase::clearing && !rule.is_clear(t.value)) enter(phase::firing);
  if (is_gone || (t.now == phase::clearing && has_lasted(rule.clears_for))) {
    if (t.is_told) tell(notice_of(who, t, true), now);
    return false;
  }
  if (!t.is_told && !is_muted(std::get<1>(who), now.wall)) {
    t.is_told = true;
    tell(notice_of(who, t, false), now);
  }
  return true;
}

bool alert_evaluator::is_muted(const std::string& topology, processing_time now) const noexcept {
  return std::ranges::any_of(maintenance_, [&](const auto& w) { return w.covers(topology, now); });
}

alert_notice alert_evaluator::notice_of(const subject& who, const tracked& t, bool is_over) const {
  const auto& [index, topology, actor] = who;
  const auto& rule = rules_[index];
  return {rule.name, topology, actor,      rule.measure, rule.severity, is_over,
          t.value,   t.worst,  rule.limit, rule.side,    t.fired_at};
}

void alert_evaluator::tell(alert_notice notice, moment now) {
  auto [at, is_new] = groups_.try_emplace(notice.topology, gathered{now.steady_ns, {notice.topology, {}, 0}});
  auto& group = at->second.group;
  if (group.notices.size() < notices_max) {
    group.notices.push_back(std::move(notice));
  } else {
    ++group.more;
  }
}

std::vector<alert_group> alert_evaluator::due(moment now) {
  std::vector<alert_group> out;
  for (auto at = groups_.begin(); at != groups_.end();) {
    if (now.steady_ns - at->second.since < group_wait_.count()) {
      ++at;
      continue;
    }
    auto& notices = at->second.group.notices;
    std::ranges::stable_sort(notices, [](const auto& a, const auto& b) { return a.severity > b.severity; });
    out.push_back(std::move(at->second.group));
    at = groups_.erase(at);
  }
  return out;
}

std::vector<alert_notice> alert_evaluator::active() const {
  std::vector<alert_notice> out;
  for (const auto& [who, t] : tracked_) {
    if (t.now != phase::pending) out.push_back(notice_of(who, t, false));
  }
  return out;
}

}  // namespace millrace::engine
