#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "millrace/msgpack.hpp"
#include "millrace/time.hpp"

namespace millrace::library {

/// 128 bits of a text's XXH3.
struct text_digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const text_digest&, const text_digest&) = default;
};
[[nodiscard]] text_digest digest_of(std::string_view text) noexcept;

/// What became of a request, to be said again when it is repeated.
struct kept_answer {
  std::uint64_t body = 0;  ///< half the digest of its body: another body under the same key is somebody's mistake
  std::uint32_t stored = 0;
  std::uint32_t rejected = 0;
  friend bool operator==(const kept_answer&, const kept_answer&) = default;
};

/// The newest requests by their `Idempotency-Key`, bounded by count and age; the oldest goes first.
///
/// Encoded it takes 40 bytes a request, as one block: a producer's position is written with every entry of its log.
/// Thread: one at a time.
class idempotency_keys {
public:
  idempotency_keys(std::size_t count_max, std::chrono::nanoseconds age_max)
      : count_max_{count_max}, age_max_{age_max} {}

  [[nodiscard]] std::optional<kept_answer> find(const text_digest& key) const;
  /// Remembers a request. A key that is there keeps what it has.
  void add(const text_digest& key, const kept_answer& answer, processing_time now);
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }

  void encode(msgpack::writer& out) const;
  /// False: not what `encode` writes. More than fit now: the newest are kept.
  [[nodiscard]] bool decode(msgpack::reader& in);

private:
  struct item {
    text_digest key;
    std::int64_t at_ns;
  };
  void drop_oldest();

  std::size_t count_max_;
  std::chrono::nanoseconds age_max_;
  std::map<text_digest, kept_answer> answers_;
  std::deque<item> order_;  // oldest first
};

}  // namespace millrace::library
