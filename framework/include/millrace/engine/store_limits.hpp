#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "millrace/error.hpp"

/// Bounds every store keeps, checked before anything is allocated.
namespace millrace::engine {

inline constexpr std::size_t task_key_bytes_max = 200;
inline constexpr std::uint32_t pages_per_task_max = std::uint32_t{1} << 24;
inline constexpr std::size_t page_bytes_max = std::size_t{64} << 20;
inline constexpr std::size_t meta_bytes_max = std::size_t{1} << 30;
inline constexpr std::size_t log_topic_bytes_max = 200;
inline constexpr std::size_t log_batch_bytes_max = std::size_t{8} << 20;

/// errc::invalid_argument for a key that is empty or too long.
result<void> check_task_key(std::string_view task);
/// errc::limit_exceeded names the bound.
result<void> check_page_count(std::string_view task, std::uint32_t pages);
result<void> check_page(std::string_view task, std::uint32_t page, std::size_t bytes);
result<void> check_meta(std::string_view task, std::size_t bytes);
/// errc::invalid_argument for a name that is empty, too long or contains a zero byte.
result<void> check_topic(std::string_view topic);
result<void> check_batch(std::size_t bytes, std::uint32_t count);

}  // namespace millrace::engine
