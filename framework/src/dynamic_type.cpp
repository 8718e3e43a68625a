#include "dynamic_type.hpp"

#include <algorithm>

#include "dynamic_value.hpp"
#include "millrace/detail/typed_record_type.hpp"

namespace millrace {

record_type_ptr dynamic_record_type(schema_ptr s) {
  return std::make_shared<const detail::dynamic_type>(std::move(s));
}

namespace detail {

dynamic_type::dynamic_type(schema_ptr s) : record_type{std::move(s), true} {
  for (const field& f : schema().fields) defaults_.push_back(default_value(f.type, strings_));
}

const dynamic_batch& dynamic_type::own(const batch& b) const noexcept {
  MILLRACE_CHECK(&b.type() == this, "the batch is of another record type");
  return static_cast<const dynamic_batch&>(b);
}

std::unique_ptr<batch_builder> dynamic_type::make_builder(std::uint32_t capacity) const {
  return std::make_unique<dynamic_builder>(shared_from_this(), capacity);
}

void dynamic_type::encode(const batch& b, byte_buffer& out) const {
  const dynamic_batch& from = own(b);
  const auto& fields = schema().fields;
  msgpack::writer w{out};
  w.array(b.size());
  for (std::uint32_t r = 0; r < b.size(); ++r) {
    const auto row = from.row(r);
    w.array(static_cast<std::uint32_t>(row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) write_value(w, fields[i].type, row[i]);
  }
}

bool dynamic_type::read_row(msgpack::reader& r, std::uint32_t written_fields, std::span<value> row) const {
  const auto& fields = schema().fields;
  std::uint32_t n = 0;
  if (!r.array(n)) return false;
  const bool is_newer = n == written_fields && n > fields.size();
  if (!is_newer && !schema().is_known_length(n)) return r.refuse();
  const auto known = std::min<std::size_t>(n, fields.size());
  for (std::size_t i = 0; i < known; ++i) {
    if (!read_value(r, fields[i].type, row[i])) return false;
  }
  for (std::size_t i = known; i < n; ++i) {
    if (!r.skip()) return false;
  }
  return true;
}

/// Copies the encoded bytes once, so that every string of the batch is a view into that copy.
result<batch_ptr> dynamic_type::decode(bytes_view encoded, std::uint32_t count,
                                       const millrace::schema* written_by) const {
  if (msgpack::reader head{encoded}; true) {
    if (auto ok = check_count(head, schema(), count); !ok) return std::move(ok).error();
  }
  dynamic_builder builder{shared_from_this(), count};
  msgpack::reader r{{builder.strings_.copy(encoded), encoded.size()}};
  std::uint32_t announced = 0;
  if (!r.array(announced)) return bad_record(schema(), 0, 0, encoded.size());
  const auto written = written_by == nullptr ? 0 : static_cast<std::uint32_t>(written_by->fields.size());
  for (std::uint32_t row = 0; row < count; ++row) {
    builder.begin_row();
    const auto fresh = std::span{builder.slots_}.last(defaults_.size());
    if (!read_row(r, written, fresh)) return bad_record(schema(), row, r.offset(), encoded.size());
  }
  if (!r.at_end()) return trailing_bytes(schema(), r.remaining());
  return builder.finish();
}

value dynamic_type::value_at(const batch& b, std::uint32_t row, std::uint32_t field, byte_buffer&) const {
  return own(b).row(row)[field];
}

column dynamic_type::column_of(const batch& b, std::uint32_t field) const noexcept {
  const std::size_t stride = defaults_.size() * sizeof(value);
  const value* const first = b.size() == 0 ? nullptr : &own(b).row(0)[field];
  const bool is_scalar = schema().fields[field].type.is_scalar();
  return {reinterpret_cast<const std::byte*>(first), stride, is_scalar ? column_kind::value : column_kind::none};
}

std::uint32_t dynamic_type::scatter(const batch& source, std::uint32_t first, std::span<const std::uint16_t> targets,
                                    std::span<const std::uint64_t> hashes,
                                    std::span<batch_builder* const> builders) const {
  for (const batch_builder* b : builders) {
    MILLRACE_CHECK(&b->type() == this, "the builder is of another record type");
  }
  const dynamic_batch& from = own(source);
  for (std::uint32_t row = first; row < source.size(); ++row) {
    auto& target = static_cast<dynamic_builder&>(*builders[targets[row]]);
    if (target.is_full()) return row;
    target.append_values(from.row(row));
    if (!hashes.empty()) target.push_key_hash(hashes[row]);
  }
  return source.size();
}

}  // namespace detail
}  // namespace millrace
