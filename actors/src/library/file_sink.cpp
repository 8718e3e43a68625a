#include "library/file_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>

#include "library/system_error.hpp"

namespace millrace::library {

namespace {

// Large enough that a system call is cheap against formatting what it writes.
constexpr std::size_t buffer_bytes = std::size_t{64} << 10;

}  // namespace

file_sink::~file_sink() {
  if (fd_ >= 0) ::close(fd_);
}

result<void> file_sink::configure(wiring&) {
  const auto f = *format_ == "csv" ? record_writer::format::csv : record_writer::format::jsonl;
  writer_ = record_writer{f, *time_format_ == "iso" ? time_format::iso : time_format::ns};
  if (path_->empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a folder");
  return {};
}

result<void> file_sink::recover(context& c, epoch_id restored, const std::vector<prepared>& handles) {
  files_ = segment_files{*path_, c.actor_name(), c.partition(), "." + *format_};
  if (auto ok = files_.prepare_folders(); !ok) return ok;
  for (const auto& p : handles) {
    if (auto ok = commit(c, p.epoch, p.handle); !ok) return ok;
  }
  if (auto ok = files_.discard_pending(); !ok) return ok;
  if (restored == epoch_id{}) return refuse_foreign_segments();
  const auto withdrawn = files_.withdraw_after(restored);
  if (!withdrawn) return withdrawn.error();
  if (*withdrawn != 0) {
    c.log(log_level::warning, "went back to snapshot " + std::to_string(restored.value) + ": withdrew " +
                                  std::to_string(*withdrawn) + " newer output files, they will be written again");
  }
  return {};
}

/// Nothing is committed before the first snapshot, so what is there belongs to somebody else: mixing would spoil both.
result<void> file_sink::refuse_foreign_segments() const {
  auto found = files_.any_segment();
  if (!found) return found.error();
  if (!*found) return {};
  return user_error(errc::already_exists,
                    "the output folder '" + *path_ + "' holds output of an earlier run ('" + **found +
                        "'), and this run starts from the beginning: give it a new folder in 'path', or the earlier "
                        "run's data directory to go on where that ended");
}

/// Linux forgets the bytes an fsync failed for, and the next fsync succeeds: only going back to the snapshot is safe.
error file_sink::lost_file() const {
  return fatal_error(errc::io_error,
                     "'" + files_.pending_path(pending_) +
                         "' could not be made durable earlier; it has to be written again from the last snapshot");
}

void file_sink::on_record(context&, const record_view& record) {
  if (is_lost_) throw std::runtime_error(lost_file().message);
  // Before the event is taken: when this fails the event is still the caller's, and trying again does not write it
  // twice.
  if (buffer_.size() >= buffer_bytes) {
    if (const auto ok = flush(); !ok) throw std::runtime_error(ok.error().message);
  }
  if (buffer_.empty() && pending_.empty() && *header_ && *format_ == "csv") {
    record_writer::append_header(buffer_, record.schema());
  }
  writer_.append(buffer_, record);
}

result<void> file_sink::open_pending() {
  const auto name = files_.next_pending_name();
  const auto path = files_.pending_path(name);
  fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd_ < 0) return system_failure("cannot make the file", path);
  pending_ = name;
  written_ = 0;
  return {};
}

/// What could not be written stays in the buffer, also after a short write.
result<void> file_sink::flush() {
  if (pending_.empty()) {
    if (auto ok = open_pending(); !ok) return ok;
  }
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const auto n = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      auto failure = system_failure("cannot write", files_.pending_path(pending_));
      buffer_.erase(0, done);
      return failure;
    }
    done += static_cast<std::size_t>(n);
    written_ += static_cast<std::uint64_t>(n);
  }
  buffer_.clear();
  return {};
}

result<std::string> file_sink::prepare(context&, epoch_id epoch) {
  if (buffer_.empty() && pending_.empty()) return std::string{};
  if (auto ok = flush(); !ok) return ok.error();
  if (is_lost_) return lost_file();
  if (::fsync(fd_) != 0) {
    is_lost_ = true;
    return system_failure("cannot make durable", files_.pending_path(pending_));
  }
  if (auto ok = files_.sync_pending_folder(); !ok) return ok.error();
  ::close(fd_);
  fd_ = -1;
  const segment_handle handle{written_, std::move(pending_), files_.final_name(epoch)};
  pending_.clear();
  return handle.text();
}

result<void> file_sink::commit(context&, epoch_id, const std::string& handle) {
  const auto segment = segment_handle::parse(handle);
  if (!segment) return segment.error();
  return files_.commit(*segment);
}

}  // namespace millrace::library
