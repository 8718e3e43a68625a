#include "node/tracing/trace_book.hpp"

#include <algorithm>
#include <set>

#include "millrace/text/time_text.hpp"

namespace millrace::node {

namespace {

using nlohmann::json;

constexpr std::size_t digits_min = 4;
constexpr double ns_per_us = 1e3;

std::string time_of(std::int64_t ns) {
  std::string out;
  append_iso_time(out, {ns});
  return out;
}

double us(std::int64_t ns) {
  return static_cast<double>(ns) / ns_per_us;
}

bool is_commit(const told_span& s) {
  return s.kind == engine::span_kind::commit;
}

/// From the first start to the last end; the wait for a commit, which belongs to a snapshot and not to the event, is
/// not in it.
std::pair<std::int64_t, std::int64_t> extent_of(const std::vector<told_span>& spans) {
  auto first = spans.front().start_ns;
  auto last = first;
  for (const auto& s : spans) {
    first = std::min(first, s.start_ns);
    if (!is_commit(s)) last = std::max(last, s.end_ns);
  }
  return {first, last};
}

bool has_sink(const std::vector<told_span>& spans) {
  return std::ranges::any_of(spans, [](const auto& s) { return s.kind == engine::span_kind::write; });
}

json head_of(const engine::trace_id& id, const std::vector<told_span>& spans, std::uint64_t left_out) {
  const auto [first, last] = extent_of(spans);
  std::set<std::string> from;
  std::set<std::string> to;
  std::set<std::string> nodes;
  std::set<std::string> continues;
  for (const auto& s : spans) {
    if (s.parent == 0) from.insert(s.actor);
    if (s.kind == engine::span_kind::write) to.insert(s.actor);
    if (!s.node.empty()) nodes.insert(s.node);
    for (const auto& l : s.links) continues.insert(to_string(l.trace));
  }
  const auto any = [&](bool told_span::*is) { return std::ranges::any_of(spans, is); };
  return {{"trace", to_string(id)},
          {"topology", spans.front().topology},
          {"start", time_of(first)},
          {"start_ns", first},
          {"duration_us", us(last - first)},
          {"span_count", spans.size()},
          {"spans_left_out", left_out},
          {"from", from},
          {"to", to},
          {"nodes", nodes},
          {"continues", continues},
          {"committed", std::ranges::any_of(spans, is_commit)},
          {"replayed", any(&told_span::is_replayed)},
          {"failed", any(&told_span::has_failed)}};
}

json span_json(const told_span& s, std::int64_t first) {
  json out{{"span", engine::span_text(s.span)},
           {"parent", s.parent == 0 ? std::string{} : engine::span_text(s.parent)},
           {"kind", to_string(s.kind)},
           {"actor", s.actor},
           {"partition", s.partition},
           {"node", s.node},
           {"channel", s.channel},
           {"sequence", s.sequence},
           {"start_us", us(s.start_ns - first)},
           {"duration_us", us(s.end_ns - s.start_ns)},
           {"replayed", s.is_replayed},
           {"failed", s.has_failed},
           {"links", json::array()}};
  for (const auto& l : s.links) {
    out["links"].push_back({{"trace", to_string(l.trace)}, {"span", engine::span_text(l.span)}});
  }
  return out;
}

}  // namespace

void trace_book::add(const std::vector<told_span>& spans) {
  const std::lock_guard lock{mutex_};
  for (const auto& s : spans) {
    auto [at, is_new] = traces_.try_emplace(s.trace);
    if (is_new) order_.push_back(s.trace);
    if (at->second.spans.size() < spans_max) {
      at->second.spans.push_back(s);
    } else {
      ++at->second.left_out;
    }
  }
  counts_.spans += spans.size();
  while (order_.size() > traces_max) {
    traces_.erase(order_.front());
    order_.pop_front();
  }
}

void trace_book::count(std::uint64_t dropped, std::uint64_t limited) {
  const std::lock_guard lock{mutex_};
  counts_.dropped += dropped;
  counts_.limited += limited;
}

trace_book::counts trace_book::totals() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

json trace_book::list(std::size_t most) const {
  const std::lock_guard lock{mutex_};
  auto traces = json::array();
  for (auto id = order_.rbegin(); id != order_.rend() && traces.size() < most; ++id) {
    const auto& e = traces_.at(*id);
    traces.push_back(head_of(*id, e.spans, e.left_out));
  }
  return {{"traces", std::move(traces)},
          {"kept", order_.size()},
          {"spans", counts_.spans},
          {"spans_dropped", counts_.dropped},
          {"events_left_out", counts_.limited}};
}

result<engine::trace_id> trace_book::find(const std::string& id) const {
  if (order_.empty()) return user_error(errc::not_found, "there are no traces yet");
  if (id == "last") {
    const auto whole =
        std::find_if(order_.rbegin(), order_.rend(), [&](const auto& t) { return has_sink(traces_.at(t).spans); });
    return whole == order_.rend() ? order_.back() : *whole;
  }
  if (id.size() < digits_min) {
    return user_error(errc::invalid_argument, "give at least " + std::to_string(digits_min) + " digits of a trace");
  }
  std::vector<engine::trace_id> found;
  for (const auto& t : order_) {
    // Those of one run begin alike, so the second half will do, too.
    const auto text = to_string(t);
    if (text.starts_with(id) || text.substr(text.size() / 2).starts_with(id)) found.push_back(t);
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return user_error(errc::not_found, "trace " + id + " is not among the " + std::to_string(order_.size()) +
                                           " newest; list them with 'millrace trace list'");
  }
  return user_error(errc::invalid_argument, std::to_string(found.size()) + " traces begin with " + id +
                                                ": give more digits, as " + to_string(found.back()));
}

result<json> trace_book::show(const std::string& id) const {
  const std::lock_guard lock{mutex_};
  const auto which = find(id);
  if (!which) return which.error();
  const auto& e = traces_.at(*which);
  auto out = head_of(*which, e.spans, e.left_out);
  auto sorted = e.spans;
  std::ranges::stable_sort(sorted, {}, &told_span::start_ns);
  const auto first = extent_of(sorted).first;
  out["spans"] = json::array();
  for (const auto& s : sorted) out["spans"].push_back(span_json(s, first));
  return out;
}

}  // namespace millrace::node
