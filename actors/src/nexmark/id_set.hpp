#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "millrace/codec.hpp"

namespace millrace::nexmark {

/// A set of ids, each with three marks: what counting distinct ids by price class needs.
///
/// Open addressing over one array. Ids are given out in turn, so eight that follow each other share a cache line; the
/// line is chosen by a hash, because the ids everybody looks at lie 100 apart and would otherwise meet in a few places.
class id_set {
public:
  /// Adds the id with the marks given; returns those it did not have. Bits 0…2; the id must be less than 2^61.
  unsigned add(std::uint64_t id, unsigned marks) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    auto& slot = slots_[place_of(id)];
    if (slot == 0) ++size_;
    const auto had = static_cast<unsigned>(slot & all_marks);
    slot = id << mark_bits | had | marks;
    return marks & ~had;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Used slots as they are, and the same back again.
  template <class F>
  void for_each(F&& f) const {
    for (const auto slot : slots_) {
      if (slot != 0) f(slot);
    }
  }
  void put_back(std::uint64_t slot) { (void)add(slot >> mark_bits, static_cast<unsigned>(slot & all_marks)); }

private:
  static constexpr unsigned mark_bits = 3;
  static constexpr std::uint64_t all_marks = (1U << mark_bits) - 1;

  [[nodiscard]] std::size_t place_of(std::uint64_t id) const noexcept {
    const auto mask = slots_.size() - 1;
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio
    auto at = (((id >> 3) * spread >> 32 << 3) | (id & 7)) & mask;
    while (slots_[at] != 0 && slots_[at] >> mark_bits != id) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<std::uint64_t> before(slots_.empty() ? 8 : 2 * slots_.size());
    before.swap(slots_);
    for (const auto slot : before) {
      if (slot != 0) slots_[place_of(slot >> mark_bits)] = slot;
    }
  }

  std::vector<std::uint64_t> slots_;  ///< id · 8 + marks; 0: free
  std::size_t size_ = 0;
};

}  // namespace millrace::nexmark

namespace millrace {

template <>
struct codec<nexmark::id_set> {
  static field_type type() {
    return {.kind = field_kind::list, .element = std::make_shared<const field_type>(codec<std::uint64_t>::type())};
  }
  static void encode(msgpack::writer& w, const nexmark::id_set& in) {
    w.array(static_cast<std::uint32_t>(in.size()));
    in.for_each([&](std::uint64_t slot) { w.integer(slot); });
  }
  static bool decode(msgpack::reader& r, nexmark::id_set& out) {
    std::uint32_t n = 0;
    if (!r.array(n)) return false;
    for (; n != 0; --n) {
      std::uint64_t slot = 0;
      if (!r.integer(slot) || (slot == 0 && !r.refuse())) return false;
      out.put_back(slot);
    }
    return true;
  }
};

}  // namespace millrace
