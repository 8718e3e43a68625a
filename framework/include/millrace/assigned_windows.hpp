#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
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

/// Which windows an event time belongs to: adds them to the list. A pure function of the time, so that every run and
/// every recovery assigns alike; each window must hold the time, and at most 64 may.
using window_assigner = std::function<void(event_time at, std::vector<time_window>& windows)>;

/// One window that never ends: complete when the input ends. Give it a trigger.
[[nodiscard]] window_assigner endless();

enum class calendar_unit : std::uint8_t { day, week, month, quarter, year };
/// Days, weeks from Monday, months and so on of the proleptic Gregorian calendar. `ahead_of_utc`: the zone's fixed
/// offset, e.g. 1h for UTC+1; daylight saving is not followed.
[[nodiscard]] window_assigner calendar(calendar_unit unit, std::chrono::nanoseconds ahead_of_utc = {});

/// When a window sends results before it is complete; they are marked `early`.
template <class Acc>
struct trigger {
  std::uint32_t events = 0;                ///< after every so many events of the window; 0: not
  std::chrono::nanoseconds every{};        ///< when the watermark passes multiples of this, if something came; 0: not
  std::function<bool(const Acc&)> when{};  ///< after an event with which this becomes true. A pure function
  bool purge = false;  ///< what was sent is forgotten: each result tells what came since the one before
};

namespace engine {

template <class Acc>
struct assigned_window {
  time_window window;
  std::int64_t tick = std::numeric_limits<std::int64_t>::max();  ///< when a result by `every` is due
  std::uint64_t since = 0;                                       ///< events since the last result
  bool was_sent = false;                                         ///< complete
  Acc value{};
};

template <class Acc>
struct assigned_cell {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  std::int64_t due = never;
  cow<std::vector<assigned_window<Acc>>> windows;  ///< by start and end
};

}  // namespace engine

template <class Acc>
struct codec<engine::assigned_cell<Acc>> {
  static field_type type() { return codec<Acc>::type(); }
  static void encode(msgpack::writer& w, const engine::assigned_cell<Acc>& in) {
    w.array(static_cast<std::uint32_t>(in.windows.read().size()));
    for (const auto& o : in.windows.read()) {
      w.array(6);
      w.integer(o.window.start.ns);
      w.integer(o.window.end.ns);
      w.integer(o.tick);
      w.integer(o.since);
      w.boolean(o.was_sent);
      codec<Acc>::encode(w, o.value);
    }
  }
  static bool decode(msgpack::reader& r, engine::assigned_cell<Acc>& out) {
    std::uint32_t n = 0;
    std::uint32_t count = 0;
    if (!r.array(count)) return false;
    auto& all = out.windows.write();
    for (std::uint32_t i = 0; i < count; ++i) {
      engine::assigned_window<Acc> o;
      if (!r.array(n) || n != 6 || !r.integer(o.window.start.ns) || !r.integer(o.window.end.ns) || !r.integer(o.tick) ||
          !r.integer(o.since) || !r.boolean(o.was_sent) || !codec<Acc>::decode(r, o.value)) {
        return false;
      }
      all.push_back(std::move(o));
    }
    return true;
  }
};

