#pragma once

#include "millrace/batch.hpp"

namespace millrace {

using record_type_ptr = std::shared_ptr<const record_type>;

/// What the engine knows of a kind of record: how to build, encode, decode and look into batches of it. One object per
/// C++ record type (`record_type_of<T>()`) and one per dynamic schema; types are the same when they are the same
/// object.
///
/// Immutable. Thread: any. It must outlive builders made from it; batches keep dynamic types alive themselves.
class record_type {
public:
  record_type(const record_type&) = delete;
  record_type& operator=(const record_type&) = delete;
  virtual ~record_type() = default;

  [[nodiscard]] const millrace::schema& schema() const noexcept { return *schema_; }
  [[nodiscard]] const schema_ptr& shared_schema() const noexcept { return schema_; }

  /// True for types made from a schema at run time: batches hold `record_view`s instead of C++ objects.
  [[nodiscard]] bool is_dynamic() const noexcept { return is_dynamic_; }

  [[nodiscard]] virtual std::unique_ptr<batch_builder> make_builder(std::uint32_t capacity) const = 0;

  /// Appends the batch as one MessagePack array of records. Key hashes do not travel.
  virtual void encode(const batch& b, byte_buffer& out) const = 0;

  /// Reads what `encode` wrote, strictly: exactly `count` records and nothing behind them. `written_by` is the writer's
  /// schema where it may be newer than this one: the fields it appended are skipped. Errors: `corrupt` with the
  /// record's number and the offset.
  [[nodiscard]] virtual result<batch_ptr> decode(bytes_view encoded, std::uint32_t count,
                                                 const millrace::schema* written_by = nullptr) const = 0;

  /// One field of one record. Nested records, lists and maps come as `packed` and may be put in `scratch`, which is
  /// overwritten; everything else is a view into the batch.
  [[nodiscard]] virtual value value_at(const batch& b, std::uint32_t row, std::uint32_t field,
                                       byte_buffer& scratch) const = 0;

  /// Direct access to a field of all records where there is any (`column_kind::none` otherwise).
  [[nodiscard]] virtual column column_of(const batch& b, std::uint32_t field) const noexcept = 0;

  /// Deals records out: record i goes to `builders[targets[i]]`, with `hashes[i]` as its key hash unless `hashes` is
  /// empty. Starts at `first` and stops before the first record whose builder is full; returns that record's number, or
  /// the batch's size when all are placed. The builders must be of this type; `targets` has one entry per record.
  [[nodiscard]] virtual std::uint32_t scatter(const batch& source, std::uint32_t first,
                                              std::span<const std::uint16_t> targets,
                                              std::span<const std::uint64_t> hashes,
                                              std::span<batch_builder* const> builders) const = 0;

protected:
  record_type(schema_ptr s, bool is_dynamic) noexcept : schema_{std::move(s)}, is_dynamic_{is_dynamic} {}

private:
  schema_ptr schema_;
  bool is_dynamic_;
};

}  // namespace millrace
