#include "millrace/engine/store_limits.hpp"

#include <string>

namespace millrace::engine {
namespace {

result<void> bounded(std::uint64_t value, std::uint64_t bound, const std::string& what) {
  if (value <= bound) return {};
  return user_error(errc::limit_exceeded,
                    what + ": " + std::to_string(value) + " is more than the limit, " + std::to_string(bound));
}

std::string of_task(std::string_view task) {
  return " of task '" + std::string(task) + "'";
}

}  // namespace

result<void> check_task_key(std::string_view task) {
  if (!task.empty() && task.size() <= task_key_bytes_max) return {};
  return user_error(errc::invalid_argument, "a task's key has 1 to " + std::to_string(task_key_bytes_max) +
                                                " bytes, not " + std::to_string(task.size()));
}

result<void> check_page_count(std::string_view task, std::uint32_t pages) {
  if (auto named = check_task_key(task); !named) return named;
  return bounded(pages, pages_per_task_max, "pages" + of_task(task));
}

result<void> check_page(std::string_view task, std::uint32_t page, std::size_t bytes) {
  if (auto named = check_task_key(task); !named) return named;
  if (auto placed = bounded(page, pages_per_task_max - 1, "page number" + of_task(task)); !placed) return placed;
  return bounded(bytes, page_bytes_max, "bytes of page " + std::to_string(page) + of_task(task));
}

result<void> check_meta(std::string_view task, std::size_t bytes) {
  if (auto named = check_task_key(task); !named) return named;
  return bounded(bytes, meta_bytes_max, "bytes of meta" + of_task(task));
}

result<void> check_topic(std::string_view topic) {
  if (!topic.empty() && topic.size() <= log_topic_bytes_max && topic.find('\0') == std::string_view::npos) return {};
  return user_error(errc::invalid_argument,
                    "a topic's name has 1 to " + std::to_string(log_topic_bytes_max) + " bytes, none of them zero");
}

result<void> check_batch(std::size_t bytes, std::uint32_t count) {
  if (count == 0) return user_error(errc::invalid_argument, "a batch without events cannot be appended");
  return bounded(bytes, log_batch_bytes_max, "bytes of a batch");
}

}  // namespace millrace::engine
