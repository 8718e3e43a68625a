#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/error.hpp"

namespace millrace::nexmark {

/// Hands out the lines of a file of events. The file is mapped, so several partitions read one copy. It must not change
/// meanwhile. Thread: one owner.
class event_reader {
public:
  event_reader() = default;
  event_reader(const event_reader&) = delete;
  event_reader& operator=(const event_reader&) = delete;
  ~event_reader();

  /// Errors: `io_error` with the path.
  [[nodiscard]] result<void> open(const std::string& path);
  /// False at the end. The view lives as long as the reader.
  [[nodiscard]] bool next(std::string_view& line);
  /// Of the line that comes next.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  /// False: the file is shorter than that.
  [[nodiscard]] bool seek(std::uint64_t offset) noexcept;

private:
  const char* data_ = nullptr;
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace millrace::nexmark
