#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "millrace/msgpack.hpp"
#include "millrace/time.hpp"

namespace millrace::patterns {

inline constexpr std::uint32_t no_node = UINT32_MAX;

/// An event that a partial match took, and what it took before. Partial matches that began alike share their nodes.
struct node {
  std::uint32_t parent = no_node;
  std::uint32_t event = 0;  ///< slot of the event
  std::uint32_t uses = 0;   ///< partial matches that end here, and nodes behind; 0: free
  std::uint32_t stage = 0;
  std::uint64_t position = 0;
  event_time at{};
};

/// A beginning of a match, and what it may still do: bit i of `closed` says that step i of its path is over, and so are
/// all from `cut` on.
struct partial_match {
  std::uint64_t first = 0;  ///< position of its first event
  std::uint64_t last = 0;
  event_time first_at{};
  std::uint64_t closed = 0;
  std::uint32_t tip = no_node;
  std::uint32_t count = 0;  ///< events of the current stage
  std::uint32_t size = 0;
  std::uint8_t stage = 0;
  std::uint8_t cut = UINT8_MAX;
  bool is_extended = false;
  bool is_accepted = false;
};
static_assert(sizeof(node) == 32 && sizeof(partial_match) == 48, "docs/patterns.md says what memory is needed");

/// What the matcher of one key remembers: partial matches in the order of their first events, and the events they took
/// in a tree that shares common beginnings, as a parent pointer each.
///
/// Bound: each node lies on the way of at least one partial match, so there are at most as many as partial matches
/// times their longest length. A plain value: copies are independent. The events themselves are kept by the owner in
/// slots. Thread: one owner.
class match_store {
public:
  [[nodiscard]] const std::vector<partial_match>& partials() const noexcept { return partials_; }
  [[nodiscard]] std::vector<partial_match>& partials() noexcept { return partials_; }
  [[nodiscard]] const node& at(std::uint32_t n) const noexcept { return nodes_[n]; }
  [[nodiscard]] std::size_t nodes_in_use() const noexcept { return nodes_.size() - free_nodes_.size(); }
  /// Number of slots an owner of events needs.
  [[nodiscard]] std::size_t slot_count() const noexcept { return event_uses_.size(); }

  /// Position of the event handled last.
  [[nodiscard]] std::uint64_t newest() const noexcept { return newest_; }
  void count_event() noexcept { ++newest_; }
  /// A slot for an event, held until `let_go`, which says whether a node uses it.
  [[nodiscard]] std::uint32_t hold_slot();
  [[nodiscard]] bool let_go(std::uint32_t slot);
  /// A node behind `parent`, with one use.
  [[nodiscard]] std::uint32_t add(std::uint32_t parent, std::uint32_t slot, std::uint32_t stage, std::uint64_t position,
                                  event_time at);
  void use(std::uint32_t n) noexcept { ++nodes_[n].uses; }
  /// Takes a use back; nodes without any are freed, and their slots put into `freed`.
  void release(std::uint32_t n, std::vector<std::uint32_t>& freed);

  void clear() { *this = {}; }
  void encode(msgpack::writer& out) const;
  /// Checks that every reference leads somewhere, so that damaged bytes cannot lead a reader astray. The events of all
  /// slots must follow in the same bytes.
  [[nodiscard]] bool decode(msgpack::reader& in);

private:
  [[nodiscard]] bool decode_node(msgpack::reader& in);
  [[nodiscard]] bool decode_partial(msgpack::reader& in);
  [[nodiscard]] bool count_uses();

  std::vector<partial_match> partials_;
  std::vector<node> nodes_;
  std::vector<std::uint32_t> free_nodes_;
  std::vector<std::uint32_t> event_uses_;
  std::vector<std::uint32_t> free_slots_;
  std::uint64_t newest_ = 0;
};

/// The events of a match or of its beginning, last one first. A view: good while the store is not changed.
class chain {
public:
  chain() = default;
  chain(const match_store& store, std::uint32_t tip) noexcept : store_{&store}, tip_{tip} {}

  [[nodiscard]] bool empty() const noexcept { return tip_ == no_node; }
  /// The event taken last; nullptr when there is none.
  [[nodiscard]] const node* tip() const noexcept { return tip_ == no_node ? nullptr : &store_->at(tip_); }
  [[nodiscard]] const node* before(const node& n) const noexcept {
    return n.parent == no_node ? nullptr : &store_->at(n.parent);
  }
  [[nodiscard]] const node* first() const noexcept;
  [[nodiscard]] const node* first_of(std::uint32_t stage) const noexcept;
  [[nodiscard]] const node* last_of(std::uint32_t stage) const noexcept;
  [[nodiscard]] std::size_t count_of(std::uint32_t stage) const noexcept;
  /// From the first to the last event.
  [[nodiscard]] std::vector<const node*> nodes() const;

private:
  const match_store* store_ = nullptr;
  std::uint32_t tip_ = no_node;
};

}  // namespace millrace::patterns
