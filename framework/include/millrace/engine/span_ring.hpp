#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "millrace/engine/trace.hpp"

namespace millrace::engine {

/// Spans on their way from one incarnation of a task to whoever collects them. Bounded: what finds no room is dropped
/// and counted, as a task must never wait for those that watch it. Thread: `push` the owning task, `drain` one reader.
class span_ring {
public:
  static constexpr std::size_t spans_max = 1'024;

  void push(const span_record& s) {
    const auto end = end_.load(std::memory_order_relaxed);
    if (end - begin_.load(std::memory_order_acquire) == spans_max) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return;
    }
    // Of most tasks nothing is traced: 128 KiB each would be a lot for that.
    if (spans_ == nullptr) spans_ = std::make_unique<storage>();
    (*spans_)[end % spans_max] = s;
    end_.store(end + 1, std::memory_order_release);
  }

  template <class F>
  void drain(F&& f) {
    const auto begin = begin_.load(std::memory_order_relaxed);
    const auto end = end_.load(std::memory_order_acquire);
    for (auto i = begin; i < end; ++i) f((*spans_)[i % spans_max]);
    begin_.store(end, std::memory_order_release);
  }

  /// Events left out because of the rule's limit; the owner tells.
  void set_limited(std::uint64_t events) noexcept { limited_.store(events, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t limited() const noexcept { return limited_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool empty() const noexcept {
    return begin_.load(std::memory_order_acquire) == end_.load(std::memory_order_acquire);
  }

private:
  using storage = std::array<span_record, spans_max>;
  std::unique_ptr<storage> spans_;  // made by the first push, which `end_` publishes
  std::atomic<std::uint64_t> begin_{0};
  std::atomic<std::uint64_t> end_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> limited_{0};
};

/// How far a task's outputs had got, over all its incarnations: what is emitted below that was emitted before.
/// Thread: any.
class traced_progress {
public:
  static constexpr std::size_t outputs_max = 16;

  /// True: it was passed before, by an incarnation that came to nothing.
  [[nodiscard]] bool is_repeated(std::size_t output, std::uint64_t sequence) const noexcept {
    return output < outputs_max && sequence < newest_[output].load(std::memory_order_relaxed);
  }
  void pass(std::size_t output, std::uint64_t end) noexcept {
    if (output >= outputs_max) return;
    auto& at = newest_[output];
    at.store(std::max(at.load(std::memory_order_relaxed), end), std::memory_order_relaxed);
  }

private:
  std::array<std::atomic<std::uint64_t>, outputs_max> newest_{};
};

}  // namespace millrace::engine
