#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "library/sources/byte_stream.hpp"
#include "millrace/msgpack.hpp"
#include "millrace/text/record_parser.hpp"

namespace millrace::library {

/// Tells a file from others, whatever it is called and wherever it lies: checksums of what it begins with and of what
/// stands just before a place in it.
struct file_print {
  std::uint64_t offset = 0;
  std::uint64_t head_bytes = 0;
  std::uint32_t head_crc = 0;
  std::uint64_t tail_bytes = 0;
  std::uint32_t tail_crc = 0;
};

/// A file that grows, of which the part up to `offset` was read. It stays open, so that it can be read to its end
/// whatever it is renamed to. Throws std::runtime_error that names the file. Thread: one owner.
class followed_file {
public:
  /// Nothing: the file is gone, or is no regular one.
  [[nodiscard]] static std::optional<followed_file> open(const std::string& path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void set_path(std::string path) { path_ = std::move(path); }
  [[nodiscard]] std::uint64_t inode() const noexcept { return inode_; }
  [[nodiscard]] std::uint64_t size() const;
  /// The content from `offset` on, as long as this lives.
  [[nodiscard]] std::unique_ptr<byte_stream> content(std::uint64_t offset) const;

  /// True when what was read of it is still there: it was not truncated or written over.
  [[nodiscard]] bool is_as_read();
  [[nodiscard]] bool matches(const file_print& p) const;
  /// For a position.
  [[nodiscard]] file_print print() const;
  /// Everything up to here is read.
  void read_to(std::uint64_t offset, std::uint64_t line);
  /// It was truncated: its content is another one, and nothing of it was read.
  void begin_again();

  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }

  std::unique_ptr<record_parser> parser;     ///< by the file's own header; none before that is read
  bool has_news = true;                      ///< there may be lines to read
  std::uint64_t seen_size = 0;               ///< when it was looked at last
  std::optional<std::int64_t> away_since{};  ///< rotated away: found under none of the names any more; ns

private:
  followed_file(file_handle file, std::string path, std::uint64_t inode)
      : file_{std::move(file)}, path_{std::move(path)}, inode_{inode} {}
  [[nodiscard]] std::optional<std::uint32_t> checksum(std::uint64_t from, std::uint64_t bytes) const;

  file_handle file_;
  std::string path_;
  std::uint64_t inode_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t head_bytes_ = 0;
  std::uint32_t head_crc_ = 0;
};

/// What a position says of a file.
struct file_mark {
  std::string path;
  std::uint64_t inode = 0;
  std::uint64_t line = 1;
  file_print print;
};
void save(const file_mark& m, msgpack::writer& out);
[[nodiscard]] bool load(file_mark& m, msgpack::reader& in);

/// The file a mark was made of: under its name, under another one in its folder (it was renamed), or a copy there (it
/// was copied and truncated). Nothing: it is gone.
[[nodiscard]] std::optional<followed_file> find_again(const file_mark& m);

}  // namespace millrace::library
