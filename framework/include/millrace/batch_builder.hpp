#pragma once

#include "millrace/batch.hpp"

namespace millrace {

/// Collects records of one type into batches; reusable after `finish`.
///
/// `capacity` is when a batch should be sent, not a hard end: a builder grows past it. Thread: one owner at a time.
class batch_builder {
public:
  batch_builder(const batch_builder&) = delete;
  batch_builder& operator=(const batch_builder&) = delete;
  virtual ~batch_builder() = default;

  [[nodiscard]] const record_type& type() const noexcept { return *type_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool is_full() const noexcept { return size_ >= capacity_; }
  /// Estimate of the payload so far, as `batch::bytes`. Cheap to ask after every record.
  [[nodiscard]] virtual std::size_t bytes() = 0;

  /// Copies one record of a batch of the same type. Key hashes are not copied.
  virtual void append_from(const batch& source, std::uint32_t row) = 0;
  /// Copies the records named, in that order. Key hashes are not copied.
  virtual void append_rows(const batch& source, std::span<const std::uint32_t> rows) = 0;

  /// Starts a record with defaults (C++ defaults; zero, empty and null for dynamic records).
  virtual void begin_row() = 0;
  /// Sets a field of the record last begun. Strings, bytes and packed values are copied. Integers are taken for float
  /// fields. False, and the field unchanged, when the value is no value of the field's type.
  [[nodiscard]] virtual bool set(std::uint32_t field, const value& v) = 0;
  /// Takes the record last begun back.
  virtual void drop_row() = 0;

  /// Key hash of the record added last. Either every record of a batch gets one or none does.
  void push_key_hash(std::uint64_t hash) { key_hashes_.push_back(hash); }
  void append_key_hashes(std::span<const std::uint64_t> hashes) {
    key_hashes_.insert(key_hashes_.end(), hashes.begin(), hashes.end());
  }

  /// Records added from now on are late against `t`, until `end_late`.
  void begin_late(event_time t) {
    late_against_ = t;
    late_from_ = size_;
  }
  void end_late() { close_late(); }

  /// Marks records of a batch that nobody else holds yet.
  static void mark_late(const batch_ptr& fresh, std::vector<late_mark> marks);

  /// The batch of what was added; the builder is empty again. An empty builder gives an empty batch.
  [[nodiscard]] virtual batch_ptr finish() = 0;

protected:
  batch_builder(const record_type& type, std::uint32_t capacity) noexcept : type_{&type}, capacity_{capacity} {}

  /// Hands a batch out: sets what the base class keeps and takes the builder's size and hashes back to nothing.
  [[nodiscard]] batch_ptr seal(batch* made, std::size_t payload_bytes);

  std::uint32_t size_ = 0;

private:
  void close_late();

  const record_type* type_;
  std::uint32_t capacity_;
  std::vector<std::uint64_t> key_hashes_;
  std::vector<late_mark> late_marks_;
  event_time late_against_ = event_time::min();  ///< min: what is added is on time
  std::uint32_t late_from_ = 0;
};

}  // namespace millrace
