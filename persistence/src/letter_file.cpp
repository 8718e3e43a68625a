#include "letter_file.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "millrace/engine/fault_point.hpp"
#include "millrace/engine/letter_block.hpp"
#include "millrace/persistence/data_folder.hpp"

namespace millrace::persistence {

namespace {

using engine::letter_pages;

// What a system call is asked for at most; less would cost more of them, and more is cut up anyway.
constexpr std::size_t write_bytes_max = std::size_t{4} << 20;

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
  for (std::size_t i = 0; i < blocks.size();) {
    // Blocks that lie side by side go in one piece.
    auto run = blocks[i++];
    while (i < blocks.size() && blocks[i].data() == run.data() + run.size()) {
      run = {run.data(), run.size() + blocks[i++].size()};
    }
    if (auto ok = write_all(offset, run); !ok) return ok;
    offset += run.size();
  }
  if (::fdatasync(writing_) != 0) return failure(errno, "cannot sync", file_);
  return {};
}

result<void> letter_file::write_all(std::uint64_t offset, bytes_view pages) {
  while (!pages.empty()) {
    auto n = std::min(pages.size(), write_bytes_max);
    if (engine::fault_point("letters.piece") == engine::fault_action::half) {
      n -= n / letter_pages::page_bytes / 2 * letter_pages::page_bytes;
    }
    const auto done = ::pwrite(writing_, pages.data(), n, static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return failure(errno, "cannot write", file_, n);
    // Past the page cache only whole pages can go on.
    const auto whole = static_cast<std::size_t>(done) / letter_pages::page_bytes * letter_pages::page_bytes;
    if (whole == 0) return failure(ENOSPC, "cannot write", file_, n);
    offset += whole;
    pages = pages.subspan(whole);
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
