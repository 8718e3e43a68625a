#include "millrace/detail/block_cache.hpp"

#include <array>
#include <bit>
#include <new>

#include "millrace/detail/block_size.hpp"

namespace millrace::detail {

namespace {

// Batches of 256 records of 16 bytes to 1 KiB; the rest is too small or too large to matter.
constexpr std::size_t smallest = std::size_t{4} << 10;
constexpr std::size_t largest = std::size_t{256} << 10;
constexpr std::size_t classes = std::bit_width(largest / smallest);
// What a thread keeps of each class at the most; about the second-level cache of a core.
constexpr std::size_t kept_bytes = std::size_t{1} << 20;

constexpr std::size_t class_of(std::size_t bytes) noexcept {
  return static_cast<std::size_t>(std::bit_width((bytes - 1) / smallest));
}

struct cache {
  struct shelf {
    std::array<void*, kept_bytes / smallest> blocks;
    std::size_t count = 0;
  };
  std::array<shelf, classes> shelves;

  ~cache() {
    for (auto& s : shelves) {
      while (s.count != 0) ::operator delete(s.blocks[--s.count]);
    }
  }
};

cache& of_this_thread() {
  thread_local cache c;
  return c;
}

// GCC says so by a macro, clang by a feature.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MILLRACE_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MILLRACE_ADDRESS_SANITIZER
#endif

#if defined(MILLRACE_ADDRESS_SANITIZER)
constexpr bool is_enabled = false;  // reuse would hide a use after free
#else
constexpr bool is_enabled = true;
#endif

constexpr bool is_cached(std::size_t bytes) noexcept {
  return is_enabled && bytes >= smallest / 2 && bytes <= largest;
}

}  // namespace

std::size_t block_size(std::size_t bytes) noexcept {
  return is_cached(bytes) ? smallest << class_of(bytes) : bytes;
}

void* take_block(std::size_t bytes) {
  if (!is_cached(bytes)) return ::operator new(bytes);
  const auto c = class_of(bytes);
  auto& s = of_this_thread().shelves[c];
  if (s.count != 0) return s.blocks[--s.count];
  return ::operator new(smallest << c);
}

void give_block(void* block, std::size_t bytes) noexcept {
  if (is_cached(bytes)) {
    const auto c = class_of(bytes);
    auto& s = of_this_thread().shelves[c];
    if (s.count < kept_bytes / (smallest << c)) {
      s.blocks[s.count++] = block;
      return;
    }
  }
  ::operator delete(block);
}

}  // namespace millrace::detail
