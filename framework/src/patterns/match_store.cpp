#include "millrace/patterns/match_store.hpp"

#include <algorithm>

#include "millrace/codec.hpp"

namespace millrace::patterns {

namespace {

/// Marks nodes that are free while a store is read.
constexpr std::uint32_t stage_of_free = 255;

}  // namespace

std::uint32_t match_store::hold_slot() {
  auto slot = static_cast<std::uint32_t>(event_uses_.size());
  if (free_slots_.empty()) {
    event_uses_.push_back(0);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  event_uses_[slot] = 1;
  return slot;
}

bool match_store::let_go(std::uint32_t slot) {
  if (--event_uses_[slot] != 0) return true;
  free_slots_.push_back(slot);
  return false;
}

std::uint32_t match_store::add(std::uint32_t parent, std::uint32_t slot, std::uint32_t stage, std::uint64_t position,
                               event_time at) {
  std::uint32_t made = 0;
  if (free_nodes_.empty()) {
    made = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    made = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[made] = {parent, slot, 1, stage, position, at};
  if (parent != no_node) ++nodes_[parent].uses;
  ++event_uses_[slot];
  return made;
}

void match_store::release(std::uint32_t n, std::vector<std::uint32_t>& freed) {
  while (n != no_node && --nodes_[n].uses == 0) {
    free_nodes_.push_back(n);
    const auto slot = nodes_[n].event;
    if (--event_uses_[slot] == 0) {
      free_slots_.push_back(slot);
      freed.push_back(slot);
    }
    n = nodes_[n].parent;
  }
}

void match_store::encode(msgpack::writer& out) const {
  out.array(4);
  out.integer(newest_);
  out.integer(event_uses_.size());
  out.array(static_cast<std::uint32_t>(nodes_.size()));
  for (const auto& n : nodes_) {
    if (n.uses == 0) {
      out.nil();
      continue;
    }
    out.array(5);
    out.integer(n.parent);
    out.integer(n.event);
    out.integer(n.stage);
    out.integer(n.position);
    out.integer(n.at.ns);
  }
  out.array(static_cast<std::uint32_t>(partials_.size()));
  for (const auto& p : partials_) {
    out.array(10);
    out.integer(p.first);
    out.integer(p.last);
    out.integer(p.first_at.ns);
    out.integer(p.closed);
    out.integer(p.tip);
    out.integer(p.count);
    out.integer(p.size);
    out.integer(p.stage);
    out.integer(p.cut);
    out.integer((p.is_extended ? 1 : 0) + (p.is_accepted ? 2 : 0));
  }
}

bool match_store::decode(msgpack::reader& in) {
  clear();
  std::uint32_t n = 0;
  std::uint32_t slots = 0;
  if (!in.array(n) || (n != 4 && !in.refuse())) return false;
  if (!in.integer(newest_) || !in.integer(slots) || !in.array(n)) return false;
  if (slots > in.remaining()) return in.refuse();
  for (; n != 0; --n) {
    if (!decode_node(in)) return false;
  }
  if (!in.array(n)) return false;
  for (; n != 0; --n) {
    if (!decode_partial(in)) return false;
  }
  event_uses_.assign(slots, 0);
  return count_uses() || in.refuse();
}

bool match_store::decode_node(msgpack::reader& in) {
  auto& made = nodes_.emplace_back();
  made.stage = stage_of_free;
  if (in.take_nil()) return true;
  std::uint32_t n = 0;
  if (!in.array(n) || (n != 5 && !in.refuse())) return false;
  return in.integer(made.parent) && in.integer(made.event) && in.integer(made.stage) && in.integer(made.position) &&
         in.integer(made.at.ns);
}

bool match_store::decode_partial(msgpack::reader& in) {
  auto& made = partials_.emplace_back();
  std::uint32_t n = 0;
  std::uint8_t flags = 0;
  if (!in.array(n) || (n != 10 && !in.refuse())) return false;
  const bool is_read = in.integer(made.first) && in.integer(made.last) && in.integer(made.first_at.ns) &&
                       in.integer(made.closed) && in.integer(made.tip) && in.integer(made.count) &&
                       in.integer(made.size) && in.integer(made.stage) && in.integer(made.cut) && in.integer(flags);
  made.is_extended = (flags & 1) != 0;
  made.is_accepted = (flags & 2) != 0;
  return is_read;
}

bool match_store::count_uses() {
  const auto is_node = [&](std::uint32_t n) { return n < nodes_.size() && nodes_[n].stage != stage_of_free; };
  for (const auto& n : nodes_) {
    if (n.stage == stage_of_free) continue;
    if (n.event >= event_uses_.size() || n.stage >= stage_of_free) return false;
    ++event_uses_[n.event];
    if (n.parent == no_node) continue;
    // Positions grow along a chain, which also keeps damaged ones from going round in circles.
    if (!is_node(n.parent) || nodes_[n.parent].position >= n.position) return false;
    ++nodes_[n.parent].uses;
  }
  for (const auto& p : partials_) {
    if (!is_node(p.tip)) return false;
    ++nodes_[p.tip].uses;
  }
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].stage == stage_of_free) {
      free_nodes_.push_back(i);
    } else if (nodes_[i].uses == 0) {
      return false;
    }
  }
  for (std::uint32_t i = 0; i < event_uses_.size(); ++i) {
    if (event_uses_[i] == 0) free_slots_.push_back(i);
  }
  return true;
}

const node* chain::first() const noexcept {
  const auto* n = tip();
  while (n != nullptr && n->parent != no_node) n = before(*n);
  return n;
}

const node* chain::first_of(std::uint32_t stage) const noexcept {
  const node* found = nullptr;
  for (const auto* n = tip(); n != nullptr && n->stage >= stage; n = before(*n)) {
    if (n->stage == stage) found = n;
  }
  return found;
}

const node* chain::last_of(std::uint32_t stage) const noexcept {
  const auto* n = tip();
  while (n != nullptr && n->stage > stage) n = before(*n);
  return n != nullptr && n->stage == stage ? n : nullptr;
}

std::size_t chain::count_of(std::uint32_t stage) const noexcept {
  std::size_t count = 0;
  for (const auto* n = tip(); n != nullptr && n->stage >= stage; n = before(*n)) count += n->stage == stage ? 1 : 0;
  return count;
}

std::vector<const node*> chain::nodes() const {
  std::vector<const node*> all;
  for (const auto* n = tip(); n != nullptr; n = before(*n)) all.push_back(n);
  std::ranges::reverse(all);
  return all;
}

}  // namespace millrace::patterns
