#include "millrace/engine/diagnosis.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace millrace::engine {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// A call that takes this long is worth a word, whatever else there is.
constexpr auto stuck_after = 2s;
// Shares from which on something explains what is seen.
constexpr double explains = 0.5;
// A source that is held up less than this has no reason to complain.
constexpr double held_up = 0.05;
// A partition that has this many times its part of the events is overloaded by skew.
constexpr double skewed = 1.3;

std::string text(const char* format, double value) {
  char out[32];  // NOLINT: written by snprintf
  (void)std::snprintf(out, sizeof out, format, value);
  return out;
}
std::string percent(double share) {
  return text("%.0f %%", share * 100);
}
std::string span(nanoseconds d) {
  const auto s = std::chrono::duration<double>(d).count();
  if (s >= 1) return text("%.1f s", s);
  return s >= 0.001 ? text("%.0f ms", s * 1e3) : text("%.0f us", s * 1e6);
}
std::string rate(double per_s) {
  if (per_s >= 1e6) return text("%.2f M events/s", per_s / 1e6);
  return per_s >= 1e4 ? text("%.1f k events/s", per_s / 1e3) : text("%.0f events/s", per_s);
}

/// Where a walk ended, and how it came there.
struct walk {
  std::uint32_t at = 0;
  std::vector<std::uint32_t> path;
  const observed_channel* through = nullptr;  // the last channel; none: the source itself
};

class examination {
public:
  explicit examination(const observed_run& run) : run_{run} {}

  diagnosis result() const {
    const auto start = most_held_up();
    if (!start) return without_backpressure();
    const auto w = follow(*start);
    auto d = cause_at(w);
    for (const auto t : w.path) d.path.push_back(run_.tasks[t].name);
    return d;
  }

private:
  const observed_channel* fullest_from(std::uint32_t task) const {
    const observed_channel* found = nullptr;
    for (const auto& c : run_.channels) {
      if (c.source == task && c.fill >= full_share && (found == nullptr || is_worse(c, *found))) found = &c;
    }
    return found;
  }
  /// Of two full channels, the one whose receiver has less time left.
  bool is_worse(const observed_channel& a, const observed_channel& b) const {
    const auto load = [&](const observed_channel& c) {
      const auto& t = run_.tasks[c.target];
      return t.busy + t.ready + t.align;
    };
    return a.fill + load(a) > b.fill + load(b);
  }
  std::optional<std::uint32_t> most_held_up() const {
    std::optional<std::uint32_t> found;
    const auto look = [&](bool producers_only) {
      for (std::uint32_t i = 0; i < run_.tasks.size(); ++i) {
        const auto& t = run_.tasks[i];
        if (producers_only && t.kind != actor_kind::producer) continue;
        if (t.blocked < held_up || fullest_from(i) == nullptr) continue;
        if (!found || lag(t) > lag(run_.tasks[*found])) found = i;
      }
    };
    look(true);
    if (!found) look(false);
    return found;
  }
  static std::pair<double, std::uint64_t> lag(const observed_task& t) { return {t.blocked, t.backlog}; }

  walk follow(std::uint32_t start) const {
    walk w{start, {start}, nullptr};
    // Topologies have no cycles; the limit only says so once more.
    while (w.path.size() <= run_.tasks.size()) {
      const auto* next = fullest_from(w.at);
      if (next == nullptr) break;
      w.through = next;
      w.at = next->target;
      w.path.push_back(w.at);
    }
    return w;
  }

  diagnosis cause_at(const walk& w) const {
    const auto& t = run_.tasks[w.at];
    if (!t.stopped_at.empty()) return standing(t);
    if (!t.faults.empty()) return fault(t.name, t.faults.front());
    if (!w.through->faults.empty()) return fault(name_of(*w.through), w.through->faults.front());
    if (t.is_retrying) {
      return {
          cause::retries, t.name, t.name + " fails and tries again, and what is behind it waits: see the log", {}, {}};
    }
    if (t.align >= explains && t.align > t.busy) return alignment(w.at);
    if (t.freeze >= explains * std::max(t.busy, held_up) && t.busy + t.ready >= explains) return frozen(t);
    if (t.busy + t.ready < explains) return slow_channel(*w.through);
    if (const auto keys = hot_keys(w); keys != nullptr) return skew(w, *keys);
    if (t.stepping_for >= stuck_after) return stuck(t);
    return at_work(t);
  }

