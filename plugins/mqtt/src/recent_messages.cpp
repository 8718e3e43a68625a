#include "recent_messages.hpp"

#include <algorithm>

#include "millrace/bytes.hpp"
#include "millrace/crc32c.hpp"

namespace millrace::mqtt {

recent_messages::message recent_messages::of(std::uint16_t number, std::string_view topic, std::string_view payload) {
  return {number, crc32c(as_bytes(payload), crc32c(as_bytes(topic)))};
}

bool recent_messages::has(std::uint16_t number, std::string_view topic, std::string_view payload) const {
  return std::ranges::find(known_, of(number, topic, payload)) != known_.end();
}

void recent_messages::add(std::uint16_t number, std::string_view topic, std::string_view payload) {
  if (known_.size() == remembered_max) known_.pop_front();
  known_.push_back(of(number, topic, payload));
}

void recent_messages::forget(std::uint16_t number) {
  std::erase_if(known_, [&](const message& m) { return m.number == number; });
}

void recent_messages::save(msgpack::writer& out) const {
  out.array(static_cast<std::uint32_t>(2 * known_.size()));
  for (const auto& m : known_) {
    out.integer(m.number);
    out.integer(m.sum);
  }
}

bool recent_messages::load(msgpack::reader& in) {
  known_.clear();
  std::uint32_t n = 0;
  if (!in.array(n) || n % 2 != 0 || n > 2 * remembered_max) return false;
  for (std::uint32_t i = 0; i < n; i += 2) {
    message m;
    if (!in.integer(m.number) || !in.integer(m.sum)) return false;
    known_.push_back(m);
  }
  return true;
}

}  // namespace millrace::mqtt
