#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "link/waker.hpp"
#include "link/wire.hpp"
#include "millrace/bytes.hpp"
#include "millrace/error.hpp"
#include "millrace/transport/link_hub.hpp"

namespace millrace::transport::link {

/// What an encoder leaves free in front of a frame, so that the frame need not be copied to become a link message.
inline constexpr std::size_t frame_headroom = message_header_bytes + item_prefix_bytes;

/// Buffers of frames that were sent, for those to come: the allocator would give their pages back and take them again,
/// which costs more than what is written into them. Thread: any.
class buffer_pool {
public:
  [[nodiscard]] byte_buffer take();
  void give(byte_buffer b);

private:
  static constexpr std::size_t bytes_max = std::size_t{8} << 20U;

  std::mutex mutex_;
  std::vector<byte_buffer> free_;
  std::size_t bytes_ = 0;
};

/// A link message in the making: room for its header, then whole items. One of more than `message_bytes_max` holds one
/// item and is sent in pieces.
///
/// `is_written` orders the writes before ZeroMQ's thread frees the block, as ZeroMQ does by means a thread sanitizer
/// does not see.
struct block {
  byte_buffer bytes{};
  std::size_t control_messages = 0;
  std::size_t control_bytes = 0;
  bool takes_more = false;
  std::atomic<bool> is_written{false};
  std::shared_ptr<buffer_pool> home{};  ///< of `bytes`; may be none
};

/// What waits for the hub's thread to be sent to one peer, in order. Small items are put together here; a large frame
/// keeps the buffer it was encoded into.
///
/// A life begins with each loss of the peer: what an earlier one queued is gone, what its senders bring is swallowed.
/// Thread: any; `take` and `begin_life`: hub.
class outbox {
public:
  outbox(std::shared_ptr<waker> hub, const link_limits& limits) : hub_{std::move(hub)}, limits_{limits} {}

  [[nodiscard]] std::uint64_t life() const;

  /// `encoded`: `frame_headroom` bytes, then the frame. The buffer is taken when it is large, else it can be used
  /// again.
  void push_frame(std::uint64_t life, byte_buffer& encoded);
  /// An empty buffer, with the room of an earlier frame if there is one.
  [[nodiscard]] byte_buffer take_buffer() { return pool_->take(); }
  void push_credit(std::uint64_t life, const credit_item& credit);
  /// Error (`limit_exceeded`): too much waits, or the message is too large.
  [[nodiscard]] result<void> push_message(const byte_buffer& message);

  /// Moves up to `most` blocks to the end of `out`.
  void take(std::vector<std::unique_ptr<block>>& out, std::size_t most);
  void begin_life();
  /// Everything is swallowed from now on.
  void close();

  [[nodiscard]] bool is_empty() const noexcept { return bytes_.load(std::memory_order_relaxed) == 0; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

private:
  /// The block the next `bytes` of items go into.
  block& open_block(std::size_t bytes);
  std::byte* add_item(item_kind kind, std::size_t bytes);
  void clear();

  const std::shared_ptr<waker> hub_;
  const std::shared_ptr<buffer_pool> pool_ = std::make_shared<buffer_pool>();
  const link_limits limits_;
  mutable std::mutex mutex_;
  std::deque<std::unique_ptr<block>> blocks_;
  std::atomic<std::uint64_t> bytes_{0};
  std::size_t control_messages_ = 0;
  std::size_t control_bytes_ = 0;
  std::uint64_t life_ = 1;
  bool is_closed_ = false;
};

}  // namespace millrace::transport::link