  static diagnosis standing(const observed_task& t) { return {cause::breakpoint, t.name, t.stopped_at, {}, {}}; }
  static diagnosis fault(const std::string& where, const std::string& what) {
    return {cause::injected_fault, where, "a fault was put on " + where + ": " + what, {}, {}};
  }
  std::string name_of(const observed_channel& c) const {
    return run_.tasks[c.source].name + " -> " + run_.tasks[c.target].name;
  }
  /// "sink store/0"
  static std::string title(const observed_task& t) { return std::string{to_string(t.kind)} + " " + t.name; }

  diagnosis at_work(const observed_task& t) const {
    const auto figures = title(t) + " does all it can: busy " + percent(t.busy) + " of the time, " + rate(t.in_per_s);
    if (t.ready > t.busy) {
      return {cause::few_threads,
              t.name,
              title(t) + " has work and waits for a thread " + percent(t.ready) + " of the time: all " +
                  std::to_string(run_.threads) + " threads are taken; it is busy " + percent(t.busy) + ", " +
                  rate(t.in_per_s),
              {},
              {}};
    }
    if (t.cpu >= 0 && t.cpu < explains) {
      return {cause::outside_call,
              t.name,
              figures + ", but only " + percent(t.cpu) +
                  " of that is computing: its handlers wait for something outside (a service, a disk, a lock)",
              {},
              {}};
    }
    const auto waits = t.ready >= held_up ? ", and waits for a thread " + percent(t.ready) : std::string{};
    return {cause::processor,
            t.name,
            figures + waits + ", and computes all the while: it needs more partitions or less work",
            {},
            {}};
  }
  static diagnosis stuck(const observed_task& t) {
    return {cause::stuck,
            t.name,
            title(t) + " has been in one call for " + span(t.stepping_for) +
                "; the oldest event that waits for it is " + span(t.oldest_unfinished) + " old",
            {},
            {}};
  }
  static diagnosis frozen(const observed_task& t) {
    return {cause::slow_disk,
            t.name,
            title(t) + " stands still for snapshots " + percent(t.freeze) +
                " of the time: what it makes durable at each of them takes long (a slow disk or target)",
            {},
            {}};
  }
  diagnosis slow_channel(const observed_channel& c) const {
    const auto& t = run_.tasks[c.target];
    if (c.is_held) return alignment(c.target);
    return {cause::slow_channel,
            name_of(c),
            "the channel " + name_of(c) + " is " + percent(c.fill) + " full while " + t.name + " is busy only " +
                percent(t.busy) + " of the time: events are long on their way",
            {},
            {}};
  }
  diagnosis alignment(std::uint32_t task) const {
    const auto& t = run_.tasks[task];
    std::string late;
    for (const auto& c : run_.channels) {
      if (c.target == task && !c.is_held) late += (late.empty() ? "" : ", ") + run_.tasks[c.source].name;
    }
    return {cause::alignment,
            t.name,
            title(t) + " waits for the barrier of a snapshot " + percent(t.align) + " of the time" +
                (late.empty() ? std::string{} : ": it is late from " + late),
            {},
            {}};
  }

  /// The keys a router on the way saw, when the task has much more than its part of what the router sends.
  const std::vector<hot_key>* hot_keys(const walk& w) const {
    if (w.path.size() < 2) return nullptr;
    const auto& t = run_.tasks[w.at];
    double all = 0;
    double parts = 0;
    for (const auto& other : run_.tasks) {
      if (other.actor != t.actor) continue;
      all += other.in_per_s;
      ++parts;
    }
    if (parts < 2 || t.in_per_s * parts < skewed * all) return nullptr;
    const auto least = hot_share(static_cast<std::uint32_t>(parts));
    // Of the router's partitions, the one that saw a key most clearly.
    const auto& router = run_.tasks[w.path[w.path.size() - 2]].actor;
    const observed_task* clearest = nullptr;
    const auto certain = [](const observed_task& r) { return r.hot_keys.front().share - r.hot_keys.front().error; };
    for (const auto& r : run_.tasks) {
      if (r.actor != router || r.hot_keys.empty() || certain(r) < least) continue;
      if (clearest == nullptr || certain(r) > certain(*clearest)) clearest = &r;
    }
    return clearest == nullptr ? nullptr : &clearest->hot_keys;
  }
  diagnosis skew(const walk& w, const std::vector<hot_key>& keys) const {
    const auto& t = run_.tasks[w.at];
    diagnosis d{cause::hot_key, t.name, {}, {}, {}};
    const auto least = hot_share(static_cast<std::uint32_t>(
        std::ranges::count_if(run_.tasks, [&](const observed_task& o) { return o.actor == t.actor; })));
    for (const auto& k : keys) {
      if (k.share - k.error >= least) d.keys.push_back(k);
    }
    std::string named;
    for (const auto& k : d.keys) named += (named.empty() ? "" : ", ") + k.key + " (" + percent(k.share) + ")";
    d.sentence = title(t) + " has more than its part: busy " + percent(t.busy) + ", " + rate(t.in_per_s) +
                 ", because of " + (d.keys.size() == 1 ? "the key " : "the keys ") + named + " at " +
                 run_.tasks[w.path[w.path.size() - 2]].actor +
                 "; more partitions do not help, salting the key does (docs/skew.md)";
    return d;
  }

