#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "millrace/bytes.hpp"
#include "millrace/column.hpp"
#include "millrace/error.hpp"
#include "millrace/schema.hpp"
#include "millrace/time.hpp"
#include "millrace/value.hpp"

namespace millrace {

class record_type;
class batch_builder;

/// A record that its own producer partition had already declared complete: what it is late against travels with it, so
/// that the same record is late in every run or in none, whatever other inputs do meanwhile.
struct late_mark {
  std::uint32_t row = 0;
  event_time watermark{};  ///< of the producer partition, where the record stood in its input
};

/// Records on their way: immutable, all of one type, shared by reference count so that a frame can carry them through a
/// channel without copying. Built by a `batch_builder`. Thread: any.
class batch {
public:
  batch(const batch&) = delete;
  batch& operator=(const batch&) = delete;

  [[nodiscard]] const record_type& type() const noexcept { return *type_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// Estimate of the payload in memory, strings included. What credit in bytes is counted in.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// Empty, or the key hash of each record: put there by a by-key router so that the receiver need not hash again.
  [[nodiscard]] std::span<const std::uint64_t> key_hashes() const noexcept { return key_hashes_; }
  /// The records that came after their producer partition's watermark had passed them, by row. Nearly always empty.
  [[nodiscard]] std::span<const late_mark> late_marks() const noexcept { return late_marks_; }

protected:
  explicit batch(const record_type& type) noexcept : type_{&type} {}
  virtual ~batch() = default;

private:
  friend class batch_ptr;
  friend class batch_builder;
  void retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop() const noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  mutable std::atomic<std::uint32_t> references_{1};
  std::uint32_t size_ = 0;
  const record_type* type_;
  std::size_t bytes_ = 0;
  std::vector<std::uint64_t> key_hashes_;
  std::vector<late_mark> late_marks_;
};

/// Shared owner of a batch, one pointer wide. `release` and `adopt` carry the reference through C interfaces.
class batch_ptr {
public:
  constexpr batch_ptr() noexcept = default;
  constexpr batch_ptr(std::nullptr_t) noexcept {}  // NOLINT: implicit by intent
  /// Another reference to a batch that is alive.
  explicit batch_ptr(const batch& b) noexcept : batch_{&b} { b.retain(); }
  batch_ptr(const batch_ptr& other) noexcept : batch_{other.batch_} {
    if (batch_ != nullptr) batch_->retain();
  }
  batch_ptr(batch_ptr&& other) noexcept : batch_{other.release()} {}
  batch_ptr& operator=(batch_ptr other) noexcept {
    std::swap(batch_, other.batch_);
    return *this;
  }
  ~batch_ptr() { reset(); }

  [[nodiscard]] const batch* get() const noexcept { return batch_; }
  [[nodiscard]] const batch* operator->() const noexcept { return batch_; }
  [[nodiscard]] const batch& operator*() const noexcept { return *batch_; }
  explicit operator bool() const noexcept { return batch_ != nullptr; }
  friend bool operator==(const batch_ptr&, const batch_ptr&) noexcept = default;

  void reset() noexcept {
    if (const batch* const b = release()) b->drop();
  }
  /// Gives the reference away; somebody must `adopt` the pointer once.
  [[nodiscard]] const batch* release() noexcept { return std::exchange(batch_, nullptr); }
  /// Takes over a reference that was released.
  [[nodiscard]] static batch_ptr adopt(const batch* b) noexcept {
    batch_ptr p;
    p.batch_ = b;
    return p;
  }

private:
  const batch* batch_ = nullptr;
};

}  // namespace millrace

#include "millrace/batch_builder.hpp"  // IWYU pragma: export
#include "millrace/record_type.hpp"    // IWYU pragma: export
