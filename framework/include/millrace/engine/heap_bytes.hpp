#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "millrace/record.hpp"

namespace millrace::engine {

/// About what an allocation costs besides its bytes, and a node of a std::map besides its content.
inline constexpr std::size_t allocation_overhead_bytes = 16;
inline constexpr std::size_t map_node_overhead_bytes = 48;

/// Memory a value of a keyed state holds outside of its row, about. Walks lists and maps only when their elements hold
/// memory of their own.
template <class T>
struct heap_bytes {
  static std::size_t of(const T& v) noexcept {
    if constexpr (record<T> && !std::is_trivially_copyable_v<T>) {
      std::size_t sum = 0;
      record_traits<T>::each_index([&](auto i) {
        using traits = record_traits<T>;
        sum += heap_bytes<typename traits::template field_type<i>>::of(v.*traits::template pointer<i>);
        return true;
      });
      return sum;
    } else {
      return 0;
    }
  }
};

template <>
struct heap_bytes<std::string> {
  static std::size_t of(const std::string& v) noexcept {
    static const auto inside = std::string{}.capacity();
    return v.capacity() <= inside ? 0 : v.capacity() + 1 + allocation_overhead_bytes;
  }
};

template <class T>
struct heap_bytes<std::optional<T>> {
  static std::size_t of(const std::optional<T>& v) noexcept { return v ? heap_bytes<T>::of(*v) : 0; }
};

template <class T>
struct heap_bytes<std::vector<T>> {
  static std::size_t of(const std::vector<T>& v) noexcept {
    auto sum = v.capacity() == 0 ? 0 : v.capacity() * sizeof(T) + allocation_overhead_bytes;
    if constexpr (!std::is_trivially_copyable_v<T>) {
      for (const auto& item : v) sum += heap_bytes<T>::of(item);
    }
    return sum;
  }
};

template <class K, class T>
struct heap_bytes<std::map<K, T>> {
  static std::size_t of(const std::map<K, T>& v) noexcept {
    auto sum = v.size() * (sizeof(std::pair<const K, T>) + map_node_overhead_bytes);
    if constexpr (!std::is_trivially_copyable_v<K> || !std::is_trivially_copyable_v<T>) {
      for (const auto& [key, item] : v) sum += heap_bytes<K>::of(key) + heap_bytes<T>::of(item);
    }
    return sum;
  }
};

}  // namespace millrace::engine
