#include "millrace/engine/frame_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace millrace::engine {

namespace {

// What is read back at once, which holds its task up: some milliseconds.
constexpr std::uint64_t block_bytes_max = std::uint64_t{256} << 10;
constexpr std::uint64_t block_bytes_min = std::uint64_t{8} << 10;
constexpr std::uint64_t blocks_in_memory = 16;
// Of a block that is emptied while it is filled.
constexpr std::size_t frames_max = 2048;

std::uint64_t sum(const std::vector<kept_frame>& frames, std::size_t from, std::size_t to) {
  std::uint64_t bytes = 0;
  for (auto i = from; i < to; ++i) bytes += frames[i].bytes;
  return bytes;
}

}  // namespace

frame_queue::frame_queue(frame_queue&& other) noexcept
    : may_{other.may_},
      how_{other.how_},
      chunks_{std::exchange(other.chunks_, {})},
      dropped_{std::exchange(other.dropped_, {})},
      size_{std::exchange(other.size_, 0)},
      bytes_{std::exchange(other.bytes_, 0)},
      unsettled_{std::exchange(other.unsettled_, 0)},
      was_refused_{std::exchange(other.was_refused_, false)} {}

/// From where half of the room of all lanes is used up blocks are the smaller the less is left of the next quarter:
/// thousands of lanes that each fill one would use up all of it, and none would get to the disk in time.
std::uint64_t frame_queue::block_bytes() const noexcept {
  const auto usual = std::min(block_bytes_max, may_.bytes_max / blocks_in_memory);
  if (may_.all == nullptr || 2 * may_.all->used() <= may_.all->bytes_max()) return usual;
  const auto quarter = may_.all->bytes_max() / 4;
  const auto left = 3 * quarter - std::min(may_.all->used(), 3 * quarter);
  const auto share = static_cast<double>(left) / static_cast<double>(quarter);
  return std::min(usual, std::max(block_bytes_min, static_cast<std::uint64_t>(share * static_cast<double>(usual))));
}

bool frame_queue::is_half_full() const noexcept {
  return 2 * bytes_ > may_.bytes_max || (may_.all != nullptr && 2 * may_.all->used() > may_.all->bytes_max());
}

void frame_queue::charge(chunk& c, std::uint64_t bytes) noexcept {
  c.charged += bytes;
  bytes_ += bytes;
}

void frame_queue::give_back(chunk& c, std::uint64_t bytes) noexcept {
  c.charged -= bytes;
  bytes_ -= bytes;
  if (may_.all != nullptr) may_.all->give_back(bytes);
}

void frame_queue::tend() {
  settle();
  if (was_refused_) offer_again();
}

bool frame_queue::free_some() {
  if (dropped_.empty()) return false;
  give_back(dropped_.front(), dropped_.front().charged);
  dropped_.pop_front();
  return true;
}

bool frame_queue::make_room(std::uint64_t bytes) {
  (void)free_some();
  if (bytes_ + bytes > may_.bytes_max) settle();
  while (bytes_ + bytes > may_.bytes_max) {
    if (!free_some()) return false;
  }
  if (may_.all == nullptr || may_.all->take(bytes)) return true;
  settle();
  while (!may_.all->take(bytes)) {
    if (!free_some()) return false;
  }
  return true;
}

bool frame_queue::push(kept_frame f) {
  if (!make_room(f.bytes)) return false;
  add(std::move(f));
  return true;
}

void frame_queue::push_anyway(kept_frame f) {
  (void)free_some();
  if (may_.all != nullptr) may_.all->take_anyway(f.bytes);
  add(std::move(f));
}

void frame_queue::add(kept_frame f) {
  if (chunks_.empty() || chunks_.back().block != nullptr || chunks_.back().charged >= block_bytes() ||
      chunks_.back().frames.size() >= frames_max) {
    if (!chunks_.empty()) hand_over(chunks_.back());
    chunks_.emplace_back();
  }
  auto& c = chunks_.back();
  charge(c, f.bytes);
  c.frames.push_back(std::move(f));
  ++c.to;
  ++size_;
}

void frame_queue::hand_over(chunk& c) {
  c.frames.shrink_to_fit();
  if (may_.disk == nullptr || c.block != nullptr || c.from != 0) return;
  settle();
  if (!is_half_full()) return;
  if (!offer(c)) {
    was_refused_ = true;
  } else if (was_refused_) {
    offer_again();
  }
}

/// The newest first, as far as memory has too much: what is taken out next is to be there.
void frame_queue::offer_again() {
  was_refused_ = false;
  auto left = bytes_;
  const bool is_crowded = may_.all != nullptr && 2 * may_.all->used() > may_.all->bytes_max();
  for (auto c = chunks_.rbegin(); c != chunks_.rend() && (is_crowded || 2 * left > may_.bytes_max); ++c) {
    left -= c->charged;
    const bool is_whole = c->block == nullptr && c->from == 0 && !c->frames.empty();
    if (c == chunks_.rbegin() || !is_whole || offer(*c)) continue;  // the newest is still being filled
    was_refused_ = true;
    return;
  }
}

bool frame_queue::offer(chunk& c) {
  c.block = may_.disk->take(c.frames, {c.charged, how_ == urgency::needed, !std::exchange(c.was_offered, true)});
  if (c.block == nullptr) return false;
  c.is_settled = false;
  ++unsettled_;
  return true;
}

// Newest first: those behind them are known already.
void frame_queue::settle() {
  for (auto c = chunks_.rbegin(); unsettled_ != 0 && c != chunks_.rend(); ++c) settle(*c);
}

