#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "millrace/bytes.hpp"

namespace millrace::detail {

/// Keeps the strings of a dynamic batch: memory is only added, so what lies in it never moves. Thread: one owner.
class arena {
public:
  /// A copy of `source` that lives as long as the arena.
  const std::byte* copy(bytes_view source) {
    std::byte* const at = allocate(source.size());
    if (!source.empty()) std::memcpy(at, source.data(), source.size());
    return at;
  }

  /// Bytes handed out so far.
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

private:
  static constexpr std::size_t first_chunk_bytes = 1024;
  static constexpr std::size_t chunk_bytes_max = std::size_t{64} << 10;

  std::byte* allocate(std::size_t n) {
    if (n > left_) [[unlikely]]
      add_chunk(n);
    std::byte* const at = next_;
    next_ += n;
    left_ -= n;
    used_ += n;
    return at;
  }
  void add_chunk(std::size_t n) {
    left_ = std::max(n, chunk_bytes_);
    chunk_bytes_ = std::min(2 * chunk_bytes_, chunk_bytes_max);
    next_ = chunks_.emplace_back(new std::byte[left_]).get();
  }

  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;
  std::size_t chunk_bytes_ = first_chunk_bytes;
};

}  // namespace millrace::detail
