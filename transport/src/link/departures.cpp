#include "link/departures.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace millrace::transport::link {
namespace {

/// ZeroMQ's free function: on any of its threads, or on the hub's.
void free_block(void*, void* hint) {
  const std::unique_ptr<block> freed{static_cast<block*>(hint)};
  static_cast<void>(freed->is_written.load(std::memory_order_acquire));
  if (freed->home) freed->home->give(std::move(freed->bytes));
}

}  // namespace

kept_message message_of(std::unique_ptr<block> b) {
  kept_message m;
  auto* const data = b->bytes.data();
  const auto size = b->bytes.size();
  b->is_written.store(true, std::memory_order_release);  // behind every other access
  if (zmq_msg_init_data(m.raw(), data, size, free_block, b.get()) != 0) {
    zmq_msg_init(m.raw());
    throw std::bad_alloc{};  // the only way ZeroMQ can fail here
  }
  static_cast<void>(b.release());
  return m;
}

kept_message message_of(bytes_view bytes) {
  kept_message m;
  if (zmq_msg_init_size(m.raw(), bytes.size()) != 0) {
    zmq_msg_init(m.raw());
    throw std::bad_alloc{};
  }
  std::memcpy(zmq_msg_data(m.raw()), bytes.data(), bytes.size());
  return m;
}

void departures::add(kept_message m) {
  bytes_ += m.size();
  kept_.push_back(std::move(m));
}

kept_message* departures::due() noexcept {
  return cursor_ < next() ? &kept_[static_cast<std::size_t>(cursor_ - first_)] : nullptr;
}

bool departures::sent() noexcept {
  ++cursor_;
  if (cursor_ <= sent_before_) return true;
  sent_before_ = cursor_;
  return false;
}

bool departures::acknowledge(std::uint64_t number) noexcept {
  if (number > sent_before_) return false;
  for (; first_ < number; ++first_) {
    bytes_ -= kept_.front().size();
    kept_.pop_front();
  }
  cursor_ = std::max(cursor_, first_);
  return true;
}

void departures::go_back() noexcept {
  cursor_ = first_;
  ++episodes_;
}

void departures::reset() noexcept {
  kept_.clear();
  first_ = cursor_ = sent_before_ = 0;
  bytes_ = 0;
  ++episodes_;
}

}  // namespace millrace::transport::link
