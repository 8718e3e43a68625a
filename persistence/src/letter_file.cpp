#include "letter_file.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>

#include "directory.hpp"

namespace millrace::persistence {

namespace {

// Large enough that a system call and a device's work on a request vanish against the bytes.
constexpr std::size_t staging_bytes = std::size_t{1} << 20;

struct freed {
  void operator()(void* p) const noexcept { std::free(p); }
};

error failure(int code, const char* doing, const std::filesystem::path& file, std::uint64_t bytes = 0) {
  if (code == ENOSPC || code == EDQUOT)
    return disk_full_error(file.parent_path(), bytes, free_bytes(file.parent_path()));
  return fatal_error(errc::io_error,
                     std::string{doing} + " '" + file.string() + "': " + std::generic_category().message(code));
}

}  // namespace

letter_file::~letter_file() {
  if (writing_ >= 0) ::close(writing_);
  if (reading_ >= 0) ::close(reading_);
}

result<void> letter_file::open_to_write() {
  if (writing_ >= 0) return {};
  constexpr int how = O_RDWR | O_CREAT | O_CLOEXEC;
  writing_ = ::open(file_.c_str(), how | O_DIRECT, 0640);
  if (writing_ < 0 && errno == EINVAL) writing_ = ::open(file_.c_str(), how, 0640);  // not every file system can
  if (writing_ < 0) return failure(errno, "cannot open", file_);
  return sync_folder(file_.parent_path());
}

result<void> letter_file::write(std::uint64_t offset, const std::vector<bytes_view>& blocks) {
  if (auto ok = open_to_write(); !ok) return ok;
  const std::unique_ptr<std::byte, freed> staging{
      static_cast<std::byte*>(std::aligned_alloc(page_bytes, staging_bytes))};
  if (staging == nullptr) return fatal_error(errc::io_error, "no memory to write dead letters");
  std::size_t used = 0;
  const auto flush = [&]() -> result<void> {
    auto done = write_all(offset, staging.get(), used);
    offset += used;
    used = 0;
    return done;
  };
  for (auto block : blocks) {
    while (!block.empty()) {
      const auto n = std::min(block.size(), staging_bytes - used);
      std::memcpy(staging.get() + used, block.data(), n);
      block = block.subspan(n);
      const auto end = static_cast<std::size_t>(padded(used + n));
      std::memset(staging.get() + used + n, 0, end - used - n);
      used = end;
      if (used < staging_bytes) continue;
      if (auto ok = flush(); !ok) return ok;
    }
  }
  if (auto ok = flush(); !ok) return ok;
  if (::fdatasync(writing_) != 0) return failure(errno, "cannot sync", file_);
  return {};
}

result<void> letter_file::write_all(std::uint64_t offset, const std::byte* from, std::size_t n) {
  while (n != 0) {
    const auto done = ::pwrite(writing_, from, n, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return failure(errno, "cannot write", file_, n);
    // Past the page cache only whole pages can go on.
    const auto whole = static_cast<std::size_t>(done) / page_bytes * page_bytes;
    if (whole == 0) return failure(ENOSPC, "cannot write", file_, n);
    offset += whole;
    from += whole;
    n -= whole;
  }
  return {};
}

result<byte_buffer> letter_file::read(std::uint64_t offset, std::uint64_t bytes) {
  if (reading_ < 0) reading_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (reading_ < 0) return failure(errno, "cannot open", file_);
  byte_buffer out;
  auto* const to = out.extend(bytes);
  std::size_t have = 0;
  while (have < bytes) {
    const auto n = ::pread(reading_, to + have, bytes - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failure(errno, "cannot read", file_);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.truncate(have);
  return out;
}

void letter_file::free(const file_place& place) noexcept {
  if (!open_to_write()) return;
  // Where this cannot be done the room comes back when the last letter goes.
  (void)::fallocate(writing_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(place.offset),
                    static_cast<off_t>(place.bytes));
}

void letter_file::clear() noexcept {
  if (!std::filesystem::exists(file_) || !open_to_write()) return;
  (void)::ftruncate(writing_, 0);
}

}  // namespace millrace::persistence
