#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/engine/keyed_state.hpp"
#include "millrace/key.hpp"
#include "millrace/time.hpp"

namespace millrace {

struct malformed_input;

/// Random numbers whose state is part of the snapshot: after a recovery an actor draws what it would have drawn.
///
/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Thread: owning actor.
class random_source {
public:
  using result_type = std::uint64_t;
  explicit random_source(std::uint64_t seed = 0) noexcept : state_{seed} {}
  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return ~result_type{0}; }
  result_type operator()() noexcept {
    auto z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, 1).
  double uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, n); n > 0. Multiply-shift (Lemire 2019), biased by less than n / 2^64.
  std::uint64_t below(std::uint64_t n) noexcept {
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<wide>((*this)()) * n >> 64);
  }
  [[nodiscard]] std::uint64_t state() const noexcept { return state_; }
  void restore(std::uint64_t state) noexcept { state_ = state; }

private:
  std::uint64_t state_;
};

enum class log_level : std::uint8_t { debug, info, warning, error };

/// What a handler may know and use besides its event. Only through it do time and randomness enter an actor, which is
/// what lets any topology run in the deterministic simulation. Thread: owning actor; not to be kept beyond the call.
class context {
public:
  virtual ~context() = default;

  /// The topology's processing-time clock (virtual in the simulation).
  [[nodiscard]] virtual processing_time now() const = 0;
  /// Writes to the run's log with actor and partition.
  virtual void log(log_level level, std::string_view message) = 0;
  /// An input that no event can be made of becomes a dead letter of this actor, and the actor goes on (producers).
  virtual void set_aside(const malformed_input& what) = 0;

  [[nodiscard]] const std::string& actor_name() const noexcept { return actor_name_; }
  [[nodiscard]] std::uint32_t partition() const noexcept { return partition_; }
  [[nodiscard]] std::uint32_t parallelism() const noexcept { return parallelism_; }
  /// Event time up to which this actor's input is complete.
  [[nodiscard]] event_time watermark() const noexcept { return watermark_; }
  /// What the current record is late against: the watermark of its own producer partition where the record stood in its
  /// input; `event_time::min()` when it came within its producer's bound. The same in every run, unlike `watermark()`.
  [[nodiscard]] event_time late_against() const noexcept { return late_against_; }
  [[nodiscard]] random_source& random() noexcept { return random_; }
  [[nodiscard]] std::uint64_t random_state() const noexcept { return random_.state(); }
  /// The current key as `K`; throws std::logic_error outside a keyed handler or when the key is no K.
  template <class K>
  [[nodiscard]] K key() const {
    auto k = decode_key<K>(state_->key());
    if (!k) throw std::logic_error(k.error().message);
    return std::move(k).value();
  }

protected:
  context(std::string actor_name, std::uint32_t partition, std::uint32_t parallelism, engine::keyed_state& state,
          std::uint64_t seed)
      : actor_name_{std::move(actor_name)},
        partition_{partition},
        parallelism_{parallelism},
        state_{&state},
        random_{seed} {}

  event_time watermark_ = event_time::min();
  event_time late_against_ = event_time::min();

private:
  std::string actor_name_;
  std::uint32_t partition_;
  std::uint32_t parallelism_;
  engine::keyed_state* state_;
  random_source random_;
};

}  // namespace millrace
