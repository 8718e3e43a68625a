#include "library/sources/line_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace millrace::library {

namespace {

// Large enough that system calls vanish against parsing, small enough to stay in the second-level cache.
constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::size_t head_bytes_max = 4096;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error("input file '" + path + "' " + what);
}

std::string system_text(int code) {
  return std::generic_category().message(code);
}

/// Where a CSV record that has quotes ends: index of its line end, or `text.size()` when it goes on.
std::size_t quoted_end(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '"') {  // a quoted field: two quotes inside are one
      for (++i; i < text.size(); ++i) {
        if (text[i] != '"') continue;
        if (i + 1 == text.size() || text[i + 1] != '"') break;
        ++i;
      }
      ++i;
    }
    while (i < text.size() && text[i] != ',' && text[i] != '\n') ++i;
    if (i >= text.size() || text[i] == '\n') return std::min(i, text.size());
    ++i;
  }
  return text.size();
}

}  // namespace

line_reader::line_reader(std::string path, quoting q) : path_{std::move(path)}, quoting_{q}, buffer_(block_bytes) {
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) fail(path_, "cannot be opened: " + system_text(errno) + "; check the parameter 'path'");
  struct stat s {};
  const bool is_file = ::fstat(fd_, &s) == 0 && S_ISREG(s.st_mode);
  std::string head(head_bytes_max, '\0');
  const auto n = is_file ? ::pread(fd_, head.data(), head.size(), 0) : -1;
  if (n < 0) {
    const int code = errno;
    ::close(fd_);
    fail(path_, is_file ? "cannot be read: " + system_text(code)
                        : std::string{"is no regular file, so it could not be read again after a crash"});
  }
  head.resize(static_cast<std::size_t>(n));
  head_ = std::move(head);
  size_ = static_cast<std::uint64_t>(s.st_size);
  (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

line_reader::~line_reader() {
  ::close(fd_);
}

void line_reader::seek(std::uint64_t offset, std::uint64_t line) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0)
    fail(path_, "cannot be read from a position: " + system_text(errno));
  at_ = end_ = 0;
  at_file_end_ = false;
  offset_ = offset;
  line_ = line;
}

line_reader::record line_reader::next() {
  record_offset_ = offset_;
  record_line_ = line_;
  std::size_t length = 0;
  for (;;) {
    if (offset_ == 0) skip_mark();
    if (find_end(length)) return take(length, 1);
    if (at_file_end_) return at_ == end_ ? record{} : take(end_ - at_, 0);
    if (end_ - at_ > record_bytes_max) return skip_too_long();
    fill();
  }
}

bool line_reader::find_end(std::size_t& length) noexcept {
  if (at_ == end_) return false;
  const char* const first = buffer_.data() + at_;
  const auto* const line_end = static_cast<const char*>(std::memchr(first, '\n', end_ - at_));
  length = line_end == nullptr ? end_ - at_ : static_cast<std::size_t>(line_end - first);
  has_quotes_ = quoting_ == quoting::csv && std::memchr(first, '"', length) != nullptr;
  if (!has_quotes_) return line_end != nullptr;
  const std::string_view text{first, end_ - at_};
  length = quoted_end(text);
  return length != text.size();
}

line_reader::record line_reader::take(std::size_t length, std::size_t line_end) {
  const std::span<char> text{buffer_.data() + at_, length};
  at_ += length + line_end;
  offset_ += length + line_end;
  line_ += line_end;
  // Only within quotes there are line ends.
  if (has_quotes_) line_ += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  if (length > record_bytes_max) return {status::too_long};
  return {status::record, !text.empty() && text.back() == '\r' ? text.first(length - 1) : text, has_quotes_};
}

/// Goes on behind the next line end, also within quotes: what opened them may be the mistake.
line_reader::record line_reader::skip_too_long() {
  for (;;) {
    const auto* const first = buffer_.data() + at_;
    const auto* const line_end = static_cast<const char*>(std::memchr(first, '\n', end_ - at_));
    const auto n = line_end == nullptr ? end_ - at_ : static_cast<std::size_t>(line_end - first) + 1;
    at_ += n;
    offset_ += n;
    if (line_end != nullptr) ++line_;
    if (line_end != nullptr || at_file_end_) return {status::too_long};
    fill();
  }
}

void line_reader::skip_mark() {
  if (end_ == 0) fill();
  if (end_ - at_ < byte_order_mark.size() || std::string_view{buffer_.data(), 3} != byte_order_mark) return;
  at_ += byte_order_mark.size();
  offset_ += byte_order_mark.size();
}

void line_reader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  if (buffer_.size() - end_ < block_bytes) buffer_.resize(end_ + block_bytes);
  ssize_t n = 0;
  do {
    n = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
  } while (n < 0 && errno == EINTR);
  if (n < 0) fail(path_, "cannot be read: " + system_text(errno));
  end_ += static_cast<std::size_t>(n);
  at_file_end_ = n == 0;
}

}  // namespace millrace::library
