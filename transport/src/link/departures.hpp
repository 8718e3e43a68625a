#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "link/outbox.hpp"
#include "zmq_handle.hpp"

namespace millrace::transport::link {

/// A ZeroMQ message that can be moved, and copied by reference.
class kept_message {
public:
  kept_message() noexcept { zmq_msg_init(&raw_); }
  kept_message(kept_message&& other) noexcept : kept_message{} { zmq_msg_move(&raw_, &other.raw_); }
  kept_message& operator=(kept_message&& other) noexcept {
    zmq_msg_move(&raw_, &other.raw_);
    return *this;
  }
  ~kept_message() { zmq_msg_close(&raw_); }

  [[nodiscard]] zmq_msg_t* raw() noexcept { return &raw_; }
  [[nodiscard]] std::size_t size() const noexcept { return zmq_msg_size(&raw_); }

private:
  zmq_msg_t raw_;
};

/// The bytes of a block become a message's without being copied. Throws std::bad_alloc.
[[nodiscard]] kept_message message_of(std::unique_ptr<block> b);
[[nodiscard]] kept_message message_of(bytes_view bytes);

/// The data messages of one direction in one life, from when they get their number until they are acknowledged.
///
/// Go-back-N: what was lost is known by the first number that is missing, and everything from there is sent again,
/// since the receiver keeps nothing that comes behind a gap. Pure but for the messages it owns. Thread: hub.
class departures {
public:
  explicit departures(std::size_t window_bytes) noexcept : window_bytes_{window_bytes} {}

  /// The number the next one added gets.
  [[nodiscard]] std::uint64_t next() const noexcept { return first_ + kept_.size(); }
  [[nodiscard]] bool has_room() const noexcept { return bytes_ < window_bytes_ && kept_.size() < messages_max; }
  void add(kept_message m);

  /// The message to hand to the socket; nullptr: none. `sent` says it was.
  [[nodiscard]] kept_message* due() noexcept;
  /// True: it was not the first time.
  bool sent() noexcept;
  /// Number of `due`: what has been handed over goes up to it.
  [[nodiscard]] std::uint64_t cursor() const noexcept { return cursor_; }

  [[nodiscard]] bool is_all_acknowledged() const noexcept { return kept_.empty(); }
  [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Everything before `number` has arrived. False: such a number was never sent.
  [[nodiscard]] bool acknowledge(std::uint64_t number) noexcept;
  /// Sends again from the first one that has not arrived. Each time is an episode of its own, see `episodes`.
  void go_back() noexcept;
  [[nodiscard]] std::uint64_t episodes() const noexcept { return episodes_; }

  void reset() noexcept;

private:
  static constexpr std::size_t messages_max = 16'384;

  const std::size_t window_bytes_;
  std::deque<kept_message> kept_;
  std::uint64_t first_ = 0;        ///< number of kept_.front()
  std::uint64_t cursor_ = 0;       ///< number of the next to hand over
  std::uint64_t sent_before_ = 0;  ///< what lies before has been handed over at least once
  std::size_t bytes_ = 0;
  std::uint64_t episodes_ = 0;
};

}  // namespace millrace::transport::link