/// Windows of a processor that a function of the user's assigns, with triggers: calendar months, shifts of a plant, one
/// window without end.
///
/// ```cpp
/// assigned_windows<total> per_month{this, "per_month", calendar(calendar_unit::month), {}, &Shop::on_month};
/// assigned_windows<total> big{this, "big", endless(),
///                             {.when = [](const total& t) { return t.sum > 1000; }, .purge = true}, &Shop::on_big};
/// ```
///
/// Otherwise as `windows`: complete when the watermark passes the end, late events, corrections within
/// `allowed_lateness`, recovery. Each window keeps an accumulator of its own, so an event costs as many updates as it
/// has windows. Thread: owning actor; `add` inside a keyed handler.
template <accumulator Acc>
class assigned_windows final : engine::due_cell<engine::assigned_cell<Acc>> {
  using base = engine::due_cell<engine::assigned_cell<Acc>>;
  using base::fired_to_;
  using base::firing_at;
  using cell = engine::assigned_cell<Acc>;
  using one = engine::assigned_window<Acc>;
  using handler = void (actor::*)(context&, const window_result<Acc>&);

public:
  /// `set` must follow in `configure`.
  template <class Owner, class Declaring>
  assigned_windows(Owner* owner, const std::string& name,
                   void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : base(owner), handler_{static_cast<handler>(on_result)}, late_{owner, name} {
    this->place(name, "assigned windows<" + engine::type_text<Acc>() + ">", engine::cell_ops_of<cell>());
  }
  template <class Owner, class Declaring>
  assigned_windows(Owner* owner, const std::string& name, window_assigner assign, trigger<Acc> when,
                   void (Declaring::*on_result)(context&, const window_result<Acc>&),
                   std::chrono::nanoseconds allowed_lateness = {})
      : assigned_windows(owner, name, on_result) {
    if (auto ok = set(std::move(assign), std::move(when), allowed_lateness); !ok) {
      throw std::invalid_argument(ok.error().message);
    }
  }

  [[nodiscard]] result<void> set(window_assigner assign, trigger<Acc> when = {},
                                 std::chrono::nanoseconds allowed_lateness = {}) {
    if (!assign) return user_error(errc::invalid_argument, "windows: there is no function that assigns them");
    if (when.every.count() < 0) {
      return user_error(errc::invalid_argument, "windows: the distance of results must not be negative");
    }
    if (allowed_lateness.count() < 0) {
      return user_error(errc::invalid_argument, "windows: the allowed lateness must not be negative");
    }
    assign_ = std::move(assign);
    trigger_ = std::move(when);
    lateness_ = allowed_lateness.count();
    return {};
  }

  /// Counts the current record in: `update` gets the accumulator of each of its windows. False: it came too late for
  /// all of them, and went out on `late`. Throws std::logic_error when a window does not hold `at`.
  template <class Update>
  bool add(context& c, event_time at, Update&& update) {
    assign(at);
    const auto against = c.late_against() != event_time::min() ? c.late_against().ns : fired_to_;
    std::erase_if(assigned_, [&](const time_window& w) { return over_at(w) <= against; });
    if (assigned_.empty()) {
      late_.take();
      return false;
    }
    auto& s = this->writable();
    for (const auto& w : assigned_) add_to(c, entry(s, w), at, update);
    this->reschedule(s);
    return true;
  }

private:
  void assign(event_time at) {
    constexpr std::size_t windows_max = 64;
    assigned_.clear();
    assign_(at, assigned_);
    const auto holds = [at](const time_window& w) { return w.start <= at && at < w.end; };
    if (assigned_.size() > windows_max || !std::ranges::all_of(assigned_, holds)) {
      throw std::logic_error("windows: the assigner gave more than 64 windows, or one that does not hold its event");
    }
  }
  /// When nothing can change the window any more.
  [[nodiscard]] std::int64_t over_at(const time_window& w) const noexcept {
    return w.end.ns - 1 > base::highest - 1 - lateness_ ? base::highest - 1 : w.end.ns - 1 + lateness_;
  }
  [[nodiscard]] one& entry(cell& s, const time_window& w) {
    auto& all = s.windows.write();
    const auto before = [](const one& o, const time_window& x) {
      return std::pair{o.window.start, o.window.end} < std::pair{x.start, x.end};
    };
    const auto at = std::lower_bound(all.begin(), all.end(), w, before);
    if (at != all.end() && at->window == w) return *at;
    return *all.insert(at, one{.window = w});
  }
  template <class Update>
  void add_to(context& c, one& o, event_time at, Update& update) {
    const bool is_complete = o.window.end.ns - 1 <= fired_to_;
    std::optional<Acc> before;
    if (o.was_sent) before = o.value;
    update(o.value);
    ++o.since;
    if (is_complete) {
      o.was_sent = true;
      return send(c, o, window_firing::correction, before ? &*before : nullptr);
    }
    if ((trigger_.events != 0 && o.since >= trigger_.events) || (trigger_.when && trigger_.when(o.value))) {
      send(c, o, window_firing::early);
      return sent_early(o);
    }
    if (trigger_.every.count() != 0) o.tick = std::min(o.tick, next_tick(std::max(at.ns, fired_to_)));
  }
  [[nodiscard]] std::int64_t next_tick(std::int64_t ns) const noexcept {
    const auto every = trigger_.every.count();
    const auto in_this = ns - (ns % every + every) % every;
    return in_this > base::highest - every ? base::highest : in_this + every - 1;
  }
  void send(context& c, const one& o, window_firing why, const Acc* replaces = nullptr) {
    detail::call_member(this->owner_, handler_, c, window_result<Acc>{o.window, why, o.value, replaces});
  }
  void sent_early(one& o) {
    o.since = 0;
    o.tick = base::highest;
    if (trigger_.purge) o.value = Acc{};
  }

  [[nodiscard]] std::int64_t due_of(const cell& s) const override {
    auto due = cell::never;
    for (const auto& o : s.windows.read()) {
      due = std::min({due, o.tick, o.was_sent ? over_at(o.window) : o.window.end.ns - 1});
    }
    return due;
  }
  [[nodiscard]] bool is_empty(const cell& s) const override { return s.windows.read().empty(); }
  void settle(context& c, cell& s) override {
    for (auto& o : s.windows.write()) {
      if (!o.was_sent && o.window.end.ns - 1 <= firing_at()) {
        if (!trigger_.purge || o.since != 0) send(c, o, window_firing::complete);
        o.was_sent = true;
        o.since = 0;
        o.tick = base::highest;
      } else if (o.tick <= firing_at()) {
        send(c, o, window_firing::early);
        sent_early(o);
      }
    }
  }
  void give_up(cell& s) override {
    for (auto& o : s.windows.write()) {
      if (o.window.end.ns - 1 <= firing_at()) o.was_sent = true;  // also what was skipped because its handler threw
      if (o.tick <= firing_at()) o.tick = base::highest;
    }
    std::erase_if(s.windows.write(), [&](const one& o) { return over_at(o.window) <= firing_at(); });
  }

  handler handler_;
  late_outputs late_;
  window_assigner assign_;
  trigger<Acc> trigger_;
  std::int64_t lateness_ = 0;
  std::vector<time_window> assigned_;  // of the event at work
};

}  // namespace millrace
