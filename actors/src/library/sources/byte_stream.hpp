#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace millrace::library {

/// What a file is packed with.
enum class packing : unsigned char { none, gzip, zstd };
/// By the end of the name: `.gz`, `.zst`.
[[nodiscard]] packing packing_of(std::string_view path) noexcept;
/// The name without the end that says how it is packed: `a.csv` of `a.csv.gz`.
[[nodiscard]] std::string_view unpacked_name(std::string_view path) noexcept;

/// An open file that closes itself.
class file_handle {
public:
  file_handle() = default;
  explicit file_handle(int fd) noexcept : fd_{fd} {}
  file_handle(file_handle&& other) noexcept : fd_{other.fd_} { other.fd_ = -1; }
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();
  [[nodiscard]] int get() const noexcept { return fd_; }

private:
  int fd_ = -1;
};

/// The bytes of a regular file, unpacked where it is an archive. All throw std::runtime_error that names the file, and
/// where in it an archive is damaged. Thread: one owner.
class byte_stream {
public:
  virtual ~byte_stream() = default;
  /// Up to `to.size()` bytes; 0: there are no more (of a file that grows: not yet).
  [[nodiscard]] virtual std::size_t read(std::span<char> to) = 0;
  /// Goes on at `offset`, counted in what `read` gives; an archive is unpacked from its start up to there. False: the
  /// file ends before that.
  [[nodiscard]] virtual bool seek(std::uint64_t offset) = 0;
  /// How many bytes `read` gives in all, as far as known: of an archive an estimate by what was unpacked so far.
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
};

/// Opens a regular file: positions in anything else mean nothing after a restart.
[[nodiscard]] file_handle open_input(const std::string& path);
/// What the file holds. An archive is known by the end of its name and by what it begins with; a name that promises
/// one the file is not, is an error.
[[nodiscard]] std::unique_ptr<byte_stream> open_bytes(const std::string& path);
/// The bytes of an open file as they are.
[[nodiscard]] std::unique_ptr<byte_stream> plain_bytes(file_handle file, std::string path);
/// What is in an open archive: any number of gzip members or zstd frames, one behind the other.
[[nodiscard]] std::unique_ptr<byte_stream> gzip_bytes(file_handle file, std::string path);
[[nodiscard]] std::unique_ptr<byte_stream> zstd_bytes(file_handle file, std::string path);
/// `byte_stream::size` of a file that nobody has begun to read.
[[nodiscard]] std::uint64_t size_guess(const std::string& path);

[[noreturn]] void fail_input(const std::string& path, const std::string& what);

}  // namespace millrace::library
