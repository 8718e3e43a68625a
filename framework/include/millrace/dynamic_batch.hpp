#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "millrace/batch.hpp"
#include "millrace/check.hpp"
#include "millrace/detail/arena.hpp"

namespace millrace {

namespace detail {
class dynamic_type;
}

/// The record type of a schema known only at run time; batches and builders of it are the dynamic ones below. Each call
/// makes a type of its own, also for equal schemas.
[[nodiscard]] record_type_ptr dynamic_record_type(schema_ptr s);

/// Records of a dynamic type: 16-byte values side by side, and an arena for the strings.
class dynamic_batch final : public batch {
public:
  dynamic_batch(record_type_ptr type, std::vector<value> values, detail::arena strings)
      : batch{*type}, type_{std::move(type)}, slots_{std::move(values)}, strings_{std::move(strings)} {}

  [[nodiscard]] std::span<const value> row(std::uint32_t r) const noexcept {
    const std::size_t width = type_->schema().fields.size();
    return std::span{slots_}.subspan(r * width, width);
  }

private:
  record_type_ptr type_;
  std::vector<value> slots_;
  detail::arena strings_;
};

/// One record of a dynamic batch. Lives as long as the batch.
class record_view {
public:
  /// `b` must be dynamic.
  record_view(const batch& b, std::uint32_t row) : schema_{&b.type().schema()} {
    MILLRACE_CHECK(b.type().is_dynamic(), "a record_view looks into dynamic batches only");
    values_ = static_cast<const dynamic_batch&>(b).row(row);
  }

  [[nodiscard]] const millrace::schema& schema() const noexcept { return *schema_; }
  [[nodiscard]] std::span<const value> values() const noexcept { return values_; }
  [[nodiscard]] const value& field(std::uint32_t index) const noexcept { return values_[index]; }
  /// Throws std::out_of_range when the schema has no such field. Look the index up once where it matters.
  [[nodiscard]] const value& field(std::string_view name) const;

private:
  const millrace::schema* schema_;
  std::span<const value> values_;
};

/// Builds dynamic batches: `begin_row()`, then `set(i, value)` for the fields that are not to keep their default.
class dynamic_builder final : public batch_builder {
public:
  dynamic_builder(std::shared_ptr<const detail::dynamic_type> type, std::uint32_t capacity);

  std::size_t bytes() override { return slots_.size() * sizeof(value) + strings_.used(); }
  void append_from(const batch& source, std::uint32_t row) override;
  void append_rows(const batch& source, std::span<const std::uint32_t> rows) override;
  /// Copies a record of the same schema object; also of another batch type made from it.
  void append(const record_view& record);

  void begin_row() override;
  bool set(std::uint32_t field, const value& v) override;
  void drop_row() override;
  batch_ptr finish() override;

private:
  friend class detail::dynamic_type;
  void make_room(std::size_t width);
  void append_values(std::span<const value> row);

  std::shared_ptr<const detail::dynamic_type> own_type_;
  std::vector<value> slots_;
  detail::arena strings_;
};

}  // namespace millrace
