#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "testing/seeded_scheduler.hpp"

namespace millrace::testing {

/// What the network does to one channel from now on: the faults of a plan, used up one packet after the other.
struct link_weather {
  std::uint64_t drop = 0;       ///< packets to lose
  std::uint64_t duplicate = 0;  ///< packets to deliver twice
  std::uint64_t reorder = 0;    ///< packets to put behind those that follow
  std::int64_t delay_until_ns = 0;
  std::int64_t cut_until_ns = 0;  ///< no packet passes before
  std::uint64_t hits = 0;         ///< packets that met a fault
};

/// One direction of a channel as a link carries it: packets have numbers, may be lost, repeated and overtake each
/// other; what comes out is in order and complete, or the link says that it is down.
///
/// The problem: faults of a network act below the protocol that makes a channel reliable, so they must not be injected
/// above it. A packet lost is sent again after a timeout that doubles; one that came before is dropped by its number;
/// one ahead of its turn waits. After `attempts_max` losses of one packet the link is down, which the task that
/// receives reports, so that its region goes back to a snapshot. Without faults a packet costs what a queue costs.
template <class T>
class link : public std::enable_shared_from_this<link<T>> {
public:
  /// A packet's way is over: what the link does with the next one in order before it is taken.
  using observer = std::function<void(const T&)>;

  link(seeded_scheduler& scheduler, seeded_scheduler::line line, link_weather& weather, std::function<void()> ring,
       observer on_delivery)
      : scheduler_{scheduler},
        line_{line},
        weather_{weather},
        ring_{std::move(ring)},
        on_delivery_{std::move(on_delivery)} {}

  void send(T what) {
    sent_.push_back(std::move(what));
    post(next_++);
  }
  bool take(T& out) {
    if (arrived_.empty()) {
      is_rung_ = false;
      return false;
    }
    out = std::move(arrived_.front());
    arrived_.pop_front();
    return true;
  }
  [[nodiscard]] bool is_down() const noexcept { return is_down_; }
  /// The other direction went down.
  void take_down() {
    is_down_ = true;
    wake();
  }
  void on_down(std::function<void()> f) { on_down_ = std::move(f); }

private:
  static constexpr int attempts_max = 6;
  static constexpr std::int64_t timeout_ns = 1'000'000;

  void post(std::uint64_t number) {
    scheduler_.post(line_, [weak = this->weak_from_this(), number] {
      if (const auto self = weak.lock()) self->on_packet(number);
    });
  }
  void post_at(std::int64_t at_ns, std::uint64_t number) {
    scheduler_.post_at(at_ns, line_, [weak = this->weak_from_this(), number] {
      if (const auto self = weak.lock()) self->on_packet(number);
    });
  }

  void on_packet(std::uint64_t number) {
    if (is_down_ || number < delivered_ || ahead_.contains(number)) return;
    if (meets_weather(number)) return;
    if (number != delivered_) {
      ahead_.insert(number);
      return;
    }
    do {
      hand_over();
    } while (!ahead_.empty() && ahead_.erase(delivered_) != 0);
  }

  /// True: the packet does not arrive now.
  bool meets_weather(std::uint64_t number) {
    auto& w = weather_;
    const auto now = scheduler_.clock().steady_ns();
    if (now < w.cut_until_ns || (w.drop != 0 && w.drop-- != 0)) {
      ++w.hits;
      lose(number);
      return true;
    }
    if (now < w.delay_until_ns) {
      ++w.hits;
      post_at(w.delay_until_ns, number);
      return true;
    }
    if (w.reorder != 0 && number + 1 != next_) {
      --w.reorder;
      ++w.hits;
      post(number);
      return true;
    }
    if (w.duplicate != 0) {
      --w.duplicate;
      ++w.hits;
      post(number);
    }
    return false;
  }

  void lose(std::uint64_t number) {
    const auto attempt = lost_[number]++;
    if (attempt >= attempts_max) {
      take_down();
      if (on_down_) on_down_();
      return;
    }
    post_at(scheduler_.clock().steady_ns() + (timeout_ns << attempt), number);
  }

  void hand_over() {
    if (on_delivery_) on_delivery_(sent_.front());
    if (!lost_.empty()) lost_.erase(delivered_);
    ++delivered_;
    arrived_.push_back(std::move(sent_.front()));
    sent_.pop_front();
    wake();
  }
  void wake() {
    if (!std::exchange(is_rung_, true)) ring_();
  }

  seeded_scheduler& scheduler_;
  seeded_scheduler::line line_;
  link_weather& weather_;
  std::function<void()> ring_;
  observer on_delivery_;
  std::function<void()> on_down_;
  std::deque<T> sent_;           // from number `delivered_` on
  std::uint64_t next_ = 0;       // number of the next packet sent
  std::uint64_t delivered_ = 0;  // all before were handed over
  std::set<std::uint64_t> ahead_;
  std::map<std::uint64_t, int> lost_;  // how often, by number
  std::deque<T> arrived_;
  bool is_rung_ = false;
  bool is_down_ = false;
};

}  // namespace millrace::testing
