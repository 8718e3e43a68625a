#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/error.hpp"

namespace millrace::persistence {

/// Where a block of letters lies in the file.
struct file_place {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  ///< what it takes, whole pages
};

/// The large blocks of dead letters, which LMDB would copy and the page cache once more.
///
/// When a third of the input is malformed these copies were half of what a letter cost. So blocks go to a file of their
/// own, past the page cache where the file system allows that, and LMDB only says where each lies. Nothing in here
/// counts until a transaction that says so is committed, which comes after `sync`; what lies elsewhere is rubbish and
/// may be overwritten. Writers hold LMDB's lock. Thread: one at a time.
class letter_file {
public:
  explicit letter_file(std::filesystem::path file) : file_{std::move(file)} {}
  letter_file(const letter_file&) = delete;
  letter_file& operator=(const letter_file&) = delete;
  ~letter_file();

  /// Writes the blocks, whole pages in whole pages of memory, one behind the other, and waits until they are durable
  /// (process crash and power cut). `offset`: where the first one goes, a multiple of a page.
  result<void> write(std::uint64_t offset, const std::vector<bytes_view>& blocks);
  /// What stands there; fewer bytes when the file ends before.
  result<byte_buffer> read(std::uint64_t offset, std::uint64_t bytes);
  /// Gives the room back where the file system can, and leaves zeros.
  void free(const file_place& place) noexcept;
  /// Nothing in it counts any more.
  void clear() noexcept;

private:
  result<void> open_to_write();
  result<void> write_all(std::uint64_t offset, bytes_view pages);

  std::filesystem::path file_;
  int writing_ = -1;
  int reading_ = -1;
};

}  // namespace millrace::persistence
