#include "link/outbox.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace millrace::transport::link {
namespace {

/// A frame of this size travels by itself, without being copied.
constexpr std::size_t large_bytes = std::size_t{16} << 10U;
/// Small items share a link message up to this size.
constexpr std::size_t block_bytes = std::size_t{64} << 10U;

}  // namespace

byte_buffer buffer_pool::take() {
  const std::lock_guard lock{mutex_};
  if (free_.empty()) return {};
  auto b = std::move(free_.back());
  free_.pop_back();
  bytes_ -= b.capacity();
  return b;
}

void buffer_pool::give(byte_buffer b) {
  const std::lock_guard lock{mutex_};
  if (bytes_ + b.capacity() > bytes_max) return;
  bytes_ += b.capacity();
  b.clear();
  free_.push_back(std::move(b));
}

std::uint64_t outbox::life() const {
  const std::lock_guard lock{mutex_};
  return life_;
}

block& outbox::open_block(std::size_t bytes) {
  const bool fits =
      !blocks_.empty() && blocks_.back()->takes_more && blocks_.back()->bytes.size() + bytes <= block_bytes;
  if (!fits) {
    auto& added = *blocks_.emplace_back(std::make_unique<block>());
    added.takes_more = true;
    added.bytes.reserve(message_header_bytes + std::max<std::size_t>(bytes, 1024));
    added.bytes.extend(message_header_bytes);
  }
  return *blocks_.back();
}

std::byte* outbox::add_item(item_kind kind, std::size_t bytes) {
  auto* const at = open_block(item_prefix_bytes + bytes).bytes.extend(item_prefix_bytes + bytes);
  write_item_prefix(at, kind, static_cast<std::uint32_t>(bytes));
  bytes_.fetch_add(item_prefix_bytes + bytes, std::memory_order_relaxed);
  return at + item_prefix_bytes;
}

void outbox::push_frame(std::uint64_t life, byte_buffer& encoded) {
  const auto bytes = encoded.size() - frame_headroom;
  {
    const std::lock_guard lock{mutex_};
    if (is_closed_ || life != life_) return;
    if (bytes < large_bytes) {
      std::memcpy(add_item(item_kind::frame, bytes), encoded.data() + frame_headroom, bytes);
    } else {
      write_item_prefix(encoded.data() + message_header_bytes, item_kind::frame, static_cast<std::uint32_t>(bytes));
      bytes_.fetch_add(item_prefix_bytes + bytes, std::memory_order_relaxed);
      auto& added = *blocks_.emplace_back(std::make_unique<block>());
      added.bytes = std::move(encoded);
      added.home = pool_;
    }
  }
  hub_->call();
}

void outbox::push_credit(std::uint64_t life, const credit_item& credit) {
  {
    const std::lock_guard lock{mutex_};
    if (is_closed_ || life != life_) return;
    write_credit(add_item(item_kind::credit, credit_item_bytes), credit);
  }
  hub_->call();
}

result<void> outbox::push_message(const byte_buffer& message) {
  if (message.size() > control_item_bytes_max) {
    return user_error(errc::limit_exceeded, "a message of " + std::to_string(message.size()) +
                                                " bytes does not fit on a link: send it in parts of at most " +
                                                std::to_string(control_item_bytes_max));
  }
  {
    const std::lock_guard lock{mutex_};
    if (is_closed_) return {};
    if (control_messages_ >= limits_.control_messages_max ||
        control_bytes_ + message.size() > limits_.control_bytes_max) {
      return retryable_error(errc::limit_exceeded, std::to_string(control_messages_) + " messages of " +
                                                       std::to_string(control_bytes_) +
                                                       " bytes wait for the peer already: it is slow or not reached");
    }
    std::memcpy(add_item(item_kind::message, message.size()), message.data(), message.size());
    ++blocks_.back()->control_messages;
    blocks_.back()->control_bytes += message.size();
    ++control_messages_;
    control_bytes_ += message.size();
  }
  hub_->call();
  return {};
}

void outbox::take(std::vector<std::unique_ptr<block>>& out, std::size_t most) {
  const std::lock_guard lock{mutex_};
  for (; most > 0 && !blocks_.empty(); --most) {
    auto& taken = out.emplace_back(std::move(blocks_.front()));
    blocks_.pop_front();
    control_messages_ -= taken->control_messages;
    control_bytes_ -= taken->control_bytes;
    bytes_.fetch_sub(taken->bytes.size() - message_header_bytes, std::memory_order_relaxed);
  }
}

void outbox::begin_life() {
  const std::lock_guard lock{mutex_};
  clear();
  ++life_;
}

void outbox::close() {
  const std::lock_guard lock{mutex_};
  clear();
  is_closed_ = true;
}

void outbox::clear() {
  blocks_.clear();
  control_messages_ = 0;
  control_bytes_ = 0;
  bytes_.store(0, std::memory_order_relaxed);
}

}  // namespace millrace::transport::link
