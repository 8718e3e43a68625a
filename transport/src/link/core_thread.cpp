#include <poll.h>

#include <algorithm>
#include <utility>

#include "link/core.hpp"

/// What runs on the hub's thread.
namespace millrace::transport {
namespace {

using namespace std::chrono_literals;

constexpr int messages_per_turn = 64;
constexpr unsigned turns_between_looks = 32;
constexpr auto listen_again_interval = 5ms;
constexpr auto dial_again_interval = 1s;
constexpr auto sleep_max = 1000ms;

}  // namespace

void link_core::run() noexcept {
  while (!is_stopping_.load()) {
    if (!turn()) sleep();
  }
  lines_.clear();
  router_.reset();
  door_.reset();
}

/// True: there was something to do, so there may be more.
bool link_core::turn() {
  const auto now = clock::now();
  // Who never sleeps is told of nothing: everything is asked now and then.
  if (++turns_awake_ % turns_between_looks == 0) look_everywhere();
  bool any = calls_->take_call();
  if (any) take_changes(now);
  if (listen_at_) listen_again(now);
  if (std::exchange(must_answer_door_, false) && door_) door_->answer();
  any |= read_router(now);
  for (const auto& [name, line] : lines_) {
    any |= line->read_answers(now);
    any |= line->flush(now);
    line->tick(now);
  }
  return any;
}

void link_core::look_everywhere() {
  around_.must_read_router = true;
  must_answer_door_ = true;
  for (const auto& [name, line] : lines_) line->wake();
}

bool link_core::may_sleep() {
  bool may = around_.router == nullptr || !around_.must_read_router;
  for (const auto& [name, line] : lines_) may &= line->may_sleep();
  return may;
}

/// Waits for ZeroMQ's descriptors itself: its own poll asks every socket twice, which costs some twenty system calls.
void link_core::sleep() {
  if (!may_sleep() || !calls_->lie_down()) return;
  const auto now = clock::now();
  auto due = now + sleep_max;
  if (listen_at_) due = std::min(due, *listen_at_);
  if (!undialled_.empty()) due = std::min(due, dial_again_at_);
  polled_.clear();
  const auto watch = [this](int fd) { polled_.push_back({fd, POLLIN, 0}); };
  watch(calls_->fd());
  watch(around_.router != nullptr ? link::descriptor_of(around_.router) : -1);
  watch(door_ ? link::descriptor_of(door_->native()) : -1);
  for (const auto& [name, line] : lines_) {
    for (const int fd : line->descriptors()) watch(fd);
    due = std::min(due, line->next_due());
  }
  const auto left = std::max(std::chrono::ceil<std::chrono::milliseconds>(due - now), 0ms);
  ::poll(polled_.data(), polled_.size(), static_cast<int>(left.count()));
  turns_awake_ = 0;
  std::size_t at = 0;
  const auto was_readable = [&] { return polled_[at++].revents != 0; };
  calls_->rise(was_readable());
  around_.must_read_router |= was_readable();
  must_answer_door_ |= was_readable();
  for (const auto& [name, line] : lines_) {
    const bool has_answers = was_readable();
    if (was_readable() || has_answers) line->wake();
  }
}

void link_core::take_changes(clock::time_point now) {
  std::vector<newcomer> come;
  std::vector<std::shared_ptr<link::side>> go;
  {
    const std::lock_guard lock{mutex_};
    come.swap(newcomers_);
    go.swap(leavers_);
  }
  // One may have come and gone, or gone and come again, since the last look: they are told apart by their sides.
  for (const auto& side : go) {
    std::erase_if(come, [&](const auto& c) { return c.side == side; });
    std::erase_if(undialled_, [&](const auto& c) { return c.side == side; });
    const auto found = lines_.find(side->name);
    if (found == lines_.end() || found->second->shared() != side) continue;
    const bool had_connection = found->second->peer_life() != 0;
    lines_.erase(found);
    // ZeroMQ closes none of a ROUTER's connections by itself: all of them end with it.
    if (had_connection && options_.keys) {
      router_.reset();
      around_.router = nullptr;
      listen_at_ = now;
    }
  }
  if (now >= dial_again_at_) {
    std::ranges::move(undialled_, std::back_inserter(come));
    undialled_.clear();
  }
  for (auto& c : come) admit(std::move(c), now);
}

void link_core::admit(newcomer who, clock::time_point now) {
  auto connection = link::dial(context_, options_.keys, who.peer);
  if (!connection) {
    ends_->break_all(who.peer.name, connection.error().message);
    // Said once; sockets and descriptors that are used up come back.
    if (events_.on_lost && !who.was_lost) events_.on_lost(who.peer.name, connection.error().message);
    who.was_lost = true;
    undialled_.push_back(std::move(who));
    dial_again_at_ = now + dial_again_interval;
    return;
  }
  auto name = who.peer.name;
  lines_.insert_or_assign(
      std::move(name),
      std::make_unique<link::line>(around_, std::move(who.peer), std::move(who.side), *std::move(connection), now));
}

/// The old socket gives the port back some time after it is closed.
void link_core::listen_again(clock::time_point now) {
  if (now < *listen_at_) return;
  listen_at_ = now + listen_again_interval;
  if (!router_) {
    auto router = link::open_router(context_, options_.keys);
    if (!router) return;
    router_ = *std::move(router);
  }
  if (!link::bind_router(router_.get(), address_)) return;
  around_.router = router_.get();
  around_.must_read_router = true;
  listen_at_.reset();
}

bool link_core::read_router(clock::time_point now) {
  if (around_.router == nullptr || !around_.must_read_router) return false;
  for (int i = 0; i < messages_per_turn; ++i) {
    message identity;
    // Told before what is read now may be answered, which would have to be told anew.
    around_.must_read_router = false;
    if (!link::receive_part(router_.get(), identity.raw())) return i > 0;
    auto m = std::make_shared<message>();
    bool is_whole = zmq_msg_more(identity.raw()) != 0 && link::receive_part(router_.get(), m->raw());
    // ZeroMQ delivers the parts of a message together.
    for (bool more = is_whole && zmq_msg_more(m->raw()) != 0; more;) {
      message extra;
      is_whole = false;
      more = link::receive_part(router_.get(), extra.raw()) && zmq_msg_more(extra.raw()) != 0;
    }
    dispatch(std::string{as_text(identity.bytes())}, std::move(m), is_whole, now);
  }
  around_.must_read_router = true;
  return true;
}

void link_core::dispatch(const std::string& route, std::shared_ptr<message> m, bool is_whole, clock::time_point now) {
  const auto header = link::read_message_header(m->bytes());
  auto* const line = sender_of(*m, header ? *header : link::message_header{});
  if (line == nullptr || line->shared()->is_removed.load()) return;
  if (!header || !is_whole) {
    line->count_malformed();
    return;
  }
  line->on_incoming(*header, std::move(m), route, now);
}

/// With keys, who the connection was let in as. Without, who it says it is.
link::line* link_core::sender_of(message& m, const link::message_header& h) {
  const auto find = [this](std::string_view name) {
    const auto found = lines_.find(name);
    return found != lines_.end() ? found->second.get() : nullptr;
  };
  const bool is_ping = h.from != 0 && h.kind == link::message_kind::ping;
  if (options_.keys) {
    const char* user = zmq_msg_gets(m.raw(), "User-Id");
    auto* const line = user != nullptr ? find(user) : nullptr;
    if (line == nullptr || !is_ping) return line;
    if (as_text(m.bytes()).substr(link::message_header_bytes) == line->peer().name) return line;
    line->count_malformed();
    return nullptr;
  }
  if (is_ping) return find(as_text(m.bytes()).substr(link::message_header_bytes));
  const auto found =
      std::ranges::find_if(lines_, [&](const auto& l) { return h.from != 0 && l.second->peer_life() == h.from; });
  return found != lines_.end() ? found->second.get() : nullptr;
}

/// A peer is let in as soon as `add` has returned: ZeroMQ does not try again where it was refused.
std::optional<std::string> link_core::name_of_key(const std::string& public_key) {
  const std::lock_guard lock{mutex_};
  for (const auto& [name, side] : sides_) {
    if (side->public_key == public_key) return name;
  }
  if (strangers_.size() < link_hub::strangers_kept) strangers_.push_back(public_key);
  return std::nullopt;
}

}  // namespace millrace::transport
