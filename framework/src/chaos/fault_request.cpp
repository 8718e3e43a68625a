#include "millrace/chaos/fault_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <random>
#include <string_view>

#include "millrace/chaos/node_target.hpp"
#include "millrace/detail/nearest.hpp"

namespace millrace::chaos {

namespace {

error bad(const fault_request& r, const std::string& what) {
  return user_error(errc::invalid_argument, std::string{entry_of(r.kind).name} + ": " + what);
}

std::string number(double v) {
  if (v == std::floor(v) && std::abs(v) < 1e15) return std::to_string(static_cast<std::int64_t>(v));
  return std::to_string(v);
}

result<void> check_times(const fault_request& r) {
  using std::chrono::nanoseconds;
  constexpr nanoseconds least = std::chrono::milliseconds{100};
  if (r.lease < least || r.lease > lease_max) return bad(r, "a lease is between 100ms and 1h");
  if (r.duration < nanoseconds{0} || r.duration > duration_max) return bad(r, "a duration is at most 24h");
  return {};
}

/// `@3` or `@25%` behind a target.
struct sampling {
  std::string_view target;
  std::string_view amount{};
};

sampling split(std::string_view target) {
  const auto at = target.rfind('@');
  if (at == std::string_view::npos) return {target};
  return {target.substr(0, at), target.substr(at + 1)};
}

result<std::size_t> amount_of(const fault_request& r, std::string_view text, std::size_t all) {
  const bool is_share = text.ends_with('%');
  if (is_share) text.remove_suffix(1);
  std::uint32_t n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc{} || end != text.data() + text.size() || n == 0 || (is_share && n > 100)) {
    return bad(r, "'" + r.target + "': behind @ stands how many, such as 2, or which share, such as 25%");
  }
  return is_share ? std::max<std::size_t>(1, all * n / 100) : std::min<std::size_t>(n, all);
}

/// Not std::sample, which differs between libraries: the same seed must mean the same places.
std::vector<std::uint32_t> sample(std::vector<std::uint32_t> from, std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  for (std::size_t i = 0; i < n; ++i) std::swap(from[i], from[i + random() % (from.size() - i)]);
  from.resize(n);
  std::ranges::sort(from);
  return from;
}

bool takes(fault_place place, actor_kind kind) {
  if (place == fault_place::producer) return kind == actor_kind::producer;
  return place != fault_place::handler || kind != actor_kind::router;
}

/// `ledger`, `ledger/1` or `*` means this task.
bool means(std::string_view name, const engine::plan& p, const engine::plan_task& t) {
  return name == "*" || name == p.spec.actors[t.actor].name || name == p.task_name(t.id);
}

result<void> check_name(const fault_request& r, std::string_view name, const engine::plan& p) {
  if (name == "*") return {};
  const auto actor = name.substr(0, name.find('/'));
  std::vector<std::string> actors;
  for (const auto& a : p.spec.actors) actors.push_back(a.name);
  if (std::ranges::find(actors, actor) == actors.end()) {
    const auto near = detail::nearest(std::string{actor}, actors);
    return bad(r, "there is no actor '" + std::string{actor} + "'; " +
                      (near.empty() ? "there are " + detail::quoted_list(actors) : "did you mean '" + near + "'?"));
  }
  if (std::ranges::any_of(p.tasks, [&](const auto& t) { return means(name, p, t); })) return {};
  return bad(r, "'" + std::string{actor} + "' has no partition '" + std::string{name.substr(actor.size())} + "'");
}

result<std::vector<std::uint32_t>> tasks_of(const engine::plan& p, const fault_request& r, std::string_view name) {
  if (auto known = check_name(r, name, p); !known) return std::move(known).error();
  const auto place = entry_of(r.kind).place;
  std::vector<std::uint32_t> out;
  for (const auto& t : p.tasks) {
    if (means(name, p, t) && takes(place, p.instantiate(t.id)->kind())) out.push_back(t.id.value);
  }
  if (!out.empty()) return out;
  return bad(r, "'" + std::string{name} +
                    (place == fault_place::producer ? "' is no producer" : "' is a router, which has no handler"));
}

result<std::vector<std::uint32_t>> channels_of(const engine::plan& p, const fault_request& r, std::string_view name) {
  const auto arrow = name.find("->");
  if (arrow == std::string_view::npos && name != "*") {
    return bad(r, "'" + r.target + "' names no channel; write FROM->TO, such as numbers->ledger/1 or *->ledger");
  }
  const auto from = arrow == std::string_view::npos ? "*" : name.substr(0, arrow);
  const auto to = arrow == std::string_view::npos ? "*" : name.substr(arrow + 2);
  for (const auto side : {from, to}) {
    if (auto known = check_name(r, side, p); !known) return std::move(known).error();
  }
  std::vector<std::uint32_t> out;
  for (const auto& c : p.channels) {
    if (means(from, p, p.tasks[c.source.value]) && means(to, p, p.tasks[c.target.value])) out.push_back(c.id.value);
  }
  if (out.empty()) {
    return bad(r, "no stream leads from '" + std::string{from} + "' to '" + std::string{to} + "'");
  }
  return out;
}

result<fault_places> disk_parts(const fault_request& r) {
  static const std::vector<std::string> parts{"snapshot", "log", "letters", "sink"};
  if (r.target == "*") return fault_places{{}, parts};
  if (std::ranges::find(parts, r.target) != parts.end()) return fault_places{{}, {r.target}};
  return bad(
      r, "there is no part '" + r.target + "' of what is stored; there are " + detail::quoted_list(parts) + " and '*'");
}

}  // namespace

