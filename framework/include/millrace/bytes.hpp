#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace millrace {

/// Bytes owned by somebody else; lives as long as the owner leaves them alone.
using bytes_view = std::span<const std::byte>;

[[nodiscard]] inline bytes_view as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span{text.data(), text.size()});
}
[[nodiscard]] inline std::string_view as_text(bytes_view bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A growing byte array for encoders: unlike a vector it does not fill new room with zeros before it is written.
///
/// Thread: one owner at a time. Views and pointers are good until the next call that grows or clears.
class byte_buffer {
public:
  byte_buffer() = default;
  byte_buffer(byte_buffer&& other) noexcept { swap(other); }
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    byte_buffer{std::move(other)}.swap(*this);
    return *this;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::byte* data() noexcept { return data_.get(); }
  [[nodiscard]] bytes_view view() const noexcept { return {data_.get(), size_}; }

  void clear() noexcept { size_ = 0; }
  /// Drops what lies behind the first `n` bytes; `n` must not be more than `size()`.
  void truncate(std::size_t n) noexcept { size_ = std::min(n, size_); }

  void reserve(std::size_t n) {
    if (n > capacity_) reallocate(n);
  }

  /// Room for `n` more bytes behind the end; they count only once `advance` says so.
  [[nodiscard]] std::byte* room(std::size_t n) {
    if (capacity_ - size_ < n) [[unlikely]]
      reallocate(std::max(size_ + n, 2 * capacity_));
    return data_.get() + size_;
  }
  void advance(std::size_t n) noexcept { size_ += n; }

  /// Adds `n` bytes of unspecified value and returns where they start.
  std::byte* extend(std::size_t n) {
    std::byte* const at = room(n);
    size_ += n;
    return at;
  }

  void append(const void* source, std::size_t n) {
    if (n != 0) std::memcpy(extend(n), source, n);
  }
  void append(bytes_view bytes) { append(bytes.data(), bytes.size()); }
  void push_back(std::byte b) { *extend(1) = b; }

  void swap(byte_buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

private:
  void reallocate(std::size_t n) {
    n = std::max<std::size_t>(n, 64);
    std::unique_ptr<std::byte[]> grown{new std::byte[n]};
    if (size_ != 0) std::memcpy(grown.get(), data_.get(), size_);
    data_ = std::move(grown);
    capacity_ = n;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace millrace
