#pragma once

#include <cstdint>
#include <string>

#include "library/sinks/packer.hpp"
#include "library/sinks/segment_files.hpp"
#include "millrace/time.hpp"

namespace millrace::library {

/// A segment that is being written: a buffer, and behind it a file out of sight. What the system did not take is kept,
/// so that trying again loses and doubles nothing. Packed, each flush of the buffer is an archive of its own, so a
/// segment is complete whenever everything is flushed. Thread: one owner.
class segment_writer {
public:
  /// `folder`: where the segment goes in the output folder, empty or with a slash at its end.
  explicit segment_writer(std::string folder) : folder_{std::move(folder)} {}
  segment_writer(segment_writer&& other) noexcept { swap(other); }
  segment_writer& operator=(segment_writer&& other) noexcept {
    segment_writer{std::move(other)}.swap(*this);
    return *this;
  }
  ~segment_writer() { rest(); }

  /// What is to be written next; appended to by the sink.
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  /// Name of its file out of sight; empty while it has none.
  [[nodiscard]] const std::string& pending() const noexcept { return pending_; }
  [[nodiscard]] bool is_empty() const noexcept { return buffer_.empty() && packed_.empty() && pending_.empty(); }
  /// Bytes in memory.
  [[nodiscard]] std::size_t held() const noexcept { return buffer_.size() + packed_.size(); }
  /// When its first record came.
  processing_time begun{};
  /// True while it holds one of the process's file descriptors.
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return written_ + held(); }

  /// Gives the buffer to the system, packed unless `p` is nullptr. Errors: `disk_full`, `io_error`, `read_only`.
  [[nodiscard]] result<void> flush(segment_files& files, packer* p);
  /// Makes the bytes durable; the buffer must be empty. After an error they may be gone: Linux forgets what an fsync
  /// failed for, and the next one succeeds.
  [[nodiscard]] result<void> sync(const segment_files& files);
  /// Gives the descriptor back; the next flush takes one again.
  void rest() noexcept;
  /// The synced segment, which from now on belongs to the caller. This is empty again.
  [[nodiscard]] segment_handle finish();

private:
  void swap(segment_writer& other) noexcept;
  [[nodiscard]] result<void> open(segment_files& files);
  [[nodiscard]] result<void> write_out(std::string& bytes, segment_files& files);

  std::string folder_;
  std::string buffer_;   ///< not yet given to the system
  std::string packed_;   ///< nor this, which comes before it
  std::string pending_;  ///< name of the file; empty: none yet
  int fd_ = -1;
  std::uint64_t written_ = 0;
};

}  // namespace millrace::library
