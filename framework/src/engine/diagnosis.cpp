#include "millrace/engine/diagnosis.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "engine/diagnosis_sentences.hpp"

namespace millrace::engine {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// A call that takes this long is worth a word, whatever else there is.
constexpr auto stuck_after = 2s;
// A partition that has this many times its part of the events is overloaded by skew.
constexpr double skewed = 1.3;

/// Where a walk ended, and how it came there.
struct walk {
  std::uint32_t at = 0;
  std::vector<std::uint32_t> path;
  const observed_channel* through = nullptr;  // the last channel; none: the source itself
};

class examination {
public:
  explicit examination(const observed_run& run)
      : run_{run}, say_{run}, fullest_from_(run.tasks.size()), held_up_most_by_(run.tasks.size()) {
    const auto blocked = [this](const observed_channel& c) { return run_.tasks[c.source].blocked; };
    for (const auto& c : run_.channels) {
      if (c.fill < full_share) continue;
      auto*& fullest = fullest_from_[c.source];
      if (fullest == nullptr || is_worse(c, *fullest)) fullest = &c;
      auto*& most = held_up_most_by_[c.target];
      if (blocked(c) >= held_up && (most == nullptr || blocked(c) > blocked(*most))) most = &c;
    }
  }

  diagnosis result() const {
    const auto start = most_held_up();
    if (!start) return without_backpressure();
    const auto w = follow(*start);
    return told(w, run_.tasks[*start].blocked);
  }

  std::vector<diagnosis> ranked() const {
    std::vector<diagnosis> found{result()};
    if (found.front().what == cause::none) return found;
    std::vector<diagnosis> costing;
    std::vector<diagnosis> on_purpose;
    for (std::uint32_t i = 0; i < run_.tasks.size(); ++i) {
      if (auto w = way_to(i)) costing.push_back(told(*w, run_.tasks[*(w->path.end() - 2)].blocked));
      if (auto d = cost_of(i)) costing.push_back(*std::move(d));
      const auto& t = run_.tasks[i];
      if (!t.stopped_at.empty()) on_purpose.push_back(say_.standing(t));
      for (const auto& fault : t.faults) on_purpose.push_back(say_.fault(t.name, fault));
    }
    if (auto d = slow_snapshots()) costing.push_back(*std::move(d));
    for (const auto& c : run_.channels) {
      for (const auto& fault : c.faults) on_purpose.push_back(say_.fault(say_.name_of(c), fault));
    }
    for (auto* group : {&costing, &on_purpose}) {
      std::ranges::stable_sort(*group, std::ranges::greater{}, &diagnosis::share);
      for (auto& d : *group) {
        if (found.size() < causes_max && std::ranges::none_of(found, [&](const auto& f) { return is_same(f, d); })) {
          found.push_back(std::move(d));
        }
      }
    }
    return found;
  }

private:
  diagnosis told(const walk& w, double share) const {
    auto d = cause_at(w);
    for (const auto t : w.path) d.path.push_back(run_.tasks[t].name);
    d.share = share;
    return d;
  }
  /// Tasks of one actor share a cause; channels are told one by one, and so is what people do to them.
  static bool is_same(const diagnosis& a, const diagnosis& b) {
    const auto actor = [](const std::string& where) { return where.substr(0, where.find('/')); };
    if (a.what != b.what || a.fault != b.fault) return false;
    const bool are_tasks = a.where.find(' ') == std::string::npos && b.where.find(' ') == std::string::npos;
    return a.where == b.where || (are_tasks && actor(a.where) == actor(b.where));
  }
  /// Where full channels end at this task: the way there, from its beginning.
  std::optional<walk> way_to(std::uint32_t end) const {
    if (fullest_from_[end] != nullptr) return std::nullopt;
    walk w{end, {end}, nullptr};
    while (w.path.size() <= run_.tasks.size()) {
      const auto* before = held_up_most_by_[w.path.back()];
      if (before == nullptr) break;
      if (w.through == nullptr) w.through = before;
      w.path.push_back(before->source);
    }
    if (w.through == nullptr) return std::nullopt;
    std::ranges::reverse(w.path);
    return w;
  }
  /// What a task loses its time with, whether or not anybody waits for it.
  std::optional<diagnosis> cost_of(std::uint32_t at) const {
    const auto& t = run_.tasks[at];
    const auto costing = [](diagnosis d, double share) {
      d.share = share;
      return d;
    };
    if (t.stepping_for >= stuck_after) return costing(say_.stuck(t), 1);
    if (t.is_retrying) return say_.retries(t, "");
    if (t.freeze >= explains) return costing(say_.frozen(t), t.freeze);
    if (t.align >= explains) return costing(say_.alignment(at), t.align);
    return std::nullopt;
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
        if (t.blocked < held_up || fullest_from_[i] == nullptr) continue;
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
      const auto* next = fullest_from_[w.at];
      if (next == nullptr) break;
      w.through = next;
      w.at = next->target;
      w.path.push_back(w.at);
    }
    return w;
  }

