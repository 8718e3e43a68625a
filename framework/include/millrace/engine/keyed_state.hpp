#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "millrace/engine/expiry_wheel.hpp"
#include "millrace/engine/row_store.hpp"
#include "millrace/engine/state_clock.hpp"

namespace millrace {

/// Which clock a state's time to live runs by.
enum class ttl_clock : std::uint8_t {
  event_time,       ///< that of the record or timer at work: the same in every run (the default)
  processing_time,  ///< the topology's clock
};
/// What starts a state's time to live anew.
enum class ttl_update : std::uint8_t { write, read_and_write };

}  // namespace millrace

namespace millrace::engine {

/// A state with a time to live. When it was last touched stands in a cell of its own beside it.
struct expiring_cell {
  std::size_t cell = 0;
  std::size_t stamp = 0;
  std::int64_t ttl_ns = 0;
  ttl_clock clock = ttl_clock::event_time;
  ttl_update update_on = ttl_update::write;
  expiry_wheel due;
};

/// The row store of one actor plus the key its handler is running for; what `value`, `list`, `map` and `timer` reach.
///
/// A row is looked up at the first access and made at the first write, so a handler that touches no state costs
/// nothing and leaves nothing. Thread: owning actor.
class keyed_state {
public:
  [[nodiscard]] row_store& rows() noexcept { return rows_; }
  [[nodiscard]] const row_store& rows() const noexcept { return rows_; }
  [[nodiscard]] state_clock& clock() noexcept { return clock_; }

  /// `key` must live until the next select or deselect. `hint`: the row that `row_store::prefetch_row` gave.
  void select(std::uint64_t hash, const key_bytes& key, row_id hint = no_row) {
    if (is_measuring_) measure();
    hint_ = hint;
    hash_ = hash;
    key_ = &key;
    row_ = no_row;
    resolved_ = false;
    writable_ = nullptr;
  }
  /// Makes the key of a live row current, without a lookup. `select_row` may be called while a row is current; pointers
  /// to other rows are no longer good then.
  void select_row(row_id row) {
    deselect();
    const auto* at = rows_.live_row(row);
    if (at == nullptr) throw_without_key();
    row_key_ = header_of(at).key;
    select(rows_.hash_of(row), row_key_, row);
    row_ = row;
    resolved_ = true;
  }
  void deselect() {
    if (is_measuring_) measure();
    key_ = nullptr;
    writable_ = nullptr;
  }
  [[nodiscard]] bool has_key() const noexcept { return key_ != nullptr; }
  [[nodiscard]] const key_bytes& key() const {
    if (key_ == nullptr) throw_without_key();
    return *key_;
  }
  [[nodiscard]] row_id current_row() const noexcept { return row_; }

  /// The current key's row, or nullptr when the key has no state.
  [[nodiscard]] const std::byte* read() {
    if (writable_ != nullptr) return writable_;
    resolve();
    return row_ == no_row ? nullptr : rows_.row(row_);
  }
  /// The current key's row, made when it was not there.
  [[nodiscard]] std::byte* write() {
    if (writable_ != nullptr) return writable_;
    return make_writable();
  }
  /// Drops the values of some cells (bit i: cell i), and the row with its last one.
  void clear(std::uint32_t cells) {
    const auto* at = read();
    if (at == nullptr || (header_of(at).present & cells) == 0) return;
    auto& head = header_of(write());
    head.present &= ~cells;
    if (head.present != 0) return;
    if (is_measuring_) measure();
    rows_.erase(row_);
    row_ = no_row;
    writable_ = nullptr;
  }

  // Times to live: keyed_state.cpp
  static constexpr std::size_t no_ttl = ~std::size_t{0};
  std::size_t add_ttl(expiring_cell cell);
  [[nodiscard]] bool has_ttl() const noexcept { return !ttls_.empty(); }
  [[nodiscard]] bool has_ttl(ttl_clock clock) const noexcept;
  /// The current row's value may be seen: it has not expired. Touches it where reading does.
  [[nodiscard]] bool look(std::size_t ttl);
  /// The current row's value is about to be written; one that expired is made anew.
  void touch(std::size_t ttl);
  /// A cell of any row can be seen now.
  [[nodiscard]] bool is_visible(std::size_t cell, const std::byte* row) const noexcept;
  /// A row came from a snapshot: its values will expire.
  void enrol(row_id id, const std::byte* row);
  /// Frees what has expired, looking at no more than `most` rows. True: there is more to do now.
  [[nodiscard]] bool expire(std::size_t most);
  /// When something will have to be freed by processing time.
  [[nodiscard]] std::optional<processing_time> next_expiry() const noexcept;
  /// Values freed because they expired.
  [[nodiscard]] std::uint64_t expired() const noexcept { return expired_; }

private:
  void resolve() {
    if (resolved_) return;
    row_ = rows_.find(hash_, key(), hint_);
    resolved_ = true;
  }
  std::byte* make_writable() {
    resolve();
    if (row_ == no_row) row_ = rows_.find_or_create(hash_, key());
    writable_ = rows_.writable_row(row_);
    if (rows_.is_paged()) {
      is_measuring_ = true;
      heap_before_ = rows_.layout().heap_of(writable_);
    }
    return writable_;
  }
  void measure() {
    is_measuring_ = false;
    rows_.written(row_, heap_before_);
    if (writable_ != nullptr) heap_before_ = rows_.layout().heap_of(writable_);
  }
  [[nodiscard]] std::int64_t now(const expiring_cell& t) const noexcept {
    return t.clock == ttl_clock::event_time ? clock_.event() : clock_.processing();
  }
  [[nodiscard]] bool expire_row(expiring_cell& t, row_id id, std::int64_t now);
  [[noreturn]] static void throw_without_key() {
    throw std::logic_error("keyed state was used outside a keyed input's handler or a timer: no key is current");
  }

  row_store rows_;
  std::uint64_t hash_ = 0;
  const key_bytes* key_ = nullptr;
  key_bytes row_key_;  // of select_row: the row may go while its key is current
  row_id row_ = no_row;
  row_id hint_ = no_row;
  bool resolved_ = false;
  bool is_measuring_ = false;
  std::byte* writable_ = nullptr;
  std::size_t heap_before_ = 0;
  state_clock clock_;
  std::vector<expiring_cell> ttls_;
  std::uint64_t expired_ = 0;
};

}  // namespace millrace::engine
