#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "connection_gate.hpp"

namespace millrace::transport {

/// A connection from outside and the one to the socket behind the gate, and the bytes on their way between them.
/// Thread: the gate's.
class connection_gate::passage {
public:
  using clock = std::chrono::steady_clock;
  /// Owns both descriptors.
  passage(int outer, int inner, clock::time_point now) : outer_{outer}, inner_{inner}, begun_{now} {}
  ~passage();
  passage(const passage&) = delete;
  passage& operator=(const passage&) = delete;

  /// What to wait for: of the outer and the inner end.
  [[nodiscard]] std::array<pollfd, 2> wants() const noexcept;
  /// Moves what can be moved. False when the connection is over.
  [[nodiscard]] bool work();
  [[nodiscard]] bool is_pending() const noexcept { return !is_through_; }
  [[nodiscard]] bool is_out_of_bounds(clock::time_point now) const noexcept;

private:
  struct direction {
    std::string waiting{};  // read and not written yet
    bool is_ended = false;  // nothing more will be read
  };
  [[nodiscard]] bool move(int from, int to, direction& d);
  void look_at_answer(const char* bytes, std::size_t size);

  const int outer_;
  const int inner_;
  const clock::time_point begun_;
  direction in_;
  direction out_;
  std::size_t received_ = 0;  // from outside, while pending
  std::string heard_{};       // the server's first bytes, until they say what became of the handshake
  bool is_through_ = false;
};

}  // namespace millrace::transport
