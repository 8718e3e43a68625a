#include "library/sources/standard_input.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace millrace::library {

/// What can be read without waiting. The descriptor is left as it is: others may share it, a terminal mostly.
class standard_input::pipe_stream final : public byte_stream {
public:
  std::size_t read(std::span<char> to) override {
    pollfd wanted{STDIN_FILENO, POLLIN, 0};
    if (is_closed || ::poll(&wanted, 1, 0) <= 0) return 0;
    const auto n = ::read(STDIN_FILENO, to.data(), to.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
    if (n < 0) fail_input("stdin", "cannot be read: " + std::generic_category().message(errno));
    is_closed = n == 0;
    return static_cast<std::size_t>(n);
  }
  bool seek(std::uint64_t) override { return false; }
  std::uint64_t size() const noexcept override { return 0; }

  bool is_closed = false;
};

standard_input& standard_input::instance() {
  static standard_input one;
  return one;
}

line_reader::record standard_input::next(line_reader::quoting q) {
  if (held_) {
    again_ = std::move(*held_);
    held_.reset();
    return {line_reader::status::record, again_, q == line_reader::quoting::csv};
  }
  if (reader_ == nullptr) {
    auto pipe = std::make_unique<pipe_stream>();
    pipe_ = pipe.get();
    reader_ = std::make_unique<line_reader>("stdin", std::move(pipe), q, line_reader::ending::waits);
  }
  auto r = reader_->next();
  if (r.what != line_reader::status::end || !pipe_->is_closed) return r;
  reader_->finish();
  r = reader_->next();
  is_over_ = r.what == line_reader::status::end;
  return r;
}

}  // namespace millrace::library
