#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/batch.hpp"

namespace millrace::transport::test {

/// Batches of numbers that are counted while they live, so that a test sees a reference that leaks or dies early.
class counted_batch final : public batch {
public:
  counted_batch(const record_type& type, std::vector<std::uint64_t> numbers)
      : batch{type}, numbers_{std::move(numbers)} {
    alive.fetch_add(1);
  }
  ~counted_batch() override { alive.fetch_sub(1); }

  [[nodiscard]] const std::vector<std::uint64_t>& numbers() const noexcept { return numbers_; }

  static inline std::atomic<int> alive{0};

private:
  std::vector<std::uint64_t> numbers_;
};

class counted_builder final : public batch_builder {
public:
  explicit counted_builder(const record_type& type) : batch_builder{type, 16} {}

  void push(std::uint64_t number) {
    numbers_.push_back(number);
    ++size_;
  }
  std::size_t bytes() override { return numbers_.size() * sizeof(std::uint64_t); }
  void append_from(const batch& source, std::uint32_t row) override {
    push(static_cast<const counted_batch&>(source).numbers()[row]);
  }
  void append_rows(const batch& source, std::span<const std::uint32_t> rows) override {
    for (const auto row : rows) append_from(source, row);
  }
  void begin_row() override { push(0); }
  bool set(std::uint32_t, const value&) override { return false; }
  void drop_row() override {
    numbers_.pop_back();
    --size_;
  }
  batch_ptr finish() override {
    const auto payload = bytes();
    return seal(new counted_batch{type(), std::exchange(numbers_, {})}, payload);
  }

private:
  std::vector<std::uint64_t> numbers_;
};

/// Encodes a batch as its numbers, eight bytes each: the frame codec does not look into a body.
class counted_type : public record_type {
public:
  counted_type() : record_type{nullptr, false} {}

  [[nodiscard]] std::unique_ptr<batch_builder> make_builder(std::uint32_t) const override {
    return std::make_unique<counted_builder>(*this);
  }
  void encode(const batch& b, byte_buffer& out) const override {
    const auto& numbers = static_cast<const counted_batch&>(b).numbers();
    out.append(numbers.data(), numbers.size() * sizeof(std::uint64_t));
  }
  [[nodiscard]] result<batch_ptr> decode(bytes_view encoded, std::uint32_t count,
                                         const millrace::schema*) const override {
    if (encoded.size() != count * sizeof(std::uint64_t)) return fatal_error(errc::corrupt, "wrong number of records");
    counted_builder builder{*this};
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint64_t number = 0;
      std::memcpy(&number, encoded.data() + i * sizeof number, sizeof number);
      builder.push(number);
    }
    return builder.finish();
  }
  [[nodiscard]] value value_at(const batch&, std::uint32_t, std::uint32_t, byte_buffer&) const override { return {}; }
  [[nodiscard]] column column_of(const batch&, std::uint32_t) const noexcept override { return {}; }
  [[nodiscard]] std::uint32_t scatter(const batch& source, std::uint32_t, std::span<const std::uint16_t>,
                                      std::span<const std::uint64_t>, std::span<batch_builder* const>) const override {
    return source.size();
  }
};

/// The same with 128 bytes a number, most of them alike: large frames, and something to compress.
class wide_type final : public counted_type {
public:
  static constexpr std::size_t record_bytes = 128;

  void encode(const batch& b, byte_buffer& out) const override {
    for (const auto number : static_cast<const counted_batch&>(b).numbers()) {
      auto* const at = out.extend(record_bytes);
      std::memset(at, 0, record_bytes);
      std::memcpy(at, &number, sizeof number);
    }
  }
  [[nodiscard]] result<batch_ptr> decode(bytes_view encoded, std::uint32_t count,
                                         const millrace::schema*) const override {
    if (encoded.size() != count * record_bytes) return fatal_error(errc::corrupt, "wrong number of records");
    counted_builder builder{*this};
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint64_t number = 0;
      std::memcpy(&number, encoded.data() + i * record_bytes, sizeof number);
      builder.push(number);
    }
    return builder.finish();
  }
};

/// A batch of the numbers first, first + 1, …
inline batch_ptr numbers_from(const record_type& type, std::uint64_t first, std::uint32_t count) {
  counted_builder builder{type};
  for (std::uint32_t i = 0; i < count; ++i) builder.push(first + i);
  return builder.finish();
}

inline const std::vector<std::uint64_t>& numbers_of(const batch_ptr& b) {
  return static_cast<const counted_batch&>(*b).numbers();
}

}  // namespace millrace::transport::test
