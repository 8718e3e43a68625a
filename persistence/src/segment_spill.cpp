#include "millrace/persistence/segment_spill.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "millrace/crc32c.hpp"
#include "millrace/engine/fault_point.hpp"
#include "millrace/persistence/data_folder.hpp"

namespace millrace::persistence {

namespace {

namespace fs = std::filesystem;

error failure(int code, const char* doing, const fs::path& file, std::uint64_t bytes) {
  if (code == ENOSPC || code == EDQUOT)
    return disk_full_error(file.parent_path(), bytes, free_bytes(file.parent_path()));
  return fatal_error(errc::io_error,
                     std::string{doing} + " '" + file.string() + "': " + std::generic_category().message(code));
}

/// A file that pages are added to, and that goes when nobody has it any more.
class segment {
public:
  static result<std::shared_ptr<segment>> make(fs::path file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (descriptor < 0) return failure(errno, "cannot open", file, 0);
    return std::make_shared<segment>(std::move(file), descriptor);
  }
  segment(fs::path file, int descriptor) : file_{std::move(file)}, descriptor_{descriptor} {}
  segment(const segment&) = delete;
  segment& operator=(const segment&) = delete;
  ~segment() {
    ::close(descriptor_);
    ::unlink(file_.c_str());  // what cannot be removed now the next start removes
  }

  /// What fails leaves no trace.
  result<void> add(bytes_view content) {
    const auto told = engine::fault_point("spill.write");
    if (told != engine::fault_action::proceed) {
      return failure(told == engine::fault_action::full ? ENOSPC : EIO, "cannot write", file_, content.size());
    }
    auto rest = content;
    auto at = size_;
    while (!rest.empty()) {
      const auto done = ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(at));
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) {
        const auto code = done < 0 ? errno : ENOSPC;
        shorten(size_);
        return failure(code, "cannot write", file_, content.size());
      }
      at += static_cast<std::uint64_t>(done);
      rest = rest.subspan(static_cast<std::size_t>(done));
    }
    size_ = at;
    return {};
  }
  void shorten(std::uint64_t size) {
    size_ = size;
    // Its room is given back now or with the file.
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) errno = 0;
  }

  result<void> read(std::uint64_t at, std::span<std::byte> out) const {
    while (!out.empty()) {
      const auto done = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(at));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return failure(errno, "cannot read", file_, 0);
      if (done == 0) return fatal_error(errc::corrupt, file_.string() + " is shorter than it was");
      at += static_cast<std::uint64_t>(done);
      out = out.subspan(static_cast<std::size_t>(done));
    }
    return {};
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const fs::path& file() const noexcept { return file_; }

private:
  fs::path file_;
  int descriptor_;
  std::uint64_t size_ = 0;  // the writer's
};

class segment_spill final : public engine::page_spill {
public:
  segment_spill(fs::path folder, std::uint64_t segment_bytes, std::uint64_t reserve_bytes)
      : folder_{std::move(folder)}, segment_bytes_{segment_bytes}, reserve_bytes_{reserve_bytes} {}
  ~segment_spill() override {
    pages_.clear();
    newest_ = nullptr;
    std::error_code ignored;  // the next start removes what is left
    fs::remove_all(folder_, ignored);
  }

  result<void> put(std::span<const entry> pages) override {
    for (std::size_t i = 0; i < pages.size(); ++i) {
      if (auto done = put_one(pages[i]); !done) {
        for (const auto& p : pages.first(i)) (void)erase({&p.place, 1});
        return done;
      }
    }
    return {};
  }

  result<void> get(engine::spill_place place, byte_buffer& out) override {
    page p;
    {
      const std::lock_guard lock{mutex_};
      const auto at = pages_.find(place);
      if (at == pages_.end()) return fatal_error(errc::not_found, "there is no place " + std::to_string(place));
      p = at->second;
    }
    out.clear();
    if (auto done = p.in->read(p.offset, {out.extend(p.bytes), p.bytes}); !done) return done;
    const bool is_damaged = engine::fault_point("spill.read") == engine::fault_action::damage;
    if (!is_damaged && crc32c(out.view()) == p.sum) return {};
    return fatal_error(errc::corrupt, p.in->file().string() + ": " + std::to_string(p.bytes) + " bytes at " +
                                          std::to_string(p.offset) + " are not what was written; look at the disk");
  }

  result<void> erase(std::span<const engine::spill_place> places) override {
    for (const auto place : places) {
      std::shared_ptr<segment> last;  // goes without the lock
      const std::lock_guard lock{mutex_};
      const auto at = pages_.find(place);
      if (at == pages_.end()) return fatal_error(errc::not_found, "there is no place " + std::to_string(place));
      last = std::move(at->second.in);
      bytes_ -= at->second.bytes;
      pages_.erase(at);
      // Nobody else has it but the one that is added to: what it had is not wanted any more.
      if (last == newest_ && last.use_count() == 2) last->shorten(0);
    }
    return {};
  }

  std::uint64_t bytes() const override {
    const std::lock_guard lock{mutex_};
    return bytes_;
  }

private:
  struct page {
    std::shared_ptr<segment> in;
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
    std::uint32_t sum = 0;
  };

  result<void> put_one(const entry& e) {
    if (const auto free = free_bytes(folder_); free < reserve_bytes_ + e.content.size()) {
      return retryable_error(errc::disk_full, "'" + folder_.string() + "': " + std::to_string(free) +
                                                  " bytes are free, of which " + std::to_string(reserve_bytes_) +
                                                  " are left to snapshots and logs");
    }
    if (newest_ == nullptr || newest_->size() >= segment_bytes_) {
      auto made = segment::make(folder_ / (std::to_string(++number_) + ".segment"));
      if (!made) return std::move(made).error();
      const std::lock_guard lock{mutex_};
      newest_ = std::move(*made);
    }
    const auto offset = newest_->size();
    if (auto done = newest_->add(e.content); !done) return done;
    const std::lock_guard lock{mutex_};
    pages_[e.place] = {newest_, offset, e.content.size(), crc32c(e.content)};
    bytes_ += e.content.size();
    return {};
  }

  const fs::path folder_;
  const std::uint64_t segment_bytes_;
  const std::uint64_t reserve_bytes_;
  std::uint64_t number_ = 0;
  mutable std::mutex mutex_;
  std::shared_ptr<segment> newest_;
  std::unordered_map<engine::spill_place, page> pages_;
  std::uint64_t bytes_ = 0;  // of those
};

}  // namespace

result<std::unique_ptr<engine::page_spill>> open_segment_spill(const std::filesystem::path& folder,
                                                               std::uint64_t segment_bytes,
                                                               std::uint64_t reserve_bytes) {
  std::error_code code;
  fs::remove_all(folder, code);
  if (code) {
    return user_error(errc::io_error, folder.string() + ": what an earlier run left here cannot be removed: " +
                                          code.message() + "; remove the folder");
  }
  if (auto made = make_folder(folder); !made) return std::move(made).error();
  return std::unique_ptr<engine::page_spill>{std::make_unique<segment_spill>(folder, segment_bytes, reserve_bytes)};
}

}  // namespace millrace::persistence
