#include "millrace/key_bytes.hpp"

#include <algorithm>
#include <atomic>
#include <new>

namespace millrace {

/// Head of one heap block; the bytes follow it.
struct key_bytes::shared_key {
  std::atomic<std::size_t> references{1};
  std::size_t size = 0;
  [[nodiscard]] std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

void key_bytes::make_shared(bytes_view canonical) {
  void* const block = ::operator new(sizeof(shared_key) + canonical.size());
  auto* const made = new (block) shared_key;
  made->size = canonical.size();
  std::memcpy(made->bytes(), canonical.data(), canonical.size());
  std::memcpy(data_, &made, sizeof made);
  data_[inline_max] = shared_mark;
}

void key_bytes::retain() const noexcept {
  shared()->references.fetch_add(1, std::memory_order_relaxed);
}

void key_bytes::drop() noexcept {
  shared_key* const owned = shared();
  if (owned->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  owned->~shared_key();
  ::operator delete(owned);
}

bytes_view key_bytes::shared_view() const noexcept {
  return {shared()->bytes(), shared()->size};
}

bool key_bytes::same_shared(const key_bytes& a, const key_bytes& b) noexcept {
  return std::ranges::equal(a.shared_view(), b.shared_view());
}

}  // namespace millrace
