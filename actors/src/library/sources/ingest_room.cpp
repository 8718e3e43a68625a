#include "library/sources/ingest_room.hpp"

namespace millrace::library {

namespace {

// Clients that wait for one request. More than a few are no retries.
constexpr std::size_t waiting_max = 16;

}  // namespace

ingest_room::looked_up ingest_room::look_up(const text_digest& key, std::uint64_t body_digest,
                                            const http_reply& reply) {
  const std::lock_guard lock{mutex_};
  // First those on their way: their keys may be among the others already, but nothing is durable yet.
  if (const auto at = on_their_way_.find(key); at != on_their_way_.end()) {
    auto& r = *at->second;
    if (r.body_digest != body_digest) return {repeat::other_body, {}};
    if (r.waiting.size() >= waiting_max) return {repeat::too_many, {}};
    r.waiting.push_back(reply);
    return {repeat::joined, {}};
  }
  const auto known = keys_.find(key);
  if (!known) return {};
  return {known->body == body_digest ? repeat::answered : repeat::other_body, *known};
}

bool ingest_room::is_full() const {
  const std::lock_guard lock{mutex_};
  return is_full_locked();
}

bool ingest_room::is_full_locked() const noexcept {
  return level_.events >= limits_.events || level_.bytes >= limits_.bytes;
}

/// The last one in may go beyond: what one request can hold is bounded as well.
bool ingest_room::offer(std::unique_ptr<ingest_request> request, const http_reply& reply) {
  {
    const std::lock_guard lock{mutex_};
    if (is_full_locked()) return false;
    request->waiting.push_back(reply);
    request->expires = std::chrono::steady_clock::now() + limits_.wait;
    ++level_.requests;
    level_.events += request->stored() + request->rejected();
    level_.bytes += request->bytes;
    if (request->key) on_their_way_[*request->key] = request.get();
    waiting_.push_back(std::move(request));
  }
  filled_.notify_one();
  return true;
}

std::vector<std::unique_ptr<ingest_request>> ingest_room::take(std::size_t events_max, std::size_t bytes_max,
                                                               std::chrono::milliseconds wait) {
  std::vector<std::unique_ptr<ingest_request>> taken;
  std::unique_lock lock{mutex_};
  filled_.wait_for(lock, wait, [&] { return !waiting_.empty(); });
  const auto now = std::chrono::steady_clock::now();
  std::size_t events = 0;
  std::size_t bytes = 0;
  while (!waiting_.empty()) {
    auto& first = waiting_.front();
    if (first->expires < now) {
      leave(*first);
      for (const auto& w : first->waiting) w.send(http_refusal(503, "not stored: no time for it; send it again"));
      waiting_.pop_front();
      continue;
    }
    events += first->stored() + first->rejected();
    bytes += first->bytes;
    if (!taken.empty() && (events > events_max || bytes > bytes_max)) break;
    taken.push_back(std::move(first));
    waiting_.pop_front();
  }
  return taken;
}

void ingest_room::remember(const ingest_request& taken, processing_time now) {
  if (!taken.key) return;
  const std::lock_guard lock{mutex_};
  keys_.add(*taken.key, {taken.body_digest, taken.stored(), taken.rejected()}, now);
}

void ingest_room::settle(ingest_request& taken) {
  const std::lock_guard lock{mutex_};
  leave(taken);
}

void ingest_room::leave(ingest_request& r) {
  --level_.requests;
  level_.events -= r.stored() + r.rejected();
  level_.bytes -= r.bytes;
  if (r.key) on_their_way_.erase(*r.key);
}

void ingest_room::encode_keys(msgpack::writer& out) const {
  const std::lock_guard lock{mutex_};
  keys_.encode(out);
}

bool ingest_room::decode_keys(msgpack::reader& in) {
  const std::lock_guard lock{mutex_};
  return keys_.decode(in);
}

ingest_room::level ingest_room::now() const {
  const std::lock_guard lock{mutex_};
  return level_;
}

}  // namespace millrace::library
