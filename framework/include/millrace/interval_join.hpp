#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "millrace/detail/call_member.hpp"
#include "millrace/engine/two_sided.hpp"

namespace millrace {

/// Joins two keyed inputs of a processor by time: records with equal keys whose times lie within an interval.
///
/// ```cpp
/// in<Order> orders{this, "orders", &Paid::on_order, {.key = &Order::id}};
/// in<Payment> payments{this, "payments", &Paid::on_payment, {.key = &Payment::order}};
/// interval_join<Order, Payment> paid{this, "paid", {.after = 1h, .kind = join_kind::left}, &Paid::on_pair};
/// void on_order(context& c, const Order& o) { paid.left(c, o.at, o); }
/// void on_pair(context& c, const Order* o, const Payment* p) { … p is null when no payment came … }
/// ```
///
/// A pair comes as soon as both are there; a record without a partner when none can come any more. Records are kept
/// until then and no longer. Late records (see `interval_spec`) go out on the outputs "late_<input>".
/// Thread: owning actor; `left` and `right` inside the handlers.
template <record Left, record Right>
class interval_join final : engine::two_sided<Left, Right> {
  using base = engine::two_sided<Left, Right>;
  using sides = typename base::sides;
  using handler = void (actor::*)(context&, const Left*, const Right*);

public:
  /// `set` must follow in `configure`.
  template <class Owner, class Declaring>
  interval_join(Owner* owner, std::string name, void (Declaring::*on_pair)(context&, const Left*, const Right*))
      : base(owner, name, "interval join"), handler_{static_cast<handler>(on_pair)} {}
  template <class Owner, class Declaring>
  interval_join(Owner* owner, std::string name, const interval_spec& spec,
                void (Declaring::*on_pair)(context&, const Left*, const Right*))
      : interval_join(owner, std::move(name), on_pair) {
    if (auto ok = set(spec); !ok) throw std::invalid_argument(ok.error().message);
  }
  [[nodiscard]] result<void> set(const interval_spec& spec) {
    if (auto ok = check(spec); !ok) return ok;
    before_ = spec.before.count();
    after_ = spec.after.count();
    lateness_ = spec.allowed_lateness.count();
    keeps_left_ = spec.kind == join_kind::left || spec.kind == join_kind::outer;
    keeps_right_ = spec.kind == join_kind::right || spec.kind == join_kind::outer;
    return {};
  }

  /// The current record comes from the left. False: it is late.
  bool left(context& c, event_time at, const Left& l) {
    if (this->is_late(c, at.ns, lateness_)) return this->late_.take(), false;
    auto& s = this->writable();
    const auto [first, last] = s.right.range(at.ns - before_, at.ns + after_);
    s.left.add(at.ns, first != last, l);
    mark(s.right, first, last, keeps_right_);
    this->reschedule(s);
    for (auto i = first; i < last; ++i) send(c, &l, &s.right.read()[i].record);
    return true;
  }
  /// The current record comes from the right. False: it is late.
  bool right(context& c, event_time at, const Right& r) {
    if (this->is_late(c, at.ns, lateness_)) return this->late_.take(), false;
    auto& s = this->writable();
    const auto [first, last] = s.left.range(at.ns - after_, at.ns + before_);
    s.right.add(at.ns, first != last, r);
    mark(s.left, first, last, keeps_left_);
    this->reschedule(s);
    for (auto i = first; i < last; ++i) send(c, &s.left.read()[i].record, &r);
    return true;
  }

private:
  void send(context& c, const Left* l, const Right* r) { detail::call_member(this->owner_, handler_, c, l, r); }
  template <class List>
  static void mark(List& list, std::size_t first, std::size_t last, bool wanted) {
    if (!wanted || first == last) return;
    const auto all = list.write();
    for (auto i = first; i < last; ++i) all[i].matched = true;
  }
  // At which watermark no partner can come any more. At least the record's own time, so that a late record within the
  // allowed lateness still finds it.
  [[nodiscard]] std::int64_t left_over(std::int64_t at) const noexcept {
    return at + std::max<std::int64_t>(after_, 0) + lateness_;
  }
  [[nodiscard]] std::int64_t right_over(std::int64_t at) const noexcept {
    return at + std::max<std::int64_t>(before_, 0) + lateness_;
  }

  [[nodiscard]] std::int64_t due_of(const sides& s) const override {
    auto due = sides::never;
    if (!s.left.is_empty()) due = std::min(due, left_over(s.left.oldest()));
    if (!s.right.is_empty()) due = std::min(due, right_over(s.right.oldest()));
    return due;
  }
  void settle(context& c, sides& s) override {
    // Marked one by one: should the handler throw and be tried again, nothing is sent twice.
    if (keeps_left_) {
      for (auto& e : s.left.write()) {
        if (left_over(e.at) > this->firing_at()) break;
        if (e.matched) continue;
        send(c, &e.record, nullptr);
        e.matched = true;
      }
    }
    if (keeps_right_) {
      for (auto& e : s.right.write()) {
        if (right_over(e.at) > this->firing_at()) break;
        if (e.matched) continue;
        send(c, nullptr, &e.record);
        e.matched = true;
      }
    }
  }
  void give_up(sides& s) override {
    s.left.drop_to(this->firing_at() - left_over(0));
    s.right.drop_to(this->firing_at() - right_over(0));
  }

  handler handler_;
  std::int64_t before_ = 0;
  std::int64_t after_ = 0;
  std::int64_t lateness_ = 0;
  bool keeps_left_ = false;
  bool keeps_right_ = false;
};

}  // namespace millrace
