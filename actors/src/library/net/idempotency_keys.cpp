#include "library/net/idempotency_keys.hpp"

#include <xxhash.h>

#include <cstring>
#include <span>
#include <vector>

namespace millrace::library {

namespace {

struct stored_item {
  std::uint64_t high;
  std::uint64_t low;
  std::int64_t at_ns;
  std::uint64_t body;
  std::uint32_t stored;
  std::uint32_t rejected;
};
static_assert(sizeof(stored_item) == 40);

}  // namespace

text_digest digest_of(std::string_view text) noexcept {
  const auto h = XXH3_128bits(text.data(), text.size());
  return {h.high64, h.low64};
}

std::optional<kept_answer> idempotency_keys::find(const text_digest& key) const {
  const auto at = answers_.find(key);
  if (at == answers_.end()) return std::nullopt;
  return at->second;
}

void idempotency_keys::add(const text_digest& key, const kept_answer& answer, processing_time now) {
  while (!order_.empty() && now.ns - order_.front().at_ns > age_max_.count()) drop_oldest();
  if (count_max_ == 0 || !answers_.emplace(key, answer).second) return;
  order_.push_back({key, now.ns});
  if (order_.size() > count_max_) drop_oldest();
}

void idempotency_keys::drop_oldest() {
  answers_.erase(order_.front().key);
  order_.pop_front();
}

void idempotency_keys::encode(msgpack::writer& out) const {
  std::vector<stored_item> block;
  block.reserve(order_.size());
  for (const auto& i : order_) {
    const auto& a = answers_.at(i.key);
    block.push_back({i.key.high, i.key.low, i.at_ns, a.body, a.stored, a.rejected});
  }
  out.binary(std::as_bytes(std::span{block}));
}

bool idempotency_keys::decode(msgpack::reader& in) {
  bytes_view block;
  if (!in.binary(block) || block.size() % sizeof(stored_item) != 0) return false;
  answers_.clear();
  order_.clear();
  for (; !block.empty(); block = block.subspan(sizeof(stored_item))) {
    stored_item i;
    std::memcpy(&i, block.data(), sizeof i);
    add({i.high, i.low}, {i.body, i.stored, i.rejected}, {i.at_ns});
  }
  return true;
}

}  // namespace millrace::library
