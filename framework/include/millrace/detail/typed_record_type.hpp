#pragma once

#include <memory>
#include <string>

#include "millrace/typed_batch.hpp"

namespace millrace::detail {

/// "record 3 of Trade does not follow its schema, at byte 120 of 512"
[[nodiscard]] error bad_record(const schema& s, std::uint32_t row, std::size_t offset, std::size_t size);
/// Reads the array's head and checks it against the count the frame promised.
[[nodiscard]] result<void> check_count(msgpack::reader& r, const schema& s, std::uint32_t count);
[[nodiscard]] error trailing_bytes(const schema& s, std::size_t extra);

template <record T>
class typed_record_type final : public record_type {
public:
  typed_record_type() : record_type{schema_of<T>(), false} {}

  std::unique_ptr<batch_builder> make_builder(std::uint32_t capacity) const override {
    return std::make_unique<typed_builder<T>>(capacity);
  }

  void encode(const batch& b, byte_buffer& out) const override {
    msgpack::writer w{out};
    w.array(b.size());
    for (const T& r : rows<T>(b)) codec<T>::encode(w, r);
  }

  result<batch_ptr> decode(bytes_view encoded, std::uint32_t count, const millrace::schema* written_by) const override {
    msgpack::reader r{encoded};
    if (auto ok = check_count(r, schema(), count); !ok) return std::move(ok).error();
    const auto written = written_by == nullptr ? 0 : static_cast<std::uint32_t>(written_by->fields.size());
    const bool is_newer = written > record_traits<T>::field_count;
    typed_builder<T> builder{count};
    for (std::uint32_t row = 0; row < count; ++row) {
      T& fresh = builder.emplace();
      const bool ok = is_newer ? codec<T>::decode_from_newer(r, fresh, written) : codec<T>::decode(r, fresh);
      if (!ok) return bad_record(schema(), row, r.offset(), encoded.size());
    }
    if (!r.at_end()) return trailing_bytes(schema(), r.remaining());
    return builder.finish();
  }

  value value_at(const batch& b, std::uint32_t row, std::uint32_t field, byte_buffer& scratch) const override {
    const T& r = rows<T>(b)[row];
    value v;
    record_traits<T>::each_index([&](auto i) {
      if (i != field) return true;
      v = view_of(r.*record_traits<T>::template pointer<i>, scratch);
      return false;
    });
    return v;
  }

  column column_of(const batch& b, std::uint32_t field) const noexcept override {
    const auto all = rows<T>(b);
    column c;
    record_traits<T>::each_index([&](auto i) {
      using M = typename record_traits<T>::template field_type<i>;
      if (i != field) return true;
      const M* const first = all.empty() ? nullptr : &(all[0].*record_traits<T>::template pointer<i>);
      c = {reinterpret_cast<const std::byte*>(first), sizeof(T), column_kind_of<M>()};
      return false;
    });
    return c;
  }

  std::uint32_t scatter(const batch& source, std::uint32_t first, std::span<const std::uint16_t> targets,
                        std::span<const std::uint64_t> hashes,
                        std::span<batch_builder* const> builders) const override {
    for (const batch_builder* b : builders) {
      MILLRACE_CHECK(&b->type() == this, "the builder is of another record type");
    }
    const auto all = rows<T>(source);
    for (std::uint32_t row = first; row < all.size(); ++row) {
      auto& target = static_cast<typed_builder<T>&>(*builders[targets[row]]);
      if (target.is_full()) return row;
      target.push(all[row]);
      if (!hashes.empty()) target.push_key_hash(hashes[row]);
    }
    return static_cast<std::uint32_t>(all.size());
  }
};

}  // namespace millrace::detail

namespace millrace {

template <record T>
const record_type_ptr& record_type_of() {
  static const record_type_ptr type = std::make_shared<const detail::typed_record_type<T>>();
  return type;
}

}  // namespace millrace