result<fault_request> completed(fault_request r) {
  const auto& entry = entry_of(r.kind);
  std::vector<std::string> known;
  for (const auto& p : entry.parameters) known.emplace_back(p.name);
  for (const auto& [name, value] : r.parameters) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return bad(r, "there is no parameter '" + name + "'; " +
                      (known.empty() ? "it has none" : "there are " + detail::quoted_list(known)));
  }
  for (const auto& p : entry.parameters) {
    const auto value = r.parameters.try_emplace(p.name, p.usual).first->second;
    if (!(value >= p.least && value <= p.most)) {
      return bad(r, std::string{p.name} + " is between " + number(p.least) + " and " + number(p.most) + ", not " +
                        number(value));
    }
  }
  if (!(r.probability > 0 && r.probability <= 1)) return bad(r, "a probability is above 0 and at most 1");
  if (!(r.share_max > 0 && r.share_max <= 1)) return bad(r, "a blast radius is above 0% and at most 100%");
  if (auto ok = check_times(r); !ok) return std::move(ok).error();
  if (!r.hits_max) r.hits_max = entry.usual_hits;
  return r;
}

node_target node_target_of(const std::string& target) {
  const auto colon = target.find(':');
  if (colon == std::string::npos) return {{}, target};
  return {target.substr(0, colon), target.substr(colon + 1)};
}

std::string to_text(const node_target& t) {
  return t.node.empty() ? t.target : t.node + ":" + t.target;
}

bool is_of_node(fault_kind k) noexcept {
  const auto place = entry_of(k).place;
  return place == fault_place::disk || place == fault_place::clock || place == fault_place::process;
}

result<fault_places> choose_places(const engine::plan& plan, const fault_request& r) {
  return choose_places(plan, r, {});
}

result<fault_places> choose_places(const engine::plan& plan, const fault_request& r,
                                   const std::function<bool(task_id)>& is_meant) {
  const auto place = entry_of(r.kind).place;
  if (place == fault_place::disk) return disk_parts(r);
  if (place == fault_place::clock || place == fault_place::process) {
    if (r.target.empty() || r.target == to_string(place)) return fault_places{{}, {to_string(place)}};
    return bad(r, "it is done to the " + std::string{to_string(place)} + ", and takes no target");
  }
  if (r.target.empty()) return bad(r, "say to which " + std::string{to_string(place)} + ": it needs a target");
  const bool is_channel = place == fault_place::channel;
  const auto wanted = split(r.target);
  auto all = is_channel ? channels_of(plan, r, wanted.target) : tasks_of(plan, r, wanted.target);
  if (!all) return std::move(all).error();
  fault_places out{*std::move(all), {}};
  if (is_meant) {
    std::erase_if(out.indexes, [&](auto i) { return !is_meant(is_channel ? plan.channels[i].target : task_id{i}); });
    if (out.indexes.empty()) return bad(r, "nothing that '" + r.target + "' means runs on that node");
  }
  if (wanted.target.size() != r.target.size()) {
    const auto n = amount_of(r, wanted.amount, out.indexes.size());
    if (!n) return n.error();
    out.indexes = sample(std::move(out.indexes), *n, r.seed);
  }
  const auto there_are = is_channel ? plan.channels.size() : plan.tasks.size();
  if (static_cast<double>(out.indexes.size()) > r.share_max * static_cast<double>(there_are)) {
    return bad(r, "'" + r.target + "' means " + std::to_string(out.indexes.size()) + " of " +
                      std::to_string(there_are) + (is_channel ? " channels" : " tasks") +
                      ", which is beyond the blast radius of " + number(std::floor(r.share_max * 100)) + "%");
  }
  for (const auto i : out.indexes) {
    out.names.push_back(is_channel ? plan.channels[i].name : plan.task_name({i}));
  }
  return out;
}

}  // namespace millrace::chaos
