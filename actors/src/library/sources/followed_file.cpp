#include "library/sources/followed_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/crc32c.hpp"

namespace millrace::library {

namespace {

// Enough to hold more than the lines that many logs begin with.
constexpr std::uint64_t print_bytes = 1024;
// Of the folder in which a rotated file is looked for.
constexpr std::size_t neighbours_max = 10'000;

class growing_stream final : public byte_stream {
public:
  growing_stream(int fd, std::string path, std::uint64_t offset) : fd_{fd}, path_{std::move(path)}, at_{offset} {}

  std::size_t read(std::span<char> to) override {
    ssize_t n = 0;
    do {
      n = ::pread(fd_, to.data(), to.size(), static_cast<off_t>(at_));
    } while (n < 0 && errno == EINTR);
    if (n < 0) fail_input(path_, "cannot be read: " + std::generic_category().message(errno));
    at_ += static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  }
  bool seek(std::uint64_t offset) override {
    at_ = offset;
    return offset <= size();
  }
  std::uint64_t size() const noexcept override {
    struct stat s {};
    return ::fstat(fd_, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
  }

private:
  int fd_;
  std::string path_;
  std::uint64_t at_;
};

}  // namespace

std::optional<followed_file> followed_file::open(const std::string& path) {
  file_handle file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  if (file.get() < 0) fail_input(path, "cannot be opened: " + std::generic_category().message(errno));
  struct stat s {};
  if (::fstat(file.get(), &s) != 0 || !S_ISREG(s.st_mode)) return std::nullopt;
  return followed_file{std::move(file), path, s.st_ino};
}

std::uint64_t followed_file::size() const {
  struct stat s {};
  if (::fstat(file_.get(), &s) != 0) fail_input(path_, "cannot be read: " + std::generic_category().message(errno));
  return static_cast<std::uint64_t>(s.st_size);
}

std::unique_ptr<byte_stream> followed_file::content(std::uint64_t offset) const {
  return std::make_unique<growing_stream>(file_.get(), path_, offset);
}

std::optional<std::uint32_t> followed_file::checksum(std::uint64_t from, std::uint64_t bytes) const {
  std::array<char, print_bytes> buffer{};
  if (bytes > buffer.size()) return std::nullopt;
  const auto n = ::pread(file_.get(), buffer.data(), bytes, static_cast<off_t>(from));
  if (n < 0 || static_cast<std::uint64_t>(n) != bytes) return std::nullopt;
  return crc32c(as_bytes(std::string_view{buffer.data(), bytes}));
}

bool followed_file::is_as_read() {
  return size() >= offset_ && checksum(0, head_bytes_) == head_crc_;
}

bool followed_file::matches(const file_print& p) const {
  return size() >= p.offset && p.tail_bytes <= p.offset && checksum(0, p.head_bytes) == p.head_crc &&
         checksum(p.offset - p.tail_bytes, p.tail_bytes) == p.tail_crc;
}

file_print followed_file::print() const {
  file_print p{.offset = offset_, .head_bytes = head_bytes_, .head_crc = head_crc_};
  const auto bytes = std::min(offset_, print_bytes);
  // Truncated since: then there is nothing to compare with, and the head has to do.
  const auto crc = checksum(offset_ - bytes, bytes);
  p.tail_bytes = crc ? bytes : 0;
  p.tail_crc = crc.value_or(crc32c({}));
  return p;
}

void followed_file::read_to(std::uint64_t offset, std::uint64_t line) {
  offset_ = offset;
  line_ = line;
  const auto bytes = std::min(offset_, print_bytes);
  if (bytes <= head_bytes_) return;
  if (const auto crc = checksum(0, bytes)) {
    head_bytes_ = bytes;
    head_crc_ = *crc;
  }
}

void followed_file::begin_again() {
  offset_ = head_bytes_ = 0;
  head_crc_ = crc32c({});
  line_ = 1;
  parser.reset();
  has_news = true;
}

void save(const file_mark& m, msgpack::writer& out) {
  out.array(8);
  out.string(m.path);
  out.integer(m.inode);
  out.integer(m.line);
  out.integer(m.print.offset);
  out.integer(m.print.head_bytes);
  out.integer(m.print.head_crc);
  out.integer(m.print.tail_bytes);
  out.integer(m.print.tail_crc);
}

bool load(file_mark& m, msgpack::reader& in) {
  std::uint32_t n = 0;
  std::string_view path;
  if (!in.array(n) || n != 8 || !in.string(path) || !in.integer(m.inode) || !in.integer(m.line) ||
      !in.integer(m.print.offset) || !in.integer(m.print.head_bytes) || !in.integer(m.print.head_crc) ||
      !in.integer(m.print.tail_bytes) || !in.integer(m.print.tail_crc)) {
    return false;
  }
  m.path = path;
  return true;
}

std::optional<followed_file> find_again(const file_mark& m) {
  std::vector<std::string> places{m.path};
  const auto folder = std::filesystem::path{m.path}.parent_path();
  std::error_code code;
  std::filesystem::directory_iterator at{folder.empty() ? "." : folder, code};
  for (; !code && at != std::filesystem::directory_iterator{} && places.size() < neighbours_max; at.increment(code)) {
    if (std::error_code no; at->is_regular_file(no) && !no) places.push_back((folder / at->path().filename()).string());
  }
  std::optional<followed_file> copy;
  for (const auto& place : places) {
    if (::access(place.c_str(), R_OK) != 0) continue;
    auto file = followed_file::open(place);
    if (!file || !file->matches(m.print)) continue;
    file->read_to(m.print.offset, m.line);
    if (file->inode() == m.inode) return file;
    if (!copy) copy = std::move(file);
  }
  return copy;
}

}  // namespace millrace::library
