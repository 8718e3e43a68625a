#include "library/sinks/segment_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "library/system_error.hpp"
#include "millrace/engine/fault_point.hpp"

namespace millrace::library {

void segment_writer::swap(segment_writer& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(buffer_, other.buffer_);
  std::swap(packed_, other.packed_);
  std::swap(begun, other.begun);
  std::swap(pending_, other.pending_);
  std::swap(fd_, other.fd_);
  std::swap(written_, other.written_);
}

result<void> segment_writer::open(segment_files& files) {
  const bool is_new = pending_.empty();
  const auto name = is_new ? files.next_pending_name() : pending_;
  const auto path = files.pending_path(name);
  fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | (is_new ? O_CREAT | O_EXCL : O_APPEND), 0644);
  if (fd_ < 0) return system_failure(is_new ? "cannot make the file" : "cannot open the file", path);
  pending_ = name;
  return {};
}

result<void> segment_writer::flush(segment_files& files, packer* p) {
  if (p == nullptr) return write_out(buffer_, files);
  if (auto ok = write_out(packed_, files); !ok) return ok;
  if (buffer_.empty()) return {};
  p->pack(buffer_, packed_);
  buffer_.clear();
  return write_out(packed_, files);
}

result<void> segment_writer::write_out(std::string& bytes, segment_files& files) {
  if (bytes.empty()) return {};
  if (fd_ < 0) {
    if (auto ok = open(files); !ok) return ok;
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto wanted = bytes.size() - done;
    if (engine::fault_point("sink.piece") == engine::fault_action::half) wanted -= wanted / 2;
    const auto n = ::write(fd_, bytes.data() + done, wanted);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      auto failure = system_failure("cannot write", files.pending_path(pending_));
      bytes.erase(0, done);
      return failure;
    }
    done += static_cast<std::size_t>(n);
    written_ += static_cast<std::uint64_t>(n);
  }
  bytes.clear();
  return {};
}

result<void> segment_writer::sync(const segment_files& files) {
  const auto path = files.pending_path(pending_);
  if (fd_ < 0) fd_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0 || ::fsync(fd_) != 0) return system_failure("cannot make durable", path);
  return {};
}

void segment_writer::rest() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

segment_handle segment_writer::finish() {
  rest();
  return {std::exchange(written_, 0), std::exchange(pending_, {}), folder_};
}

}  // namespace millrace::library
