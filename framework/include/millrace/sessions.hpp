#pragma once

#include <algorithm>
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

/// When a key's activity is over.
struct session_spec {
  std::chrono::nanoseconds gap{};  ///< an event so long after the one before begins a new session
  /// How long an event may come behind its own producer partition's watermark; a session it changes after its result
  /// was sent is retracted and sent anew.
  std::chrono::nanoseconds allowed_lateness{};
};

namespace engine {

template <class Acc>
struct session {
  std::int64_t start = 0;
  std::int64_t end = 0;  ///< last event + gap
  bool was_sent = false;
  Acc value{};
};

template <class Acc>
struct session_list {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  std::int64_t due = never;
  cow<std::vector<session<Acc>>> sessions;  ///< by time, disjoint
};

}  // namespace engine

template <class Acc>
struct codec<engine::session_list<Acc>> {
  static field_type type() { return codec<Acc>::type(); }
  static void encode(msgpack::writer& w, const engine::session_list<Acc>& in) {
    w.array(2);
    w.integer(in.due);
    w.array(static_cast<std::uint32_t>(in.sessions.read().size()));
    for (const auto& s : in.sessions.read()) {
      w.array(4);
      w.integer(s.start);
      w.integer(s.end);
      w.boolean(s.was_sent);
      codec<Acc>::encode(w, s.value);
    }
  }
  static bool decode(msgpack::reader& r, engine::session_list<Acc>& out) {
    std::uint32_t n = 0;
    std::uint32_t count = 0;
    if (!r.array(n) || n != 2 || !r.integer(out.due) || !r.array(count)) return false;
    auto& all = out.sessions.write();
    for (std::uint32_t i = 0; i < count; ++i) {
      engine::session<Acc> s;
      if (!r.array(n) || n != 4 || !r.integer(s.start) || !r.integer(s.end) || !r.boolean(s.was_sent) ||
          !codec<Acc>::decode(r, s.value)) {
        return false;
      }
      all.push_back(std::move(s));
    }
    return true;
  }
};

/// Session windows of a processor: a key's events that follow each other at less than the gap belong together.
///
/// As `windows`, declared with a `session_spec`: `sessions<total> visit{this, "visit", {.gap = 10s}, &Shop::on_visit}`.
/// The result's window runs from the first event to the last one plus the gap. Late is an event that lies the allowed
/// lateness behind what its own producer partition had declared complete: with more, which sessions it may still join
/// would depend on the other inputs. Thread: owning actor; `add` inside a keyed handler.
template <accumulator Acc>
class sessions final : engine::due_cell<engine::session_list<Acc>> {
  using base = engine::due_cell<engine::session_list<Acc>>;
  using list = engine::session_list<Acc>;
  using one = engine::session<Acc>;
  using handler = void (actor::*)(context&, const window_result<Acc>&);

public:
  /// `set` must follow in `configure`.
  template <class Owner, class Declaring>
  sessions(Owner* owner, std::string name, void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : base(owner), handler_{static_cast<handler>(on_result)}, late_{owner, name} {
    this->place(name, "sessions<" + engine::type_text<Acc>() + ">", engine::cell_ops_of<list>());
  }
  template <class Owner, class Declaring>
  sessions(Owner* owner, std::string name, const session_spec& spec,
           void (Declaring::*on_result)(context&, const window_result<Acc>&))
      : sessions(owner, std::move(name), on_result) {
    if (auto ok = set(spec); !ok) throw std::invalid_argument(ok.error().message);
  }

  [[nodiscard]] result<void> set(const session_spec& spec) {
    if (spec.gap.count() <= 0) return user_error(errc::invalid_argument, "session: the gap must be more than nothing");
    if (spec.allowed_lateness.count() < 0) {
      return user_error(errc::invalid_argument, "session: the allowed lateness must not be negative");
    }
    spec_ = spec;
    return {};
  }

  /// Counts the current record in; see `windows::add`.
  template <class Update>
  bool add(context& c, event_time at, Update&& update) {
    const auto against = c.late_against() != event_time::min() ? c.late_against().ns : this->fired_to_;
    if (against != base::lowest && at.ns <= against - spec_.allowed_lateness.count()) [[unlikely]] {
      late_.take();
      return false;
    }
    auto& l = this->writable();
    auto& all = l.sessions.write();
    auto* const s = all.size() == 1 && all[0].start <= at.ns && at.ns < all[0].end && !all[0].was_sent
                        ? &all[0]
                        : &joined(c, all, at.ns);
    s->end = std::max(s->end, at.ns + spec_.gap.count());
    update(s->value);
    if (s->end - 1 <= this->fired_to_) {
      s->was_sent = true;
      send(c, *s, window_firing::correction);
    }
    // A session that grows is looked at when it would have ended, and put off then: cheaper than at each event.
    this->reschedule(l);
    return true;
  }

private:
  void send(context& c, const one& s, window_firing why) {
    detail::call_member(this->owner_, handler_, c, window_result<Acc>{{{s.start}, {s.end}}, why, s.value, nullptr});
  }
  [[nodiscard]] std::int64_t over_at(const one& s) const noexcept {
    return s.was_sent ? s.end - 1 + spec_.allowed_lateness.count() : s.end - 1;
  }
  [[nodiscard]] std::int64_t due_of(const list& l) const override {
    auto due = list::never;
    for (const auto& s : l.sessions.read()) due = std::min(due, over_at(s));
    return due;
  }
  one& joined(context& c, std::vector<one>& all, std::int64_t at);

  [[nodiscard]] bool is_empty(const list& l) const override { return l.sessions.read().empty(); }
  void settle(context& c, list& l) override {
    for (auto& s : l.sessions.write()) {
      if (s.was_sent || s.end - 1 > this->firing_at()) continue;
      send(c, s, window_firing::complete);
      s.was_sent = true;
    }
  }
  void give_up(list& l) override {
    std::erase_if(l.sessions.write(), [&](one& s) {
      if (s.end - 1 <= this->firing_at()) s.was_sent = true;  // also what was skipped because its handler threw
      return over_at(s) <= this->firing_at();
    });
  }

  handler handler_;
  late_outputs late_;
  session_spec spec_;
};

// The session an event belongs to: a new one, or all that it touches made into one.
template <accumulator Acc>
engine::session<Acc>& sessions<Acc>::joined(context& c, std::vector<one>& all, std::int64_t at) {
  const auto end = at + spec_.gap.count();
  auto first = std::ranges::find_if(all, [&](const one& s) { return s.end > at; });
  auto last = first;
  while (last != all.end() && last->start < end) ++last;
  if (first == last) return *all.insert(first, one{at, end, false, {}});
  for (auto s = first; s != last; ++s) {
    if (s->was_sent) send(c, *s, window_firing::retraction);
  }
  first->start = std::min(first->start, at);
  first->was_sent = false;
  for (auto s = first + 1; s != last; ++s) {
    first->end = std::max(first->end, s->end);
    first->value.merge(s->value);
  }
  all.erase(first + 1, last);
  return *first;
}

}  // namespace millrace
