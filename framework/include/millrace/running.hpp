#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "millrace/detail/call_member.hpp"
#include "millrace/engine/firing.hpp"
#include "millrace/engine/mergeable.hpp"
#include "millrace/engine/state_cell.hpp"
#include "millrace/window.hpp"

namespace millrace {

/// A total per key that goes on for ever, and can be kept in several places when its key is salted.
///
/// ```cpp
/// struct spent { std::int64_t n = 0; double sum = 0; void merge(const spent& o) { n += o.n; sum += o.sum; } };
/// running<spent> total{this, "total", &Shop::on_change};
/// void on_sale(context& c, const Sale& s) { total.add(c, [&](spent& t) { ++t.n; t.sum += s.amount; }); }
/// void on_change(context& c, spent& t) { out.emit({c.key<std::string>(), t.sum}); }
/// ```
///
/// `on_change` comes after each event; behind a salted router after each partial result, which is sent every 100 ms
/// of a key that had events, with every watermark if `follow_watermark` asks for it, and at the end of the input.
/// The order of merging is not fixed. Snapshots hold it as a `keyed_value<Acc>` would. Thread: owning actor; `add`
/// inside a keyed handler.
template <accumulator Acc>
class running final : engine::firing, engine::state_cell, engine::mergeable {
  using handler = void (actor::*)(context&, Acc&);

public:
  template <class Owner, class Declaring>
  running(Owner* owner, std::string name, void (Declaring::*on_change)(context&, Acc&))
      : state_cell(owner), mergeable(owner, name), owner_{owner}, handler_{static_cast<handler>(on_change)} {
    place(std::move(name), engine::type_text<Acc>(), engine::cell_ops_of<Acc>());
    engine::actor_access::firings(*owner).push_back(this);
  }

  /// Changes the current key's total.
  template <class Update>
  void add(context& c, Update&& update) {
    if (role() == engine::salt_role::collects) [[unlikely]] {
      const bool is_first = read() == nullptr;
      update(edit());
      if (is_first) enrol(c);
      return;
    }
    auto& total = edit();
    update(total);
    detail::call_member(owner_, handler_, c, total);
  }
  /// The current key's total for reading; nullptr when nothing was added.
  [[nodiscard]] const Acc* get() const { return reinterpret_cast<const Acc*>(read()); }
  /// For writing, as when a result was sent.
  [[nodiscard]] Acc& edit() { return *reinterpret_cast<Acc*>(write()); }
  /// Partial results do not wait longer than the watermark: what `on_watermark` sees is complete up to it.
  void follow_watermark(bool on) noexcept { with_watermark_ = on; }

private:
  static constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  static constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t wait_ns = 100'000'000;
  static constexpr std::size_t waiting_max = 65'536;  // keys; more are sent at once

  void enrol(context& c) {
    if (waiting_.empty()) next_ = c.now().ns + wait_ns;
    waiting_.push_back(state().current_row());
  }
  bool send_waiting(const bool& pause) {
    while (!waiting_.empty()) {
      if (pause) return false;
      state().select_row(waiting_.back());
      send_partial(0, edit());
      let_go();
    }
    state().deselect();
    return true;
  }
  void let_go() {
    edit() = Acc{};
    drop();
    waiting_.pop_back();
  }

  void merge_partial(context& c, std::int64_t, bytes_view content) override {
    const auto part = read_partial<Acc>(content);
    auto& total = edit();
    total.merge(part);
    detail::call_member(owner_, handler_, c, total);
  }
  bool fire(context&, event_time limit, const bool& pause) override {
    return (!with_watermark_ && limit != event_time::max()) || send_waiting(pause);
  }
  void skip() override {
    if (waiting_.empty()) return;
    state().select_row(waiting_.back());
    let_go();
    state().deselect();
  }
  void rebuild(event_time) override {
    waiting_.clear();
    if (role() != engine::salt_role::collects) return;
    state().rows().for_each([&](engine::row_id row, const std::byte* content) {
      if (in_row(content) != nullptr) waiting_.push_back(row);
    });
    next_ = lowest;
  }
  [[nodiscard]] std::optional<processing_time> next_processing() const override {
    if (waiting_.empty()) return std::nullopt;
    return processing_time{waiting_.size() < waiting_max ? next_ : lowest};
  }
  bool fire_processing(context&, processing_time now, const bool& pause) override {
    return waiting_.empty() || (now.ns < next_ && waiting_.size() < waiting_max) || send_waiting(pause);
  }

  actor* owner_;
  handler handler_;
  bool with_watermark_ = false;
  std::vector<engine::row_id> waiting_;  // collecting: rows not sent yet
  std::int64_t next_ = highest;
};

}  // namespace millrace
