#include "link/line.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace millrace::transport::link {
namespace {

using namespace std::chrono_literals;

/// What has arrived is acknowledged after so many bytes, or so much time.
constexpr std::size_t acknowledge_bytes = std::size_t{1} << 20U;
constexpr auto acknowledge_delay = 10ms;

}  // namespace

/// Never 0, which means "not known".
std::uint64_t line::random_life() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U | random()) | 1U;
}

line::line(line_surroundings& around, link_peer peer, std::shared_ptr<side> shared, dialled connection,
           clock::time_point now)
    : around_{around},
      peer_{std::move(peer)},
      side_{std::move(shared)},
      connection_{std::move(connection)},
      packer_{around.options.compress},
      own_life_{random_life()},
      departures_{around.options.limits.window_bytes},
      pinged_{now - hello_interval},
      progressed_{now},
      answered_{now},
      redialled_{now},
      redial_after_{redial_min},
      due_{now} {}

// ---- lives

/// Whether messages of this life of the peer count; a new one is adopted.
bool line::meet(std::uint64_t life, clock::time_point now) {
  if (life == peer_life_) return true;
  if (std::ranges::find(retired_, life) != retired_.end()) {
    ++figures_.stale_refused;
    return false;
  }
  if (peer_life_ != 0) {
    retired_[retired_at_++ % retired_.size()] = peer_life_;
    lose("'" + peer_.name + "' was restarted, or gave this link up", life, now);
  } else {
    peer_life_ = life;
    must_ping_ = true;
    answered_ = now;
  }
  figures_.is_reached = true;
  figures_.problem.clear();
  engaged_.reset();
  if (around_.events.on_reached) around_.events.on_reached(peer_.name);
  return true;
}

void line::lose(const std::string& why, std::uint64_t next_peer_life, clock::time_point now) {
  begin_life(next_peer_life, now);
  ++figures_.losses;
  figures_.is_reached = false;
  figures_.problem = why;
  side_->out.begin_life();
  around_.ends.break_all(peer_.name, why);
  side_->publish(figures_);
  if (around_.events.on_lost) around_.events.on_lost(peer_.name, why);
}

/// Forgets everything of the present life of the link.
void line::begin_life(std::uint64_t peer_life, clock::time_point now) {
  peer_life_ = peer_life;
  ready_.clear();
  departures_.reset();
  arrivals_.reset();
  assembler_.reset();
  pings_.clear();
  unacknowledged_bytes_ = 0;
  acknowledge_at_.reset();
  engaged_.reset();
  must_ping_ = true;
  progressed_ = answered_ = now;
}

// ---- what comes in

void line::on_incoming(const message_header& h, std::shared_ptr<message> m, const std::string& route,
                       clock::time_point now) {
  figures_.bytes_received += m->size();
  ++figures_.messages_received;
  due_ = now;
  if (h.kind == message_kind::ping) {
    // Who takes this side for an earlier life of it only hears of the present one: its ping may have been long on its
    // way, and whoever sent it be in another life as well by now.
    const bool knows_life = h.to == 0 || h.to == own_life_;
    if (knows_life && !meet(h.from, now)) return;
    route_ = route;
    answer(message_kind::pong, h.extra, h.from);
    return;
  }
  if (h.kind != message_kind::data) {
    ++figures_.malformed_refused;
    return;
  }
  if (h.from != peer_life_ || h.to != own_life_) {
    ++figures_.stale_refused;
    return;
  }
  route_ = route;
  on_data(h, std::move(m), now);
}

void line::on_data(const message_header& h, std::shared_ptr<message> m, clock::time_point now) {
  const auto bytes = m->size();
  switch (arrivals_.judge(h.number, around_.options.protect.drop_duplicates)) {
    case arrivals::verdict::gap:
      ++figures_.gaps_refused;
      if (arrivals_.is_new_gap()) acknowledge(true);
      return;
    case arrivals::verdict::duplicate:
      ++figures_.duplicates_dropped;
      break;
    case arrivals::verdict::take:
      if (auto taken = take_items(h, std::move(m)); !taken) {
        ++figures_.malformed_refused;
        own_life_ = random_life();
        lose("'" + peer_.name + "' sent what cannot be read: " + taken.error().message, 0, now);
        return;
      }
  }
  unacknowledged_bytes_ += bytes;
  if (unacknowledged_bytes_ >= acknowledge_bytes) {
    acknowledge(false);
  } else if (!acknowledge_at_) {
    acknowledge_at_ = now + acknowledge_delay;
  }
}

result<void> line::take_items(const message_header& h, std::shared_ptr<message> m) {
  const auto body = bytes_view{m->bytes()}.subspan(message_header_bytes);
  const auto take = [this](item_kind kind, arrival item) { return take_item(kind, std::move(item)); };
  if (h.extra == 0) return assembler_.feed(m, body, take);
  auto room = std::make_shared<byte_buffer>();
  const auto unpacked = packer_.unpack(h, body, *room);
  if (!unpacked) return unpacked.error();
  return assembler_.feed(room, *unpacked, take);
}

result<void> line::take_item(item_kind kind, arrival item) {
  if (side_->is_removed.load(std::memory_order_relaxed)) return {};
  if (kind == item_kind::message) {
    if (around_.events.on_message) around_.events.on_message(peer_.name, item.bytes);
  } else if (kind == item_kind::frame) {
    const auto at = read_frame_address(item.bytes);
    if (!at) return at.error();
    if (const auto end = around_.ends.receiver(*at, peer_.name)) {
      end->deliver(std::move(item));
    } else {
      ++figures_.unknown_channels;
    }
  } else {
    const auto credit = read_credit(item.bytes);
    if (!credit) return credit.error();
    if (const auto end = around_.ends.sender(credit->address, peer_.name)) {
      end->add({credit->batches, credit->bytes});
    } else {
      ++figures_.unknown_channels;
    }
  }
  return {};
}

void line::acknowledge(bool is_gap) {
  unacknowledged_bytes_ = 0;
  acknowledge_at_.reset();
  answer(message_kind::ack, is_gap ? 1 : 0, peer_life_);
}

/// Back on the connection the last message came by. When that is gone the peer will ask again on the next.
void line::answer(message_kind kind, std::uint64_t extra, std::uint64_t to) {
  const auto& name = around_.options.name;
  const auto body = kind == message_kind::pong ? as_bytes(name) : bytes_view{};
  byte_buffer bytes;
  write_message_header(
      bytes.extend(message_header_bytes),
      {.kind = kind, .from = own_life_, .to = to, .number = to == peer_life_ ? arrivals_.wanted() : 0, .extra = extra},
      static_cast<std::uint32_t>(body.size()));
  bytes.append(body);
  auto identity = message_of(as_bytes(route_));
  auto m = message_of(bytes.view());
  around_.must_read_router = true;
  if (send_part(around_.router, identity.raw(), ZMQ_SNDMORE)) static_cast<void>(send_part(around_.router, m.raw(), 0));
}

}  // namespace millrace::transport::link