  // Nothing waits for credit.
  diagnosis without_backpressure() const {
    for (const auto& t : run_.tasks) {
      if (!t.stopped_at.empty()) return standing(t);
      if (!t.faults.empty()) return fault(t.name, t.faults.front());
    }
    for (const auto& c : run_.channels) {
      if (!c.faults.empty()) return fault(name_of(c), c.faults.front());
    }
    for (const auto& t : run_.tasks) {
      if (t.stepping_for >= stuck_after) return stuck(t);
    }
    if (const auto found = slow_snapshots()) return *found;
    for (const auto& t : run_.tasks) {
      if (t.is_retrying) return {cause::retries, t.name, t.name + " fails and tries again: see the log", {}, {}};
    }
    return calm();
  }

  std::optional<diagnosis> slow_snapshots() const {
    const auto* frozen_most = most([](const observed_task& t) { return t.freeze; });
    if (frozen_most != nullptr && frozen_most->freeze >= explains) return frozen(*frozen_most);
    const auto interval = run_.snapshot_interval;
    if (interval == nanoseconds{}) return std::nullopt;
    const bool is_open_long = run_.snapshot_open_for > std::max<nanoseconds>(interval, 1s);
    const auto took = is_open_long ? run_.snapshot_open_for : run_.last_snapshot;
    const auto wrote = is_open_long ? run_.writing_for : run_.last_write;
    if (took < interval) return std::nullopt;
    const auto how = std::string{is_open_long ? "the snapshot under way has taken " : "the last snapshot took "} +
                     span(took) + ", longer than the " + span(interval) + " between two";
    if (2 * wrote >= took) {
      return diagnosis{cause::slow_disk,
                       {},
                       how + ": " + span(wrote) +
                           " of it went into writing (a slow disk); results of exactly-once sinks "
                           "appear that much later",
                       {},
                       {}};
    }
    const auto* aligning = most([](const observed_task& t) { return t.align; });
    if (aligning == nullptr || aligning->align < held_up) return std::nullopt;
    auto d = alignment(static_cast<std::uint32_t>(aligning - run_.tasks.data()));
    d.sentence = how + "; " + d.sentence;
    return d;
  }

  template <class Share>
  const observed_task* most(Share share) const {
    const auto at = std::ranges::max_element(run_.tasks, {}, share);
    return at == run_.tasks.end() ? nullptr : &*at;
  }

  diagnosis calm() const {
    diagnosis d{cause::none, {}, "nothing is held up", {}, {}};
    double fill = 0;
    for (const auto& c : run_.channels) fill = std::max(fill, c.fill);
    if (const auto* t = most([](const observed_task& o) { return o.busy; })) {
      d.sentence += ": the fullest channel is " + percent(fill) + " full, the busiest task is " + t->name + " with " +
                    percent(t->busy);
    }
    return d;
  }

  const observed_run& run_;
};

}  // namespace

const char* to_string(cause c) noexcept {
  switch (c) {
    case cause::none:
      return "none";
    case cause::injected_fault:
      return "injected_fault";
    case cause::breakpoint:
      return "breakpoint";
    case cause::hot_key:
      return "hot_key";
    case cause::outside_call:
      return "outside_call";
    case cause::processor:
      return "processor";
    case cause::few_threads:
      return "few_threads";
    case cause::retries:
      return "retries";
    case cause::stuck:
      return "stuck";
    case cause::alignment:
      return "alignment";
    case cause::slow_disk:
      return "slow_disk";
    case cause::slow_channel:
      return "slow_channel";
  }
  return "?";
}

diagnosis diagnose(const observed_run& run) {
  return examination{run}.result();
}

}  // namespace millrace::engine
