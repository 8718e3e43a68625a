#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "millrace/detail/call_member.hpp"
#include "millrace/engine/two_sided.hpp"

namespace millrace {

struct temporal_spec {
  join_kind kind = join_kind::inner;  ///< inner or left
  /// How long events and versions may come behind their own producer partition's watermark; events wait that much
  /// longer.
  std::chrono::nanoseconds allowed_lateness{};
};

/// Joins events of a processor with a table as it was at the event's time: the table comes as a changelog on a second
/// keyed input, each record of it a version from its event time on.
///
/// ```cpp
/// in<Price> prices{this, "prices", &Valued::on_price, {.key = &Price::item}};
/// in<Order> orders{this, "orders", &Valued::on_order, {.key = &Order::item}};
/// temporal_join<Order, Price> price_at{this, "price_at", {.kind = join_kind::left}, &Valued::on_pair};
/// void on_price(context& c, const Price& p) { price_at.put(c, p.at, p); }
/// void on_order(context& c, const Order& o) { price_at.event(c, o.at, o); }
/// void on_pair(context& c, const Order& o, const Price* p) { … p is null when there was none … }
/// ```
///
/// An event waits until no version that concerns it can come any more, so the result is the same in every run whatever
/// input was faster. A version of exactly the event's time counts. Of two versions with the same time the one that came
/// later counts. Versions that no event can ask for any more are dropped, but for the newest. Late events and versions
/// go out on the outputs "late_<input>". Thread: owning
/// actor; `put`, `remove` and `event` inside the handlers.
template <record Event, record Row>
class temporal_join final : engine::two_sided<Event, Row> {
  using base = engine::two_sided<Event, Row>;
  using sides = typename base::sides;
  using handler = void (actor::*)(context&, const Event&, const Row*);

public:
  /// `set` must follow in `configure`.
  template <class Owner, class Declaring>
  temporal_join(Owner* owner, std::string name, void (Declaring::*on_event)(context&, const Event&, const Row*))
      : base(owner, name, "temporal join"), handler_{static_cast<handler>(on_event)} {}
  template <class Owner, class Declaring>
  temporal_join(Owner* owner, std::string name, const temporal_spec& spec,
                void (Declaring::*on_event)(context&, const Event&, const Row*))
      : temporal_join(owner, std::move(name), on_event) {
    if (auto ok = set(spec); !ok) throw std::invalid_argument(ok.error().message);
  }
  [[nodiscard]] result<void> set(const temporal_spec& spec) {
    if (spec.kind != join_kind::inner && spec.kind != join_kind::left) {
      return user_error(errc::invalid_argument, "temporal join: the kind must be inner or left");
    }
    if (spec.allowed_lateness.count() < 0) {
      return user_error(errc::invalid_argument, "temporal join: the allowed lateness must not be negative");
    }
    keeps_ = spec.kind == join_kind::left;
    lateness_ = spec.allowed_lateness.count();
    return {};
  }

  /// From `at` on the key has this row. False: too late.
  bool put(context& c, event_time at, const Row& row) { return add_version(c, at, row, false); }
  /// From `at` on the key has none. False: too late.
  bool remove(context& c, event_time at) { return add_version(c, at, Row{}, true); }
  /// An event to be joined with what the key has at `at`. False: too late.
  bool event(context& c, event_time at, const Event& e) {
    if (this->is_late(c, at.ns, lateness_)) return this->late_.take(), false;
    auto& s = this->writable();
    s.left.add(at.ns, false, e);
    this->reschedule(s);
    return true;
  }

private:
  bool add_version(context& c, event_time at, const Row& row, bool is_gone) {
    if (this->is_late(c, at.ns, lateness_)) return this->late_.take(), false;
    auto& s = this->writable();
    s.right.add(at.ns, is_gone, row);
    prune(s, this->fired_to_);
    return true;
  }
  // Events later than `complete` − lateness are still to come: keep what holds then, and all after it.
  void prune(sides& s, std::int64_t complete) const {
    if (complete == base::lowest) return;
    const auto behind = s.right.range(base::lowest, complete - lateness_).second;
    if (behind > 1) s.right.drop_first(behind - 1);
    // A deletion is needed only while an older version stands before it.
    if (behind != 0 && s.right.read().front().matched) s.right.drop_first(1);
  }
  [[nodiscard]] std::int64_t due_of(const sides& s) const override {
    return s.left.is_empty() ? sides::never : s.left.oldest() + lateness_;
  }
  void settle(context& c, sides& s) override {
    for (auto& e : s.left.write()) {
      if (e.at + lateness_ > this->firing_at()) break;
      if (e.matched) continue;
      const auto [first, behind] = s.right.range(base::lowest, e.at);
      const auto* version = behind == 0 ? nullptr : &s.right.read()[behind - 1];
      const bool has_row = version != nullptr && !version->matched;
      if (has_row || keeps_)
        detail::call_member(this->owner_, handler_, c, e.record, has_row ? &version->record : nullptr);
      e.matched = true;  // should a later one throw and be tried again, this one is not sent twice
    }
  }
  void give_up(sides& s) override {
    s.left.drop_to(this->firing_at() - lateness_);
    prune(s, this->firing_at());
  }

  handler handler_;
  std::int64_t lateness_ = 0;
  bool keeps_ = false;
};

}  // namespace millrace
