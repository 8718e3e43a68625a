#pragma once

#include <cstdint>
#include <vector>

#include "millrace/codec.hpp"
#include "millrace/engine/heap_bytes.hpp"

namespace millrace::library {

/// Estimates how many different values it saw in 2^precision bytes at most; fewer while they are few.
///
/// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) over 64-bit hashes with the estimator of Ertl (New cardinality
/// estimation algorithms for HyperLogLog sketches, 2017), which needs no tables against bias. The standard error is
/// 1.04 / sqrt(2^precision) of the count. Merging is exact: the sketch of all values, whatever saw which. Of sketches
/// of different precision the lower one holds. Thread: one owner.
class hyper_log_log {
public:
  static constexpr unsigned precision_min = 4;
  static constexpr unsigned precision_max = 16;

  /// The first value fixes the precision.
  void add(std::uint64_t hash, unsigned precision);
  void merge(const hyper_log_log& o);
  [[nodiscard]] double estimate() const;

private:
  friend struct codec<hyper_log_log>;
  friend struct engine::heap_bytes<hyper_log_log>;

  [[nodiscard]] std::uint32_t size() const noexcept { return std::uint32_t{1} << precision_; }
  [[nodiscard]] bool is_dense() const noexcept { return !ranks_.empty(); }
  void raise(std::uint32_t index, std::uint8_t rank);
  void make_dense();
  void lower(unsigned precision);
  template <class F>
  void for_each(F&& f) const;

  std::uint8_t precision_ = 0;        // 0: nothing was added
  std::vector<std::uint32_t> pairs_;  // while few: index · 256 + rank, ordered
  std::vector<std::uint8_t> ranks_;   // of every index
};

}  // namespace millrace::library

namespace millrace {

template <>
struct codec<library::hyper_log_log> {
  static field_type type() { return {.kind = field_kind::bytes}; }
  static void encode(msgpack::writer& w, const library::hyper_log_log& in);
  static bool decode(msgpack::reader& r, library::hyper_log_log& out);
};

namespace engine {

template <>
struct heap_bytes<library::hyper_log_log> {
  static std::size_t of(const library::hyper_log_log& v) noexcept {
    return heap_bytes<std::vector<std::uint32_t>>::of(v.pairs_) + heap_bytes<std::vector<std::uint8_t>>::of(v.ranks_);
  }
};

}  // namespace engine

}  // namespace millrace
