#pragma once

#include <bit>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "millrace/pattern.hpp"
#include "millrace/patterns/key_state.hpp"
#include "millrace/patterns/keyed_cell.hpp"

namespace millrace {

/// How a `pattern_matcher` reads its events, whom it tells, and what it may hold.
template <class T, class Owner>
struct pattern_options {
  millrace::event_time T::*event_time{};                 ///< required
  std::int64_t T::*tie = nullptr;                        ///< orders events of equal time; none: as they arrived
  void (Owner::*on_match)(context&, const match<T>&){};  ///< required
  /// A beginning that got stuck, when its time is over.
  void (Owner::*on_timeout)(context&, const match<T>&, millrace::event_time) = nullptr;
  patterns::match_limits limits{};
  std::size_t waiting_max = 100'000;  ///< events of a key the watermark has not passed; one more throws
};

/// Finds a pattern in the events of each key: a member of a processor, which feeds it from its keyed inputs.
///
///     pattern_matcher<trade> fraud{this, "fraud", fraud_pattern(),
///                                  {.event_time = &trade::at, .on_match = &watch::on_fraud}};
///     void on_trade(context& c, const trade& t) { if (!fraud.add(c, t)) late.take(); }
///
/// Several kinds of events: make them one record T in the handlers of several inputs with keys of one type.
/// Events are handled in order of event time as the watermark passes them, so results do not depend on the order of
/// arrival; handlers run with the key of their match. State is kept by key in the actor's rows and is part of
/// snapshots; a snapshot of another pattern keeps its waiting events and loses its partial matches. An event whose
/// condition or handler throws counts as handled.
/// The constructor throws std::invalid_argument when the pattern has a problem. Thread: owning actor.
template <class T>
class pattern_matcher final {
public:
  template <class Owner>
  pattern_matcher(Owner* owner, const std::string& name, pattern<T> p, pattern_options<T, Owner> o)
      : pattern_{std::move(p)},
        automaton_{checked(pattern_.what())},
        matcher_{automaton_, o.limits},
        state_{owner, name, "pattern<" + engine::type_text<T>() + ">"},
        alarm_{owner, name, [this](context& c) { advance(c); }},
        time_{o.event_time},
        tie_{o.tie},
        waiting_max_{o.waiting_max},
        on_match_{[owner, handler = o.on_match](context& c, const match<T>& m) { (owner->*handler)(c, m); }} {
    if (o.on_timeout == nullptr) return;
    on_timeout_ = [owner, handler = o.on_timeout](context& c, const match<T>& m, event_time at) {
      (owner->*handler)(c, m, at);
    };
  }
  pattern_matcher(const pattern_matcher&) = delete;
  pattern_matcher& operator=(const pattern_matcher&) = delete;

  /// Takes an event of the current key. False: it is late and was not taken. Throws std::length_error when too many
  /// events of the key wait.
  bool add(context& c, const T& event) {
    const auto at = event.*time_;
    if (at <= c.late_against() || at <= c.watermark()) return false;
    auto& waiting = state_.edit().waiting;
    if (waiting.size() >= waiting_max_) {
      throw std::length_error("more than " + std::to_string(waiting_max_) +
                              " events of one key wait for the watermark");
    }
    waiting.add(at, tie_ == nullptr ? 0 : event.*tie_, event);
    if (const auto due = alarm_.pending(); !due || *due > at) alarm_.set(at);
    return true;
  }
  [[nodiscard]] const pattern<T>& what() const noexcept { return pattern_; }
  /// Partial matches dropped because of limits since this incarnation of the actor began.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
  /// Events handled at once; the task looks after its outputs' credit in between.
  static constexpr std::size_t slice = 256;

  static patterns::definition checked(const patterns::definition& d) {
    if (const auto ok = d.check(); !ok) throw std::invalid_argument("pattern: " + ok.error().message);
    return d;
  }

  struct at_work final : patterns::conditions, patterns::match_listener {
    at_work(pattern_matcher& m, context& ctx, patterns::key_matches<T>& k) : of{m}, c{ctx}, key{k} {}
    [[nodiscard]] bool is_simple(std::uint32_t stage) const override { return of.pattern_.is_simple(stage); }
    [[nodiscard]] bool holds(std::uint32_t stage, const patterns::chain& earlier) const override {
      return of.pattern_.condition_of(stage)(*event, view(earlier));
    }
    void on_match(const patterns::chain& events, event_time at) override { of.on_match_(c, view(events, at)); }
    void on_timeout(const patterns::chain& events, event_time at) override {
      if (of.on_timeout_) of.on_timeout_(c, view(events, at), at);
    }
    [[nodiscard]] match<T> view(const patterns::chain& events, event_time at = {}) const {
      return {of.automaton_.what(), events, key.events(), at};
    }
    pattern_matcher& of;
    context& c;
    patterns::key_matches<T>& key;
    const T* event = nullptr;
  };
  /// Also when a handler throws: what was handled is gone, and the alarm is set for the rest.
  struct settle {
    pattern_matcher& of;
    patterns::key_state<T>& s;
    context& c;
    std::size_t handled = 0;
    ~settle() {
      s.waiting.drop_first(handled);
      of.set_alarm(s);
      of.count_dropped(c);
    }
  };

  void advance(context& c) {
    auto& s = state_.edit();
    s.matches.belong_to(automaton_);
    at_work work{*this, c, s.matches};
    settle after{*this, s, c};
    const auto now = c.watermark();
    for (; after.handled < s.waiting.size() && s.waiting[after.handled].at <= now;) {
      if (after.handled == slice) return;
      const auto e = std::move(s.waiting[after.handled++]);
      work.event = &e.event;
      s.matches.feed(matcher_, e.event, e.at, work, work);
    }
    s.matches.expire(matcher_, now, work);
    if (now == event_time::max()) s.matches.finish(matcher_, work);
  }
  void set_alarm(const patterns::key_state<T>& s) {
    auto next = matcher_.deadline(s.matches.store());
    if (!s.waiting.empty() && (!next || s.waiting.next() < *next)) next = s.waiting.next();
    if (!next && matcher_.waits_for_end(s.matches.store())) next = event_time::max();
    if (next) {
      alarm_.set(*next);
    } else if (s.matches.empty()) {
      state_.clear();
    }
  }
  void count_dropped(context& c) {
    const auto more = matcher_.take_dropped();
    if (more == 0) return;
    // A warning each time the number has doubled: enough to see it grow, too few to fill the log.
    if (dropped_ == 0 || std::bit_width(dropped_ + more) != std::bit_width(dropped_)) {
      c.log(log_level::warning, std::to_string(dropped_ + more) + " partial matches dropped: more than the limit");
    }
    dropped_ += more;
  }

  pattern<T> pattern_;
  patterns::automaton automaton_;
  patterns::matcher matcher_;
  patterns::keyed_cell<patterns::key_state<T>> state_;
  patterns::wake_up alarm_;
  event_time T::*time_;
  std::int64_t T::*tie_;
  std::size_t waiting_max_;
  std::uint64_t dropped_ = 0;
  std::function<void(context&, const match<T>&)> on_match_;
  std::function<void(context&, const match<T>&, event_time)> on_timeout_;
};

}  // namespace millrace
