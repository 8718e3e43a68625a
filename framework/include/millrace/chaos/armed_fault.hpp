#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/chaos/fault_request.hpp"
#include "millrace/engine/clock.hpp"

namespace millrace::chaos {

/// How a fault came to its end.
enum class fault_state : std::uint8_t {
  active,
  spent,    ///< struck as often as it was to
  over,     ///< its time went by
  healed,   ///< nobody renewed it
  cleared,  ///< somebody took it away, or the run ended
};
[[nodiscard]] const char* to_string(fault_state s) noexcept;

/// A fault at work. Whether it strikes depends on its seed, the place and what has passed there before, so that the
/// same input meets the same faults. It ends by itself: after its time, its strikes, or when nobody renews it.
///
/// Owned by the board and by the places it is at. Thread: any.
class armed_fault {
public:
  /// `on_hit`: told of every strike, with its number.
  armed_fault(std::uint64_t id, fault_request r, fault_places places, std::shared_ptr<const engine::clock> time,
              std::function<void(const armed_fault&, const std::string& place, std::uint64_t hit)> on_hit);

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] fault_kind kind() const noexcept { return request_.kind; }
  [[nodiscard]] const fault_request& request() const noexcept { return request_; }
  [[nodiscard]] const fault_places& places() const noexcept { return places_; }
  [[nodiscard]] std::int64_t begun_ns() const noexcept { return begun_ns_; }
  [[nodiscard]] std::uint64_t hits() const noexcept { return hits_.load(std::memory_order_relaxed); }
  [[nodiscard]] double parameter(const char* name) const;
  [[nodiscard]] std::int64_t parameter_ns(const char* name) const;

  /// Something passes: does the fault strike it? `place`: index of the task or channel; `events`: what passes.
  [[nodiscard]] bool strikes(std::uint32_t place, std::uint64_t events);
  /// A number in 0…1, the same for the same seed, place and strike.
  [[nodiscard]] double draw(std::uint32_t place) const;

  [[nodiscard]] fault_state state() const;
  [[nodiscard]] bool is_active() const { return state() == fault_state::active; }
  /// When it ends by itself, in steady time, unless it is renewed.
  [[nodiscard]] std::int64_t ends_ns() const noexcept;
  void renew();
  /// Strikes that another node tells of.
  void add_hits(std::uint64_t n) noexcept { hits_.fetch_add(n, std::memory_order_relaxed); }
  void clear() noexcept { is_cleared_.store(true, std::memory_order_relaxed); }
  /// Waits until the fault is over, and at most so long. Blocks the thread: what a hang is.
  void wait(std::int64_t ns) const;

private:
  struct counts {
    std::atomic<std::uint64_t> events{0};
    std::atomic<std::uint64_t> passes{0};
  };
  [[nodiscard]] std::size_t ordinal(std::uint32_t place) const;

  const std::uint64_t id_;
  const fault_request request_;
  const fault_places places_;
  const std::shared_ptr<const engine::clock> time_;
  const std::function<void(const armed_fault&, const std::string&, std::uint64_t)> on_hit_;
  const std::int64_t begun_ns_;
  std::vector<counts> counts_;
  std::atomic<std::uint64_t> hits_{0};
  std::atomic<std::int64_t> renewed_ns_;
  std::atomic<bool> is_cleared_{false};
};

/// What a task, a channel or a clock asks whether faults are at it. Off, it costs one relaxed load.
class fault_switch {
public:
  using list = std::vector<std::shared_ptr<armed_fault>>;

  [[nodiscard]] bool is_on() const noexcept { return is_on_.load(std::memory_order_relaxed); }
  /// Those that are at this place now.
  [[nodiscard]] list faults() const;
  void add(const std::shared_ptr<armed_fault>& f);
  void remove(const armed_fault& f);

private:
  std::atomic<bool> is_on_{false};
  mutable std::mutex mutex_;
  list faults_;
};

}  // namespace millrace::chaos
