#include "link/ends.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::transport::link {

// Announced under the lock: counts and contents always fit, so an end that found nothing is rung for the next.
void inbox::deliver(arrival a) {
  if (is_failed()) return;
  const auto bytes = bytes_.fetch_add(a.bytes.size(), std::memory_order_relaxed) + a.bytes.size();
  if (bytes > bytes_max_) {
    fail(std::to_string(bytes) + " bytes arrived and were not received, allowed are " + std::to_string(bytes_max_) +
         ": the sender does not keep to its credit");
    return;
  }
  a.at_ns = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::lock_guard lock{mutex_};
  if (is_failed_.load(std::memory_order_relaxed)) return;
  arrived_.push_back(std::move(a));
  ++announced_;
  frames_.announce(bell_.get());
}

void inbox::fail(const std::string& why) {
  const std::lock_guard lock{mutex_};
  if (is_failed_.load(std::memory_order_relaxed)) return;
  failure_ = why;
  arrived_.clear();
  is_failed_.store(true, std::memory_order_release);
  ++announced_;
  frames_.announce(bell_.get());
}

std::string inbox::failure() const {
  const std::lock_guard lock{mutex_};
  return failure_;
}

std::optional<arrival> inbox::next() {
  if (taken_at_ == taken_.size()) {
    taken_.clear();
    taken_at_ = 0;
    if (!frames_.has_more_than(seen_)) return std::nullopt;
    const std::lock_guard lock{mutex_};
    taken_.swap(arrived_);
    seen_ = announced_;
    if (taken_.empty()) return std::nullopt;
  }
  auto& a = taken_[taken_at_++];
  bytes_.fetch_sub(a.bytes.size(), std::memory_order_relaxed);
  return std::move(a);
}

void credit_box::add(engine::credit c) {
  const std::lock_guard lock{mutex_};
  sum_.batches += c.batches;
  sum_.bytes += c.bytes;
  ++announced_;
  credits_.announce(bell_.get());
}

bool credit_box::take(engine::credit& out) {
  if (!credits_.has_more_than(taken_)) return false;
  const std::lock_guard lock{mutex_};
  taken_ = announced_;
  out.batches += sum_.batches;
  out.bytes += sum_.bytes;
  sum_ = {};
  return true;
}

template <class End>
result<void> open_ends::add_to(table<End>& t, const channel_address& at, const std::string& peer,
                               std::shared_ptr<End> end) {
  if (!t.try_emplace(key_of(at), entry<End>{peer, std::move(end)}).second) {
    return fatal_error(errc::already_exists, "channel " + std::to_string(at.channel.value) + ", generation " +
                                                 std::to_string(at.incarnation.value) +
                                                 ", is open on this node; a new incarnation needs a new generation");
  }
  return {};
}

template <class End>
std::shared_ptr<End> open_ends::find_in(const table<End>& t, const channel_address& at, const std::string& peer) {
  const auto found = t.find(key_of(at));
  return found != t.end() && found->second.peer == peer ? found->second.end : nullptr;
}

template <class End>
void open_ends::remove_from(table<End>& t, const channel_address& at, const End* end) {
  const auto found = t.find(key_of(at));
  if (found != t.end() && found->second.end.get() == end) t.erase(found);
}

result<void> open_ends::add(const channel_address& at, const std::string& peer, std::shared_ptr<inbox> end) {
  const std::lock_guard lock{mutex_};
  return add_to(receivers_, at, peer, std::move(end));
}

result<void> open_ends::add(const channel_address& at, const std::string& peer, std::shared_ptr<credit_box> end) {
  const std::lock_guard lock{mutex_};
  return add_to(senders_, at, peer, std::move(end));
}

void open_ends::remove(const channel_address& at, const inbox* end) {
  const std::lock_guard lock{mutex_};
  remove_from(receivers_, at, end);
}

void open_ends::remove(const channel_address& at, const credit_box* end) {
  const std::lock_guard lock{mutex_};
  remove_from(senders_, at, end);
}

std::shared_ptr<inbox> open_ends::receiver(const channel_address& at, const std::string& peer) const {
  const std::lock_guard lock{mutex_};
  return find_in(receivers_, at, peer);
}

std::shared_ptr<credit_box> open_ends::sender(const channel_address& at, const std::string& peer) const {
  const std::lock_guard lock{mutex_};
  return find_in(senders_, at, peer);
}

void open_ends::break_all(const std::string& peer, const std::string& why) {
  const std::lock_guard lock{mutex_};
  for (const auto& [at, open] : receivers_) {
    if (open.peer == peer) open.end->fail(why);
  }
  std::erase_if(receivers_, [&](const auto& e) { return e.second.peer == peer; });
  std::erase_if(senders_, [&](const auto& e) { return e.second.peer == peer; });
}

void open_ends::break_all(const std::string& why) {
  const std::lock_guard lock{mutex_};
  for (const auto& [at, open] : receivers_) open.end->fail(why);
  receivers_.clear();
  senders_.clear();
}

bool open_ends::has_any(const std::string& peer) const {
  const std::lock_guard lock{mutex_};
  const auto is_of_peer = [&](const auto& e) { return e.second.peer == peer; };
  return std::ranges::any_of(receivers_, is_of_peer) || std::ranges::any_of(senders_, is_of_peer);
}

