#include "command/hot_key_advice.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include "command/figures.hpp"
#include "millrace/engine/hot_key_watch.hpp"
#include "millrace/router.hpp"

namespace millrace::command {

namespace {

struct sums {
  double events = 0;
  std::map<std::string, std::pair<double, double>> of_key;  // events at most, and at least
};

/// Shares of a router's partitions, weighted by what passed each.
std::map<std::string, sums> by_router(const node::status_view& view) {
  std::map<std::string, sums> out;
  for (const auto& t : view.tasks) {
    if (t.now.kind != "router") continue;
    auto& r = out[t.now.actor];
    const auto events = static_cast<double>(t.now.events_in);
    r.events += events;
    for (const auto& k : t.now.hot_keys) {
      auto& [most, least] = r.of_key[k.key];
      most += events * k.share;
      least += events * std::max(0.0, k.share - k.error);
    }
  }
  return out;
}

/// How many partitions a router spreads each key over; none: it only gathers what is spread already.
std::uint32_t places_at(const engine::plan& p, const std::string& router) {
  for (const auto& t : p.tasks) {
    if (p.spec.actors[t.actor].name != router) continue;
    if (p.roles[t.actor] == engine::salt_role::gathers) return 0;
    return static_cast<const millrace::router&>(*p.instantiate(t.id)).salt();
  }
  return 1;
}

const actor_spec* fed_by(const engine::plan& p, const std::string& router) {
  const auto at = std::ranges::find_if(
      p.spec.streams, [&](const stream_spec& s) { return s.from_actor == router && s.from_port == "out"; });
  return at == p.spec.streams.end() ? nullptr : p.spec.find(at->to_actor);
}

}  // namespace

std::vector<skew> skews_of(const node::status_view& view, const engine::plan& p) {
  std::vector<skew> out;
  for (const auto& [router, r] : by_router(view)) {
    const auto* target = fed_by(p, router);
    const auto places = target == nullptr ? 0 : std::min(places_at(p, router), target->parallelism);
    if (places == 0 || r.events == 0) continue;
    for (const auto& [key, events] : r.of_key) {
      const auto at_least = events.second / r.events;
      if (at_least / places < engine::hot_share(target->parallelism)) continue;
      out.push_back({router, key, events.first / r.events, at_least, target->name, target->parallelism, places});
    }
  }
  std::ranges::sort(out, [](const skew& a, const skew& b) { return a.share > b.share; });
  return out;
}

std::string advice_on(const skew& s) {
  const auto times = s.share / s.places * (s.partitions - 1) + 1;
  char load[32];  // NOLINT: written by snprintf
  (void)std::snprintf(load, sizeof load, "%.1f", times);
  return s.key + " takes " + percent_text(s.share) + " of the events at " + s.router + ", so one of the " +
         std::to_string(s.partitions) + " partitions of " + s.target + " has " + load +
         " times its share of the work; more partitions do not help, salting the key or a key of more fields does "
         "(docs/skew.md)";
}

}  // namespace millrace::command
