#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/detail/call_member.hpp"
#include "millrace/engine/cow.hpp"
#include "millrace/engine/due_cell.hpp"
#include "millrace/port.hpp"
#include "millrace/window.hpp"

namespace millrace {

/// Windows of so many events of a key each.
struct count_spec {
  std::uint32_t events = 0;
  std::uint32_t slide = 0;  ///< a window begins every so many events; 0: as `events`, side by side
  /// A key without events for so long, by event time, is over: what it holds comes as `incomplete` and is forgotten. 0:
  /// keys are over when the input ends, and their memory is held until then.
  std::chrono::nanoseconds idle{};
};
/// Says what is wrong with a specification.
[[nodiscard]] result<void> check(const count_spec& s);

namespace engine {

/// Events that all windows share: no window begins or ends among them.
template <class Acc>
struct count_group {
  std::int64_t first = 0;  ///< event times
  std::int64_t last = 0;
  Acc value{};
};

template <class Acc>
struct count_cell {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  std::int64_t due = never;
  std::int64_t newest = std::numeric_limits<std::int64_t>::min();
  std::uint64_t seen = 0;                     ///< events of the key since it began
  std::uint64_t sent = 0;                     ///< of them, those before the end of the newest window sent
  cow<std::vector<count_group<Acc>>> groups;  ///< from the first group of the first window that is not full
};

}  // namespace engine

template <class Acc>
struct codec<engine::count_cell<Acc>> {
  static field_type type() { return codec<Acc>::type(); }
  static void encode(msgpack::writer& w, const engine::count_cell<Acc>& in) {
    w.array(4);
    w.integer(in.newest);
    w.integer(in.seen);
    w.integer(in.sent);
    w.array(static_cast<std::uint32_t>(in.groups.read().size()));
    for (const auto& g : in.groups.read()) {
      w.array(3);
      w.integer(g.first);
      w.integer(g.last);
      codec<Acc>::encode(w, g.value);
    }
  }
  static bool decode(msgpack::reader& r, engine::count_cell<Acc>& out) {
    std::uint32_t n = 0;
    std::uint32_t count = 0;
    if (!r.array(n) || n != 4 || !r.integer(out.newest) || !r.integer(out.seen) || !r.integer(out.sent) ||
        !r.array(count)) {
      return false;
    }
    auto& all = out.groups.write();
    for (std::uint32_t i = 0; i < count; ++i) {
      engine::count_group<Acc> g;
      if (!r.array(n) || n != 3 || !r.integer(g.first) || !r.integer(g.last) || !codec<Acc>::decode(r, g.value)) {
        return false;
      }
      all.push_back(std::move(g));
    }
    return true;
  }
};

/// Windows by count of a processor: each `events` of a key's events in the order they come.
///
/// `count_windows<total> hundred{this, "hundred", {.events = 100}, &Shop::on_hundred}`, and in the keyed handler
/// `hundred.add(c, s.at, [&](total& t) { … })`. The result comes with the event that fills the window; its `window`
/// runs from the earliest event time in it to a nanosecond behind the latest. No event is late, and which events share
/// a window follows the order in which they arrive: with several producer partitions that differs from run to run.
/// Overlapping windows share the groups of events between their bounds. Thread: owning actor; `add` inside a keyed
/// handler.
template <accumulator Acc>
class count_windows final : engine::due_cell<engine::count_cell<Acc>> {
  using base = engine::due_cell<engine::count_cell<Acc>>;
  using cell = engine::count_cell<Acc>;
  using handler = void (actor::*)(context&, const window_result<Acc>&);

public:
  /// `set` must follow in `configure`.
  template <class Owner, class Declaring>
  count_windows(Owner* owner, const std::string& name,
                void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : base(owner), handler_{static_cast<handler>(on_result)} {
    this->place(name, "count windows<" + engine::type_text<Acc>() + ">", engine::cell_ops_of<cell>());
  }
  template <class Owner, class Declaring>
  count_windows(Owner* owner, const std::string& name, const count_spec& spec,
                void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : count_windows(owner, name, on_result) {
    if (auto ok = set(spec); !ok) throw std::invalid_argument(ok.error().message);
  }

  [[nodiscard]] result<void> set(const count_spec& spec) {
    if (auto ok = check(spec); !ok) return ok;
    size_ = spec.events;
    slide_ = spec.slide == 0 ? spec.events : spec.slide;
    group_ = std::gcd(size_, slide_);
    idle_ = spec.idle.count();
    return {};
  }

  /// Counts the current record in: `update` gets the accumulator of its group. `at`: its event time.
  template <class Update>
  void add(context& c, event_time at, Update&& update) {
    auto& s = this->writable();
    // Judged by the event itself, so that it does not depend on when the watermark comes.
    if (s.seen != 0 && std::max(at.ns, c.late_against().ns) >= over_at(s)) finish(c, s);
    auto& groups = s.groups.write();
    if (s.seen % group_ == 0) groups.push_back({at.ns, at.ns, Acc{}});
    auto& g = groups.back();
    g.first = std::min(g.first, at.ns);
    g.last = std::max(g.last, at.ns);
    update(g.value);
    ++s.seen;
    s.newest = std::max(s.newest, at.ns);
    this->reschedule(s);
    if (s.seen < size_ || (s.seen - size_) % slide_ != 0) return;
    s.sent = s.seen;
    send(c, groups, window_firing::complete);
    groups.erase(groups.begin(), groups.begin() + slide_ / group_);
  }

private:
  using group_list = std::vector<engine::count_group<Acc>>;

  void send(context& c, const group_list& groups, window_firing why) {
    auto sum = groups.front();
    for (std::size_t i = 1; i < std::min<std::size_t>(groups.size(), size_ / group_); ++i) {
      sum.first = std::min(sum.first, groups[i].first);
      sum.last = std::max(sum.last, groups[i].last);
      sum.value.merge(groups[i].value);
    }
    detail::call_member(this->owner_, handler_, c,
                        window_result<Acc>{{{sum.first}, {sum.last + 1}}, why, sum.value, nullptr});
  }
  void finish(context& c, cell& s) {
    if (s.sent != s.seen) send(c, s.groups.read(), window_firing::incomplete);
    clear(s);
  }
  static void clear(cell& s) {
    s.groups.write().clear();
    s.seen = s.sent = 0;
    s.newest = std::numeric_limits<std::int64_t>::min();
  }
  [[nodiscard]] std::int64_t over_at(const cell& s) const noexcept {
    constexpr auto end_of_input = cell::never - 1;
    return idle_ == 0 || s.newest > end_of_input - idle_ ? end_of_input : s.newest + idle_;
  }
  [[nodiscard]] std::int64_t due_of(const cell& s) const override { return over_at(s); }
  [[nodiscard]] bool is_empty(const cell& s) const override { return s.seen == 0; }
  void settle(context& c, cell& s) override {
    if (over_at(s) <= this->firing_at()) finish(c, s);
  }
  void give_up(cell& s) override {
    if (over_at(s) <= this->firing_at()) clear(s);
  }

  handler handler_;
  std::uint32_t size_ = 1;
  std::uint32_t slide_ = 1;
  std::uint32_t group_ = 1;
  std::int64_t idle_ = 0;
};

}  // namespace millrace