  diagnosis cause_at(const walk& w) const {
    const auto& t = run_.tasks[w.at];
    if (!t.stopped_at.empty()) return say_.standing(t);
    if (!t.faults.empty()) return say_.fault(t.name, t.faults.front());
    if (!w.through->faults.empty()) return say_.fault(say_.name_of(*w.through), w.through->faults.front());
    if (t.is_retrying) {
      return say_.retries(t, ", and what is behind it waits");
    }
    if (t.align >= explains && t.align > t.busy) return say_.alignment(w.at);
    if (t.freeze >= explains * std::max(t.busy, held_up) && t.busy + t.ready >= explains) return say_.frozen(t);
    if (t.busy + t.ready < explains) return say_.slow_channel(*w.through);
    if (const auto keys = hot_keys(w); keys != nullptr) {
      return say_.skew(t, run_.tasks[w.path[w.path.size() - 2]].actor, *keys);
    }
    if (t.stepping_for >= stuck_after) return say_.stuck(t);
    return say_.at_work(t);
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
  // Nothing waits for credit.
  diagnosis without_backpressure() const {
    for (const auto& t : run_.tasks) {
      if (!t.stopped_at.empty()) return say_.standing(t);
      if (!t.faults.empty()) return say_.fault(t.name, t.faults.front());
    }
    for (const auto& c : run_.channels) {
      if (!c.faults.empty()) return say_.fault(say_.name_of(c), c.faults.front());
    }
    for (const auto& t : run_.tasks) {
      if (t.stepping_for >= stuck_after) return say_.stuck(t);
    }
    if (const auto found = slow_snapshots()) return *found;
    for (const auto& t : run_.tasks) {
      if (t.is_retrying) return say_.retries(t, "");
    }
    return calm();
  }

  std::optional<diagnosis> slow_snapshots() const {
    const auto* frozen_most = most([](const observed_task& t) { return t.freeze; });
    if (frozen_most != nullptr && frozen_most->freeze >= explains) return say_.frozen(*frozen_most);
    const auto interval = run_.snapshot_interval;
    if (interval == nanoseconds{}) return std::nullopt;
    const bool is_open_long = run_.snapshot_open_for > std::max<nanoseconds>(interval, 1s);
    const auto took = is_open_long ? run_.snapshot_open_for : run_.last_snapshot;
    const auto wrote = is_open_long ? run_.writing_for : run_.last_write;
    if (took < interval) return std::nullopt;
    const auto how = std::string{is_open_long ? "the snapshot under way has taken " : "the last snapshot took "} +
                     span_words(took) + ", longer than the " + span_words(interval) + " between two";
    if (2 * wrote >= took) {
      return diagnosis{cause::slow_disk,
                       {},
                       how + ": " + span_words(wrote) +
                           " of it went into writing (a slow disk); results of exactly-once sinks "
                           "appear that much later",
                       {},
                       {}};
    }
    const auto* aligning = most([](const observed_task& t) { return t.align; });
    if (aligning == nullptr || aligning->align < held_up) return std::nullopt;
    auto d = say_.alignment(static_cast<std::uint32_t>(aligning - run_.tasks.data()));
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
      d.sentence += ": the fullest channel is " + percent_words(fill) + " full, the busiest task is " + t->name +
                    " with " + percent_words(t->busy);
    }
    return d;
  }

  const observed_run& run_;
  explanation say_;
  std::vector<const observed_channel*> fullest_from_;     // by task, of its full outputs
  std::vector<const observed_channel*> held_up_most_by_;  // by task, of its full inputs
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

std::vector<diagnosis> ranked_causes(const observed_run& run) {
  return examination{run}.ranked();
}

}  // namespace millrace::engine