void frame_queue::settle(chunk& c) {
  if (c.is_settled || c.block->now() == spilled_frames::state::queued) return;
  c.is_settled = true;
  --unsettled_;
  if (c.block->now() == spilled_frames::state::stored) {
    if (c.frames.empty()) give_back(c, c.charged);
    return;
  }
  const auto& all = c.block->unwritten();
  if (!c.frames.empty() || c.from != 0 || c.to != all.size()) return;  // a part of it is not offered again
  c.frames = all;
  c.block = nullptr;
  was_refused_ = true;
}

frame* frame_queue::newest() noexcept {
  if (chunks_.empty() || chunks_.back().frames.empty() || chunks_.back().block != nullptr) return nullptr;
  return &chunks_.back().frames.back().what;
}

result<void> frame_queue::load(chunk& c) {
  if (!c.frames.empty()) return {};
  auto frames = c.block->read(*may_.type, may_.stamp);
  if (!frames) return std::move(frames).error();
  if (frames->size() < c.to) return fatal_error(errc::corrupt, "a block of frames has fewer than it was given");
  settle(c);
  c.frames = std::move(*frames);
  const auto bytes = sum(c.frames, c.from, c.to);
  if (bytes < c.charged) give_back(c, c.charged - bytes);
  if (bytes == c.charged) return {};
  if (may_.all != nullptr) may_.all->take_anyway(bytes - c.charged);
  charge(c, bytes - c.charged);
  return {};
}

result<const frame*> frame_queue::front() {
  auto& c = chunks_.front();
  if (auto done = load(c); !done) return std::move(done).error();
  return &c.frames[c.from].what;
}

frame_queue::place frame_queue::place_of_front() const {
  const auto& c = chunks_.front();
  if (c.block == nullptr || c.block->now() != spilled_frames::state::stored) return {};
  return {c.block, c.from};
}

frame frame_queue::pop() {
  auto& c = chunks_.front();
  auto out = std::move(c.frames[c.from].what);
  drop_from(c, 1);
  if (c.size() == 0) chunks_.pop_front();
  return out;
}

void frame_queue::push_place(const place& p) {
  if (chunks_.empty() || chunks_.back().block != p.block || chunks_.back().to != p.index) {
    if (!chunks_.empty()) hand_over(chunks_.back());
    chunks_.push_back({{}, p.block, p.index, p.index, 0, true});
  }
  ++chunks_.back().to;
  ++size_;
}

/// The oldest of a chunk.
void frame_queue::drop_from(chunk& c, std::size_t frames) {
  if (c.charged != 0 && c.frames.empty()) {
    // On its way to the disk: as if all weighed the same, until the block's fate is known.
    give_back(c, c.size() == frames ? c.charged : c.charged / c.size() * frames);
  } else if (c.charged != 0) {
    // The popped one is moved from; its weight is still there.
    give_back(c, sum(c.frames, c.from, c.from + frames));
    for (auto i = c.from; i < c.from + frames; ++i) c.frames[i].what = {};
  }
  c.from += frames;
  size_ -= frames;
  if (c.size() != 0) return;
  if (!c.is_settled) --unsettled_;
  c.is_settled = true;
}

void frame_queue::drop_front(std::uint64_t frames) {
  settle();
  while (frames != 0 && frames >= chunks_.front().size()) {
    auto& c = chunks_.front();
    frames -= c.size();
    size_ -= c.size();
    settle(c);
    if (!c.is_settled) --unsettled_;
    if (c.charged != 0) dropped_.push_back(std::move(c));
    chunks_.pop_front();
  }
  if (frames != 0) drop_from(chunks_.front(), frames);
}

/// Leaves the oldest `keep` and gives the others.
frame_queue::chunk frame_queue::split_chunk(chunk& c, std::size_t keep) {
  chunk rest;
  rest.block = c.block;
  rest.to = c.to;
  rest.from = c.from + keep;
  if (c.frames.empty()) {
    rest.charged = c.charged / c.size() * rest.size();
    rest.is_settled = c.is_settled;
  } else {
    rest.frames.assign(std::make_move_iterator(c.frames.begin() + static_cast<std::ptrdiff_t>(rest.from)),
                       std::make_move_iterator(c.frames.begin() + static_cast<std::ptrdiff_t>(rest.to)));
    c.frames.resize(rest.from);
    rest.charged = sum(rest.frames, 0, rest.frames.size());
    // Its frames are numbered anew, the block's are not.
    rest.block = nullptr;
    rest.to -= rest.from;
    rest.from = 0;
  }
  c.to = c.from + keep;
  c.charged -= rest.charged;
  return rest;
}

frame_queue frame_queue::split(std::uint64_t from, urgency how) {
  frame_queue out{may_, how};
  out.was_refused_ = was_refused_;
  while (!chunks_.empty() && size_ > from) {
    auto& c = chunks_.back();
    const auto before = size_ - c.size();
    auto moved = before >= from ? std::move(c) : split_chunk(c, from - before);
    size_ -= moved.size();
    out.size_ += moved.size();
    bytes_ -= moved.charged;
    out.bytes_ += moved.charged;
    if (!moved.is_settled) {
      ++out.unsettled_;
      if (before >= from) --unsettled_;
    }
    out.chunks_.push_front(std::move(moved));
    if (before >= from) chunks_.pop_back();
  }
  return out;
}

void frame_queue::append(frame_queue&& other) {
  for (auto& c : other.chunks_) chunks_.push_back(std::move(c));
  size_ += std::exchange(other.size_, 0);
  bytes_ += std::exchange(other.bytes_, 0);
  unsettled_ += std::exchange(other.unsettled_, 0);
  was_refused_ = std::exchange(other.was_refused_, false) || was_refused_;
  other.chunks_.clear();
  for (auto& c : other.dropped_) dropped_.push_back(std::move(c));
  other.dropped_.clear();
}

}  // namespace millrace::engine
