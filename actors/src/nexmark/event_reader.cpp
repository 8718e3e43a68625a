#include "nexmark/event_reader.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace millrace::nexmark {

namespace {

error failure(const char* what, const std::string& path) {
  return user_error(errc::io_error, std::string{what} + " '" + path + "': " + std::strerror(errno));
}

}  // namespace

event_reader::~event_reader() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

result<void> event_reader::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure("cannot open", path);
  struct stat s {};
  result<void> done;
  if (::fstat(fd, &s) != 0) {
    done = failure("cannot look at", path);
  } else if (s.st_size != 0) {
    void* const mapped = ::mmap(nullptr, static_cast<std::size_t>(s.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED) {
      done = failure("cannot map", path);
    } else {
      data_ = static_cast<const char*>(mapped);
      size_ = static_cast<std::uint64_t>(s.st_size);
      (void)::madvise(mapped, size_, MADV_SEQUENTIAL);
    }
  }
  ::close(fd);
  return done;
}

bool event_reader::next(std::string_view& line) {
  if (offset_ >= size_) return false;
  const char* const start = data_ + offset_;
  const auto* const end = static_cast<const char*>(std::memchr(start, '\n', size_ - offset_));
  const auto length = end == nullptr ? size_ - offset_ : static_cast<std::uint64_t>(end - start);
  line = {start, length};
  offset_ += length + (end == nullptr ? 0 : 1);
  return true;
}

bool event_reader::seek(std::uint64_t offset) noexcept {
  if (offset > size_) return false;
  offset_ = offset;
  return true;
}

}  // namespace millrace::nexmark
