#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "millrace/bytes.hpp"

namespace millrace {

/// A key in canonical form, in 16 bytes: up to 15 bytes lie inside, longer keys are shared by reference count. Equal
/// keys have equal bytes. Copies may be used from any thread; one object by one thread at a time.
class key_bytes {
public:
  static constexpr std::size_t inline_max = 15;

  key_bytes() noexcept { std::memset(data_, 0, sizeof data_); }
  explicit key_bytes(bytes_view canonical) : key_bytes{} {
    if (canonical.size() > inline_max) [[unlikely]] {
      make_shared(canonical);
    } else if (!canonical.empty()) {
      std::memcpy(data_, canonical.data(), canonical.size());
      data_[inline_max] = static_cast<std::byte>(canonical.size());
    }
  }
  /// A short key from its bytes in registers: `first` holds bytes 0 to 7, `rest` those behind, low byte first.
  [[nodiscard]] static key_bytes from_words(std::uint64_t first, std::uint64_t rest, std::size_t size) noexcept {
    static_assert(std::endian::native == std::endian::little);
    key_bytes k{uninitialized{}};
    rest |= std::uint64_t{size} << 56;
    std::memcpy(k.data_, &first, sizeof first);
    std::memcpy(k.data_ + sizeof first, &rest, sizeof rest);
    return k;
  }
  key_bytes(const key_bytes& other) noexcept {
    std::memcpy(data_, other.data_, sizeof data_);
    if (is_shared()) [[unlikely]]
      retain();
  }
  key_bytes(key_bytes&& other) noexcept : key_bytes{} { swap(other); }
  key_bytes& operator=(const key_bytes& other) noexcept {
    key_bytes{other}.swap(*this);
    return *this;
  }
  key_bytes& operator=(key_bytes&& other) noexcept {
    key_bytes{std::move(other)}.swap(*this);
    return *this;
  }
  ~key_bytes() {
    if (is_shared()) [[unlikely]]
      drop();
  }

  /// The canonical MessagePack; lives as long as this object is neither changed nor moved.
  [[nodiscard]] bytes_view view() const noexcept {
    if (is_shared()) [[unlikely]]
      return shared_view();
    return {data_, std::to_integer<std::size_t>(data_[inline_max])};
  }
  [[nodiscard]] bool empty() const noexcept { return data_[inline_max] == std::byte{0}; }
  /// Bytes held outside the object.
  [[nodiscard]] std::size_t heap_bytes() const noexcept { return is_shared() ? view().size() : 0; }

  friend bool operator==(const key_bytes& a, const key_bytes& b) noexcept {
    return std::memcmp(a.data_, b.data_, sizeof a.data_) == 0 || (a.is_shared() && b.is_shared() && same_shared(a, b));
  }

  void swap(key_bytes& other) noexcept {
    std::byte kept[sizeof data_];
    std::memcpy(kept, data_, sizeof data_);
    std::memcpy(data_, other.data_, sizeof data_);
    std::memcpy(other.data_, kept, sizeof data_);
  }

private:
  struct shared_key;
  struct uninitialized {};
  explicit key_bytes(uninitialized) noexcept {}
  static constexpr std::byte shared_mark{0xff};

  [[nodiscard]] bool is_shared() const noexcept { return data_[inline_max] == shared_mark; }
  [[nodiscard]] shared_key* shared() const noexcept {
    shared_key* p = nullptr;
    std::memcpy(&p, data_, sizeof p);
    return p;
  }
  void make_shared(bytes_view canonical);
  void retain() const noexcept;
  void drop() noexcept;
  [[nodiscard]] bytes_view shared_view() const noexcept;
  static bool same_shared(const key_bytes& a, const key_bytes& b) noexcept;

  alignas(8) std::byte data_[inline_max + 1];
};
static_assert(sizeof(key_bytes) == 16);

}  // namespace millrace
