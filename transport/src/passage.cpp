#include "passage.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace millrace::transport {

namespace {

constexpr std::size_t waiting_bytes_max = std::size_t{64} << 10U;
// ZMTP 3: a greeting of 64 bytes, then commands: flags (4: command, 2: its length has eight bytes), length, and the
// name behind a byte with the name's length. https://rfc.zeromq.org/spec/23/
constexpr std::size_t greeting_bytes = 64;
constexpr unsigned long_flag = 2;
constexpr std::string_view ready{"\5READY"};
/// Greeting, WELCOME and the beginning of READY.
constexpr std::size_t heard_bytes_max = 512;

}  // namespace

connection_gate::passage::~passage() {
  ::close(outer_);
  ::close(inner_);
}

std::array<pollfd, 2> connection_gate::passage::wants() const noexcept {
  const auto of = [](const direction& from_here, const direction& to_here) {
    const bool reads = !from_here.is_ended && from_here.waiting.size() < waiting_bytes_max;
    return static_cast<short>((reads ? POLLIN : 0) | (to_here.waiting.empty() ? 0 : POLLOUT));
  };
  return {{{outer_, of(in_, out_), 0}, {inner_, of(out_, in_), 0}}};
}

bool connection_gate::passage::work() {
  if (!move(outer_, inner_, in_) || !move(inner_, outer_, out_)) return false;
  // What the server said last, as that the key is not known, has gone out above.
  return !in_.is_ended && !out_.is_ended;
}

bool connection_gate::passage::is_out_of_bounds(clock::time_point now) const noexcept {
  return !is_through_ && (now - begun_ >= pending_time_max || received_ > pending_bytes_max);
}

/// False when an end is broken.
bool connection_gate::passage::move(int from, int to, direction& d) {
  if (!d.is_ended && d.waiting.size() < waiting_bytes_max) {
    std::array<char, 16'384> bytes;  // NOLINT: filled by recv
    const auto most = std::min(bytes.size(), waiting_bytes_max - d.waiting.size());
    const auto size = ::recv(from, bytes.data(), most, MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EINTR) return false;
    d.is_ended = size == 0;
    if (size > 0) {
      const auto count = static_cast<std::size_t>(size);
      d.waiting.append(bytes.data(), count);
      if (!is_through_ && &d == &in_) received_ += count;
      if (!is_through_ && &d == &out_) look_at_answer(bytes.data(), count);
    }
  }
  if (d.waiting.empty()) return true;
  const auto written = ::send(to, d.waiting.data(), d.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written < 0) return errno == EAGAIN || errno == EINTR;
  d.waiting.erase(0, static_cast<std::size_t>(written));
  return true;
}

/// The server's commands can be read until messages follow; READY says that the client's key is good.
void connection_gate::passage::look_at_answer(const char* bytes, std::size_t size) {
  heard_.append(bytes, std::min(size, heard_bytes_max - heard_.size()));
  std::string_view rest{heard_};
  if (rest.size() <= greeting_bytes) return;
  rest.remove_prefix(greeting_bytes);
  while (rest.size() > 1 + 8 + ready.size()) {
    const bool is_long = (static_cast<unsigned char>(rest[0]) & long_flag) != 0;
    const std::size_t head = is_long ? 9 : 2;
    std::size_t length = 0;
    for (std::size_t i = 1; i < head; ++i) length = length << 8U | static_cast<unsigned char>(rest[i]);
    is_through_ = rest.substr(head).starts_with(ready);
    if (is_through_ || length >= rest.size() - head) return;
    rest.remove_prefix(head + length);
  }
}

}  // namespace millrace::transport
