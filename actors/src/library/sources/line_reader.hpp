#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "library/sources/byte_stream.hpp"

namespace millrace::library {

/// Reads a file in large blocks and cuts it into records: lines, or CSV records whose quoted fields contain line ends.
/// Line ends are \n or \r\n; a byte order mark is skipped; the last record needs no line end, unless it may grow.
/// Offsets are those of the unpacked content.
///
/// Constructor, `seek` and `next` throw std::runtime_error that names the file. Thread: owning actor.
class line_reader {
public:
  enum class quoting : unsigned char { none, csv };
  /// What becomes of a record at the end of the file that has no line end.
  enum class ending : unsigned char {
    complete,  ///< it is one
    waits,     ///< `next` says `end` until the rest of it is there
  };
  static constexpr std::size_t record_bytes_max = std::size_t{1} << 20;

  enum class status : unsigned char { record, too_long, end };
  /// `text` may be changed in place; it lives until the next call. Empty when the record was longer than
  /// `record_bytes_max`; it is skipped then.
  struct record {
    status what = status::end;
    std::span<char> text{};
    bool has_quotes = false;  ///< CSV: a parser may work in place
  };

  line_reader(std::string path, quoting q);
  /// `path` is only for messages; `content` goes on at `offset`, which is where line `line` begins.
  line_reader(std::string path, std::unique_ptr<byte_stream> content, quoting q, ending e, std::uint64_t offset = 0,
              std::uint64_t line = 1);

  [[nodiscard]] record next();
  /// Goes on at `offset`, which is where a record begins and `line` is its number. False: the file ends before that.
  [[nodiscard]] bool seek(std::uint64_t offset, std::uint64_t line);
  /// Takes the last record back: `next` reads it again.
  void unread() { (void)seek(record_offset_, record_line_); }

  /// A record that waits for its rest becomes complete: nothing will follow it any more.
  void finish() noexcept { ending_ = ending::complete; }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Bytes of the content, of an archive about.
  [[nodiscard]] std::uint64_t size() const noexcept { return content_->size(); }
  /// Where the next record begins.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
  /// Line of the record last returned, from 1 on.
  [[nodiscard]] std::uint64_t record_line() const noexcept { return record_line_; }
  /// The first bytes of the content as they were when it was opened: tell a replaced file from the one read before.
  [[nodiscard]] std::string_view head() const noexcept { return head_; }

private:
  [[nodiscard]] bool find_end(std::size_t& length) noexcept;
  [[nodiscard]] record take(std::size_t length, std::size_t line_end);
  [[nodiscard]] record skip_too_long();
  void skip_mark();
  void fill();

  std::string path_;
  std::unique_ptr<byte_stream> content_;
  quoting quoting_;
  ending ending_;
  std::string head_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool at_file_end_ = false;
  bool has_quotes_ = false;  // of what find_end looked at last
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t record_offset_ = 0;
  std::uint64_t record_line_ = 1;
};

}  // namespace millrace::library
