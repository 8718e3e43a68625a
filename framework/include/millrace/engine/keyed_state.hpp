#pragma once

#include <cstdint>
#include <stdexcept>

#include "millrace/engine/row_store.hpp"

namespace millrace::engine {

/// The row store of one actor plus the key its handler is running for; what `value`, `list`, `map` and `timer` reach.
///
/// A row is looked up at the first access and made at the first write, so a handler that touches no state costs
/// nothing and leaves nothing. Thread: owning actor.
class keyed_state {
public:
  [[nodiscard]] row_store& rows() noexcept { return rows_; }
  [[nodiscard]] const row_store& rows() const noexcept { return rows_; }

  /// `key` must live until the next select or deselect. `hint`: the row that `row_store::prefetch_row` gave.
  void select(std::uint64_t hash, const key_bytes& key, row_id hint = no_row) noexcept {
    hint_ = hint;
    hash_ = hash;
    key_ = &key;
    row_ = no_row;
    resolved_ = false;
    writable_ = nullptr;
  }
  /// Makes the key of a live row current, without a lookup. `select_row` may be called while a row is current.
  void select_row(row_id row) {
    row_key_ = header_of(rows_.row(row)).key;
    select(rows_.hash_of(row), row_key_, row);
    row_ = row;
    resolved_ = true;
  }
  void deselect() noexcept {
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
  /// Drops a cell's value, and the row with its last one.
  void clear(std::size_t cell) {
    const auto* at = read();
    if (at == nullptr || (header_of(at).present >> cell & 1U) == 0) return;
    auto& head = header_of(write());
    head.present &= ~(1U << cell);
    if (head.present != 0) return;
    rows_.erase(row_);
    row_ = no_row;
    writable_ = nullptr;
  }

private:
  void resolve() {
    if (resolved_) return;
    row_ = rows_.find(hash_, key(), hint_);
    resolved_ = true;
  }
  std::byte* make_writable() {
    resolve();
    if (row_ == no_row) row_ = rows_.find_or_create(hash_, key());
    return writable_ = rows_.writable_row(row_);
  }
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
  std::byte* writable_ = nullptr;
};

}  // namespace millrace::engine
