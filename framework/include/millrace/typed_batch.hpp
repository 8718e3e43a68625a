#pragma once

#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "millrace/batch.hpp"
#include "millrace/check.hpp"
#include "millrace/codec.hpp"
#include "millrace/detail/block_cache.hpp"
#include "millrace/detail/field_value.hpp"

namespace millrace {

/// The type of a C++ record; one object per `T` for the program's life.
template <record T>
[[nodiscard]] const record_type_ptr& record_type_of();

/// Records of a C++ type, one behind the other.
template <record T>
class typed_batch final : public batch {
public:
  typed_batch(const record_type& type, std::uint32_t room) : batch{type}, room_{room} {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, "over-aligned records are not supported");
    rows_ = static_cast<T*>(detail::take_block(room * sizeof(T)));
  }
  ~typed_batch() override {
    std::destroy_n(rows_, constructed);
    detail::give_block(rows_, room_ * sizeof(T));
  }

  [[nodiscard]] T* data() noexcept { return rows_; }
  [[nodiscard]] const T* data() const noexcept { return rows_; }
  [[nodiscard]] std::uint32_t room() const noexcept { return room_; }

  std::uint32_t constructed = 0;  ///< records the destructor has to end; the builder's business

private:
  T* rows_ = nullptr;
  std::uint32_t room_;
};

/// The records of a batch of `T`; lives as long as the batch. Any other type of batch is a broken invariant.
template <record T>
[[nodiscard]] std::span<const T> rows(const batch& b) {
  MILLRACE_CHECK(&b.type() == record_type_of<T>().get(), "the batch is of another record type");
  return {static_cast<const typed_batch<T>&>(b).data(), b.size()};
}

/// Builds batches of a C++ record; adding one costs a bounds check and the copy.
template <record T>
class typed_builder final : public batch_builder {
public:
  explicit typed_builder(std::uint32_t capacity) : batch_builder{*record_type_of<T>(), capacity == 0 ? 1 : capacity} {}
  ~typed_builder() override { discard(); }

  /// A new record with C++ defaults; the reference is good until the next record is added.
  T& emplace() { return construct(); }
  void push(const T& r) { construct(r); }
  void push(T&& r) { construct(std::move(r)); }
  [[nodiscard]] std::span<const T> pending() const noexcept { return {rows_, size_}; }

  std::size_t bytes() override {
    if constexpr (!detail::is_flat<T>) {
      for (; weighed_ < size_; ++weighed_) heap_bytes_ += detail::heap_bytes(rows_[weighed_]);
    }
    return size_ * sizeof(T) + heap_bytes_;
  }
  void append_from(const batch& source, std::uint32_t row) override { push(rows<T>(source)[row]); }
  void append_rows(const batch& source, std::span<const std::uint32_t> picked) override {
    const auto all = rows<T>(source);
    for (const auto row : picked) push(all[row]);
  }
  void begin_row() override { construct(); }
  bool set(std::uint32_t field, const value& v) override {
    MILLRACE_CHECK(size_ != 0, "no record has been begun");
    return detail::set_field(rows_[size_ - 1], field, v);
  }
  void drop_row() override {
    MILLRACE_CHECK(size_ != 0, "no record has been begun");
    std::destroy_at(rows_ + --size_);
    if (weighed_ > size_) heap_bytes_ = weighed_ = 0;  // weighed too early: weigh all again
  }
  batch_ptr finish() override {
    if (made_ == nullptr) grow();
    const std::size_t payload = bytes();
    made_->constructed = size_;
    heap_bytes_ = weighed_ = room_ = 0;
    rows_ = nullptr;
    return seal(std::exchange(made_, nullptr), payload);
  }

private:
  template <class... Args>
  T& construct(Args&&... args) {
    if (size_ == room_) [[unlikely]] {
      if constexpr (sizeof...(Args) == 1) {
        T kept(std::forward<Args>(args)...);  // the argument may live in the rows that are about to move
        grow();
        return *std::construct_at(rows_ + size_++, std::move(kept));
      }
      grow();
    }
    return *std::construct_at(rows_ + size_++, std::forward<Args>(args)...);
  }
  void grow();
  void discard() noexcept {
    if (made_ == nullptr) return;
    made_->constructed = size_;
    (void)batch_ptr::adopt(made_);
  }

  T* rows_ = nullptr;
  std::uint32_t room_ = 0;
  std::uint32_t weighed_ = 0;
  std::size_t heap_bytes_ = 0;
  typed_batch<T>* made_ = nullptr;
};

template <record T>
void typed_builder<T>::grow() {
  auto* const bigger = new typed_batch<T>{type(), made_ == nullptr ? capacity() : 2 * room_};
  if (made_ != nullptr) {
    std::uninitialized_move_n(rows_, size_, bigger->data());
    made_->constructed = size_;
    (void)batch_ptr::adopt(made_);
  }
  made_ = bigger;
  rows_ = bigger->data();
  room_ = bigger->room();
}

}  // namespace millrace

#include "millrace/detail/typed_record_type.hpp"  // IWYU pragma: export
