#include <algorithm>

#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/store_limits.hpp"
#include "millrace/testing/memory_store.hpp"

namespace millrace::testing {

using engine::log_entry;
using engine::log_extent;
using engine::log_offset;

namespace {

std::string place(std::string_view topic, std::uint32_t partition, log_offset offset) {
  return "topic '" + std::string(topic) + "', partition " + std::to_string(partition) + ", offset " +
         std::to_string(offset.value);
}

std::pair<std::string, std::uint32_t> key(std::string_view topic, std::uint32_t partition) {
  return {std::string(topic), partition};
}

}  // namespace

void memory_event_log::damage(std::string_view topic, std::uint32_t partition, log_offset offset) {
  const std::lock_guard lock{mutex_};
  auto& entries = partitions_[key(topic, partition)].entries;
  const auto after = entries.upper_bound(offset.value);
  if (after != entries.begin()) std::prev(after)->second.is_damaged = true;
}

result<log_offset> memory_event_log::append(std::string_view topic, std::uint32_t partition,
                                            std::span<const std::byte> batch, std::uint32_t count) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  if (auto bounded = engine::check_batch(batch.size(), count); !bounded) return std::move(bounded).error();
  if (engine::fault_point("log.append") == engine::fault_action::fail) {
    return fatal_error(errc::io_error, "injected failure at fault point log.append");
  }
  const std::lock_guard lock{mutex_};
  auto& log = partitions_[key(topic, partition)];
  const auto first = log.extent.tail;
  log.entries[first.value].entry = {first, count, {batch.begin(), batch.end()}};
  log.extent.tail.value += count;
  return first;
}

result<std::vector<log_entry>> memory_event_log::read(std::string_view topic, std::uint32_t partition, log_offset from,
                                                      std::size_t bytes_max) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  const std::lock_guard lock{mutex_};
  const auto& log = partitions_[key(topic, partition)];
  if (from < log.extent.head) {
    return fatal_error(errc::truncated, place(topic, partition, from) + " is trimmed; the log starts at offset " +
                                            std::to_string(log.extent.head.value));
  }
  if (from > log.extent.tail) {
    return user_error(errc::invalid_argument, place(topic, partition, from) + " is beyond the tail, offset " +
                                                  std::to_string(log.extent.tail.value));
  }
  std::vector<log_entry> found;
  if (from == log.extent.tail) return found;
  std::size_t bytes = 0;
  for (auto at = std::prev(log.entries.upper_bound(from.value)); at != log.entries.end(); ++at) {
    const auto& [entry, is_damaged] = at->second;
    if (!found.empty() && bytes + entry.bytes.size() > bytes_max) break;
    if (is_damaged) {
      return fatal_error(errc::corrupt, place(topic, partition, entry.first) + " is damaged on request");
    }
    bytes += entry.bytes.size();
    found.push_back(entry);
  }
  return found;
}

result<log_extent> memory_event_log::extent(std::string_view topic, std::uint32_t partition) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  const std::lock_guard lock{mutex_};
  const auto found = partitions_.find(key(topic, partition));
  return found == partitions_.end() ? log_extent{} : found->second.extent;
}

result<log_offset> memory_event_log::trim(std::string_view topic, std::uint32_t partition, log_offset before) {
  if (auto named = engine::check_topic(topic); !named) return std::move(named).error();
  if (engine::fault_point("log.trim") == engine::fault_action::fail) {
    return fatal_error(errc::io_error, "injected failure at fault point log.trim");
  }
  const std::lock_guard lock{mutex_};
  auto& log = partitions_[key(topic, partition)];
  for (auto at = log.entries.begin(); at != log.entries.end(); at = log.entries.erase(at)) {
    const auto end = at->first + at->second.entry.count;
    if (end > before.value) break;
    log.extent.head.value = end;
  }
  return log.extent.head;
}

}  // namespace millrace::testing
