#include "library/sources/byte_stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace millrace::library {

namespace {

// What text usually packs to; only the lag shown before an archive has been begun depends on it.
constexpr std::uint64_t packing_guess = 5;

constexpr std::string_view gzip_begin = "\x1f\x8b";
constexpr std::string_view zstd_begin = "\x28\xb5\x2f\xfd";

std::uint64_t size_of(int fd) noexcept {
  struct stat s {};
  return ::fstat(fd, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

class plain_stream final : public byte_stream {
public:
  plain_stream(file_handle file, std::string path) : file_{std::move(file)}, path_{std::move(path)} {
    (void)::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }

  std::size_t read(std::span<char> to) override {
    ssize_t n = 0;
    do {
      n = ::read(file_.get(), to.data(), to.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) fail_input(path_, "cannot be read: " + std::generic_category().message(errno));
    return static_cast<std::size_t>(n);
  }
  bool seek(std::uint64_t offset) override {
    if (offset > size()) return false;
    if (::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0)
      fail_input(path_, "cannot be read from a position: " + std::generic_category().message(errno));
    return true;
  }
  std::uint64_t size() const noexcept override { return size_of(file_.get()); }

private:
  file_handle file_;
  std::string path_;
};

packing packing_by_content(const file_handle& file) noexcept {
  std::array<char, 4> begin{};
  const auto n = ::pread(file.get(), begin.data(), begin.size(), 0);
  const std::string_view text{begin.data(), n < 0 ? 0 : static_cast<std::size_t>(n)};
  if (text.starts_with(gzip_begin)) return packing::gzip;
  return text == zstd_begin ? packing::zstd : packing::none;
}

}  // namespace

void fail_input(const std::string& path, const std::string& what) {
  throw std::runtime_error("input file '" + path + "' " + what);
}

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_handle::~file_handle() {
  if (fd_ >= 0) ::close(fd_);
}

packing packing_of(std::string_view path) noexcept {
  if (path.ends_with(".gz")) return packing::gzip;
  return path.ends_with(".zst") ? packing::zstd : packing::none;
}

std::string_view unpacked_name(std::string_view path) noexcept {
  return packing_of(path) == packing::none ? path : path.substr(0, path.rfind('.'));
}

file_handle open_input(const std::string& path) {
  // Not blocking: a named pipe nobody writes to would hold the open up for ever.
  file_handle file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0)
    fail_input(path, "cannot be opened: " + std::generic_category().message(errno) + "; check the parameter 'path'");
  struct stat s {};
  if (::fstat(file.get(), &s) != 0 || !S_ISREG(s.st_mode))
    fail_input(path, "is no regular file, so it could not be read again after a crash");
  return file;
}

std::unique_ptr<byte_stream> open_bytes(const std::string& path) {
  auto file = open_input(path);
  const auto promised = packing_of(path);
  const auto found = packing_by_content(file);
  if (promised != packing::none && found != promised) {
    const char* const kind = promised == packing::gzip ? "gzip" : "zstd";
    fail_input(path, size_of(file.get()) == 0
                         ? std::string{"is named as a "} + kind + " archive, but is empty: pack it again"
                         : std::string{"is named as a "} + kind +
                               " archive, but does not begin like one: pack it again, or rename it");
  }
  switch (found) {
    case packing::gzip:
      return gzip_bytes(std::move(file), path);
    case packing::zstd:
      return zstd_bytes(std::move(file), path);
    case packing::none:
      break;
  }
  return plain_bytes(std::move(file), path);
}

std::unique_ptr<byte_stream> plain_bytes(file_handle file, std::string path) {
  return std::make_unique<plain_stream>(std::move(file), std::move(path));
}

std::uint64_t size_guess(const std::string& path) {
  const auto file = open_input(path);
  return size_of(file.get()) * (packing_by_content(file) == packing::none ? 1 : packing_guess);
}

}  // namespace millrace::library
