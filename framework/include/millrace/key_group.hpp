#pragma once

#include <cstdint>

#include "millrace/ids.hpp"

namespace millrace {

/// How many key groups a topology has unless it says otherwise. Fixed for the life of its snapshots.
inline constexpr std::uint32_t default_key_groups = 1024;

/// The unit of state placement a key belongs to: hash mod `groups` (at least 1). Persisted: never changes.
[[nodiscard]] constexpr key_group key_group_of(std::uint64_t key_hash,
                                               std::uint32_t groups = default_key_groups) noexcept {
  return {static_cast<std::uint32_t>(key_hash % groups)};
}

/// The partition that owns a group: group · partitions / groups, so each partition owns one contiguous range.
[[nodiscard]] constexpr std::uint32_t partition_of(key_group group, std::uint32_t partitions,
                                                   std::uint32_t groups = default_key_groups) noexcept {
  return static_cast<std::uint32_t>(std::uint64_t{group.value} * partitions / groups);
}

/// Groups `first` … `last`−1.
struct key_group_range {
  key_group first;
  key_group last;
  [[nodiscard]] constexpr bool contains(key_group g) const noexcept { return g >= first && g < last; }
  [[nodiscard]] constexpr std::uint32_t size() const noexcept { return last.value - first.value; }
  friend constexpr bool operator==(const key_group_range&, const key_group_range&) noexcept = default;
};

/// The groups a partition owns; the inverse of `partition_of`. Empty when there are more partitions than groups.
[[nodiscard]] constexpr key_group_range groups_of(std::uint32_t partition, std::uint32_t partitions,
                                                  std::uint32_t groups = default_key_groups) noexcept {
  const auto bound = [&](std::uint64_t p) {
    return key_group{static_cast<std::uint32_t>((p * groups + partitions - 1) / partitions)};
  };
  return {bound(partition), bound(std::uint64_t{partition} + 1)};
}

}  // namespace millrace
