#include <algorithm>
#include <utility>

#include "link/line.hpp"

/// The part of a line that sends: what comes back, what goes out, and what time asks for.
namespace millrace::transport::link {
namespace {

using namespace std::chrono_literals;

/// Blocks taken from the outbox under one lock.
constexpr std::size_t blocks_per_drain = 64;
/// Messages handed to the socket before others get their turn.
constexpr int messages_per_turn = 64;
constexpr auto keep_alive_max = 2s;
/// Bounds of how long an acknowledgement may take before it is asked for, beside three times the round trip.
constexpr auto patience_min = 200ms;
constexpr auto patience_max = 2s;
constexpr std::size_t pings_max = 64;
constexpr auto check_interval = 50ms;
constexpr auto redial_max = 8s;

}  // namespace

// ---- what comes back

bool line::may_sleep() noexcept {
  if (is_blocked_ && has_room(connection_.socket()))
    is_blocked_ = false;
  else if (!must_read_)
    return true;
  must_read_ = true;
  return false;
}

void line::wake() noexcept {
  must_read_ = true;
  if (is_blocked_ && has_room(connection_.socket())) is_blocked_ = false;
}

std::array<int, 2> line::descriptors() const noexcept {
  return {descriptor_of(connection_.socket()), descriptor_of(connection_.monitor())};
}

bool line::read_answers(clock::time_point now) {
  if (!must_read_) return false;
  read_news(now);
  must_read_ = false;
  bool any = false;
  for (message m; receive_part(connection_.socket(), m.raw()); any = true) {
    const bool is_whole = zmq_msg_more(m.raw()) == 0;
    const auto header = read_message_header(m.bytes());
    figures_.bytes_received += m.size();
    if (is_whole && header) {
      on_answer(*header, now);
    } else {
      ++figures_.malformed_refused;
      if (!header) figures_.problem = header.error().message;
    }
  }
  if (any) due_ = now;
  return any;
}

void line::on_answer(const message_header& h, clock::time_point now) {
  if (h.kind != message_kind::pong && h.kind != message_kind::ack) {
    ++figures_.malformed_refused;
    return;
  }
  if (h.to != own_life_ || (h.kind == message_kind::ack && h.from != peer_life_)) {
    ++figures_.stale_refused;
    return;
  }
  if (!meet(h.from, now)) return;
  answered_ = now;
  const auto before = departures_.first();
  if (!departures_.acknowledge(h.number)) {
    ++figures_.malformed_refused;
    return;
  }
  if (departures_.first() != before) progressed_ = now;
  if (h.kind == message_kind::pong) {
    on_pong(h, now);
  } else if (h.extra == 1) {
    go_back();
  }
}

/// A ping travels behind the data that was sent before it: what the answer does not count has been lost.
void line::on_pong(const message_header& h, clock::time_point now) {
  while (!pings_.empty() && pings_.front().id < h.extra) pings_.pop_front();
  if (pings_.empty() || pings_.front().id != h.extra) return;
  const auto asked = pings_.front();
  pings_.pop_front();
  constexpr int smoothing = 8;
  const auto took = now - asked.at;
  round_trip_ = round_trip_ == clock::duration{} ? took : round_trip_ + (took - round_trip_) / smoothing;
  figures_.round_trip = std::chrono::duration_cast<std::chrono::microseconds>(round_trip_);
  if (h.number < asked.sent_up_to && asked.episode == departures_.episodes()) go_back();
}

void line::go_back() {
  if (around_.options.protect.resend) departures_.go_back();
}

void line::read_news(clock::time_point now) {
  for (auto news = next_news(connection_.monitor()); news != connection_news::none;
       news = next_news(connection_.monitor())) {
    is_connected_ = news == connection_news::made;
    redialled_ = now;
    if (is_connected_) {
      ++figures_.connections;
      must_ping_ = true;
      is_blocked_ = false;
      redial_after_ = redial_min;
    } else if (news == connection_news::refused) {
      figures_.problem =
          peer_.address + " refuses this node, or is not who it should be: each must know the other's public key";
    }
    due_ = now;
  }
}

// ---- what goes out

bool line::flush(clock::time_point now) {
  if (is_blocked_ || (must_ping_ && !send_ping(now))) return false;
  bool any = false;
  for (int i = 0; i < messages_per_turn; ++i) {
    if (departures_.due() == nullptr && !make_messages()) break;
    if (!send_due(now)) break;
    any = true;
  }
  if (any) due_ = now;
  return any;
}

/// New messages out of what waits, when the peer's life is known and the window has room. False: there are none.
bool line::make_messages() {
  if (peer_life_ == 0 || !departures_.has_room()) return false;
  if (ready_.empty()) {
    if (side_->out.is_empty()) return false;
    side_->out.take(ready_, blocks_per_drain);
    std::ranges::reverse(ready_);
  }
  if (ready_.empty()) return false;
  auto taken = std::move(ready_.back());
  ready_.pop_back();
  packer_.pack(std::move(taken), {.kind = message_kind::data, .from = own_life_, .to = peer_life_}, departures_,
               figures_);
  return true;
}

bool line::send_due(clock::time_point now) {
  auto* const kept = departures_.due();
  message copy;
  zmq_msg_copy(copy.raw(), kept->raw());
  const auto bytes = kept->size();
  must_read_ = true;
  is_blocked_ = !send_part(connection_.socket(), copy.raw(), 0);
  if (is_blocked_) return false;
  if (departures_.cursor() == departures_.first()) progressed_ = now;
  figures_.bytes_sent += bytes;
  ++figures_.messages_sent;
  if (departures_.sent()) ++figures_.messages_resent;
  return true;
}

bool line::send_ping(clock::time_point now) {
  const auto& name = around_.options.name;
  byte_buffer bytes;
  write_message_header(bytes.extend(message_header_bytes),
                       {.kind = message_kind::ping,
                        .from = own_life_,
                        .to = peer_life_,
                        .number = departures_.cursor(),
                        .extra = ping_id_ + 1},
                       static_cast<std::uint32_t>(name.size()));
  bytes.append(as_bytes(name));
  auto m = message_of(bytes.view());
  must_read_ = true;
  is_blocked_ = !send_part(connection_.socket(), m.raw(), 0);
  if (is_blocked_) return false;
  must_ping_ = false;
  pinged_ = now;
  pings_.push_back({++ping_id_, departures_.cursor(), departures_.episodes(), now});
  if (pings_.size() > pings_max) pings_.pop_front();
  return true;
}

// ---- time

line::clock::duration line::patience() const noexcept {
  return std::clamp<clock::duration>(3 * round_trip_, patience_min, patience_max);
}

bool line::wants_ping(clock::time_point now) const {
  if (must_ping_) return true;
  const auto since = now - pinged_;
  if (peer_life_ == 0) return since >= hello_interval;
  const bool waits = departures_.cursor() > departures_.first();
  if (waits && since >= patience() && now - progressed_ >= patience()) return true;
  return since >= std::min<clock::duration>(keep_alive_max, around_.options.lost_after / 4);
}

void line::tick(clock::time_point now) {
  if (now < due_) return;
  if (acknowledge_at_ && *acknowledge_at_ <= now) acknowledge(false);
  redial_if_needed(now);
  if (wants_ping(now) && !is_blocked_) static_cast<void>(send_ping(now));
  give_up_if_silent(now);
  figures_.bytes_unacknowledged = departures_.bytes();
  side_->publish(figures_);
  plan(now);
}

void line::give_up_if_silent(clock::time_point now) {
  const auto limit = around_.options.lost_after;
  const auto seconds = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
  if (peer_life_ != 0) {
    if (now - answered_ <= limit) return;
    own_life_ = random_life();
    lose("'" + peer_.name + "' has not answered for " + seconds + " ms", 0, now);
    return;
  }
  if (side_->out.is_empty() && !around_.ends.has_any(peer_.name)) {
    engaged_.reset();
  } else if (!engaged_) {
    engaged_ = now;
  } else if (now - *engaged_ > limit) {
    own_life_ = random_life();
    lose("'" + peer_.name + "' at " + peer_.address + " has not been reached for " + seconds + " ms", 0, now);
  }
}

/// ZeroMQ does not dial again where it was refused, and notices no connection that carries nothing and is not reset.
void line::redial_if_needed(clock::time_point now) {
  if (!is_connected_) read_news(now);  // it may have been made just now, and have carried data since
  const auto since = now - redialled_;
  const auto limit = around_.options.lost_after / 2;
  const bool is_mute = is_connected_ && peer_life_ != 0 && now - answered_ > limit && since > limit;
  if (!is_mute && (is_connected_ || since < redial_after_)) return;
  redial_after_ = std::min<clock::duration>(2 * redial_after_, redial_max);
  redialled_ = now;
  auto again = dial(around_.context, around_.options.keys, peer_);
  if (!again) {
    figures_.problem = again.error().message;
    return;
  }
  connection_ = std::move(*again);
  is_connected_ = false;
  is_blocked_ = false;
  must_read_ = true;
  must_ping_ = true;
}

void line::plan(clock::time_point now) {
  due_ = now + hello_interval;
  if (acknowledge_at_) due_ = std::min(due_, *acknowledge_at_);
  if (departures_.cursor() > departures_.first()) due_ = std::min(due_, now + check_interval);
}

}  // namespace millrace::transport::link