namespace {

channel_address address_of(const link_channel& c) noexcept {
  return {c.topology, c.channel, c.incarnation};
}

/// Of so many batches of a channel one says when it was sent, so that the receiver can tell the link from the queue.
constexpr std::uint64_t timed_each = 16;

class link_sender final : public engine::channel_sender {
public:
  link_sender(std::shared_ptr<open_ends> ends, std::shared_ptr<side> to, link_channel channel,
              std::shared_ptr<credit_box> credits, std::uint64_t life)
      : ends_{std::move(ends)},
        to_{std::move(to)},
        channel_{std::move(channel)},
        credits_{std::move(credits)},
        life_{life} {}
  ~link_sender() override { ends_->remove(address_of(channel_), credits_.get()); }
  link_sender(const link_sender&) = delete;
  link_sender& operator=(const link_sender&) = delete;

  std::uint64_t send(engine::frame&& f) override {
    if (encoded_.capacity() == 0) encoded_ = to_->out.take_buffer();
    encoded_.clear();
    encoded_.reserve(expected_bytes_);
    encoded_.extend(frame_headroom);
    if (f.kind == engine::frame_kind::data && data_frames_++ % timed_each == 0 && f.traces == nullptr) {
      f.traces = std::make_shared<engine::frame_traces>();
      f.traces->sent_ns = std::chrono::system_clock::now().time_since_epoch().count();
    }
    append_frame(f, channel_.topology, *channel_.type, encoded_);
    const auto size = encoded_.size();
    // Frames of a channel are much alike: the next one should not have to grow its buffer.
    expected_bytes_ = size + size / 8;
    to_->out.push_frame(life_, encoded_);
    return size - frame_headroom;
  }

  bool take_credit(engine::credit& out) override { return credits_->take(out); }

private:
  const std::shared_ptr<open_ends> ends_;
  const std::shared_ptr<side> to_;
  const link_channel channel_;
  const std::shared_ptr<credit_box> credits_;
  const std::uint64_t life_;
  byte_buffer encoded_;
  std::size_t expected_bytes_ = 1024;
  std::uint64_t data_frames_ = 0;
};

class link_receiver final : public engine::channel_receiver {
public:
  link_receiver(std::shared_ptr<open_ends> ends, std::shared_ptr<side> from, link_channel channel,
                std::shared_ptr<inbox> frames, std::uint64_t life)
      : ends_{std::move(ends)},
        from_{std::move(from)},
        channel_{std::move(channel)},
        frames_{std::move(frames)},
        life_{life} {}
  ~link_receiver() override { ends_->remove(address_of(channel_), frames_.get()); }
  link_receiver(const link_receiver&) = delete;
  link_receiver& operator=(const link_receiver&) = delete;

  engine::receive_status receive(engine::frame& out) override {
    if (!failure_.empty()) return engine::receive_status::broken;
    // Looked at twice: what breaks the channel rings once, and must not be slept through.
    if (frames_->is_failed()) return broken(frames_->failure());
    const auto next = frames_->next();
    if (!next) return frames_->is_failed() ? broken(frames_->failure()) : engine::receive_status::empty;
    if (auto read = decode_frame(next->bytes, channel_.topology, *channel_.type, out); !read) {
      return broken(read.error().message);
    }
    out.bytes = next->bytes.size();
    out.arrived_ns = next->at_ns;
    next_ = out.first.value + out.count;
    return engine::receive_status::received;
  }

  void give_credit(engine::credit c) override {
    from_->out.push_credit(life_, {address_of(channel_), c.batches, c.bytes});
  }

  [[nodiscard]] std::string failure() const override { return failure_; }

private:
  engine::receive_status broken(const std::string& why) {
    failure_ = "channel " + std::to_string(channel_.channel.value) + " from '" + channel_.peer + "', generation " +
               std::to_string(channel_.incarnation.value) + ", at sequence " + std::to_string(next_) + ": " + why;
    return engine::receive_status::broken;
  }

  const std::shared_ptr<open_ends> ends_;
  const std::shared_ptr<side> from_;
  const link_channel channel_;
  const std::shared_ptr<inbox> frames_;
  const std::uint64_t life_;
  std::uint64_t next_ = 0;
  std::string failure_;
};

error without_type(const link_channel& c) {
  return user_error(errc::invalid_argument,
                    "channel " + std::to_string(c.channel.value) + " has no record type to encode its records with");
}

}  // namespace

result<std::unique_ptr<engine::channel_sender>> make_sender(std::shared_ptr<open_ends> ends, std::shared_ptr<side> to,
                                                            const link_channel& channel,
                                                            std::shared_ptr<engine::doorbell> bell) {
  if (!channel.type) return without_type(channel);
  // Asked for first: an end that is opened while its peer is lost must not take part in the peer's next life.
  const auto life = to->out.life();
  auto credits = std::make_shared<credit_box>(std::move(bell));
  if (auto added = ends->add(address_of(channel), to->name, credits); !added) return std::move(added).error();
  return std::unique_ptr<engine::channel_sender>{
      std::make_unique<link_sender>(std::move(ends), std::move(to), channel, std::move(credits), life)};
}

result<std::unique_ptr<engine::channel_receiver>> make_receiver(std::shared_ptr<open_ends> ends,
                                                                std::shared_ptr<side> from, const link_channel& channel,
                                                                std::shared_ptr<engine::doorbell> bell,
                                                                std::size_t bytes_max) {
  if (!channel.type) return without_type(channel);
  const auto life = from->out.life();
  auto frames = std::make_shared<inbox>(std::move(bell), bytes_max);
  if (auto added = ends->add(address_of(channel), from->name, frames); !added) return std::move(added).error();
  return std::unique_ptr<engine::channel_receiver>{
      std::make_unique<link_receiver>(std::move(ends), std::move(from), channel, std::move(frames), life)};
}

}  // namespace millrace::transport::link
