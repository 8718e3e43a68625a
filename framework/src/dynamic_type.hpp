#pragma once

#include <memory>

#include "millrace/dynamic_batch.hpp"
#include "millrace/msgpack.hpp"

namespace millrace::detail {

/// Record type over a schema known at run time. Owns the defaults that records begin with; batches keep it alive.
class dynamic_type final : public record_type, public std::enable_shared_from_this<dynamic_type> {
public:
  explicit dynamic_type(schema_ptr s);

  [[nodiscard]] std::span<const value> defaults() const noexcept { return defaults_; }

  std::unique_ptr<batch_builder> make_builder(std::uint32_t capacity) const override;
  void encode(const batch& b, byte_buffer& out) const override;
  result<batch_ptr> decode(bytes_view encoded, std::uint32_t count, const millrace::schema* written_by) const override;
  value value_at(const batch& b, std::uint32_t row, std::uint32_t field, byte_buffer& scratch) const override;
  column column_of(const batch& b, std::uint32_t field) const noexcept override;
  std::uint32_t scatter(const batch& source, std::uint32_t first, std::span<const std::uint16_t> targets,
                        std::span<const std::uint64_t> hashes, std::span<batch_builder* const> builders) const override;

private:
  [[nodiscard]] bool read_row(msgpack::reader& r, std::uint32_t written_fields, std::span<value> row) const;
  [[nodiscard]] const dynamic_batch& own(const batch& b) const noexcept;

  arena strings_;
  std::vector<value> defaults_;
};

}  // namespace millrace::detail
