#pragma once

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/key_codec.hpp"
#include "millrace/typed_batch.hpp"

namespace millrace {

/// Finds the key of records: what a by-key router and a keyed input share. Keys are compared and hashed in canonical
/// form (one value: bare; several: an array), the same for typed and dynamic records of the same fields.
///
/// Immutable. Thread: any. Batches must be of the record type the extractor was made for.
class key_extractor {
public:
  key_extractor(const key_extractor&) = delete;
  key_extractor& operator=(const key_extractor&) = delete;
  virtual ~key_extractor() = default;

  /// For people: `account`, `account, venue` or the function's name. Stable: part of a topology's identity.
  [[nodiscard]] const std::string& description() const noexcept { return description_; }
  /// Two keyed inputs can share state when these are equal: `string`, `int`, `(string, int)`.
  [[nodiscard]] const std::string& key_type() const noexcept { return key_type_; }

  /// True: the key is made of fields, `description` lists their names, and another record type with these fields can
  /// have it too.
  [[nodiscard]] virtual bool is_of_fields() const noexcept { return false; }

  /// `key_hash` of every record into `out`, which has room for `size()`. False when a record has no valid key (NaN):
  /// `out` is then unspecified and `key` tells which.
  [[nodiscard]] virtual bool hashes(const batch& b, std::uint64_t* out) const = 0;
  /// The keys of every record into `out`; false as with `hashes`.
  [[nodiscard]] virtual bool keys(const batch& b, key_bytes* out) const = 0;
  /// The key of one record. Error: it is NaN (`invalid_argument`), names the key and the record's number.
  [[nodiscard]] virtual result<void> key(const batch& b, std::uint32_t row, key_bytes& out) const = 0;

protected:
  key_extractor(std::string description, std::string key_type)
      : description_{std::move(description)}, key_type_{std::move(key_type)} {}
  [[nodiscard]] error invalid_key(std::uint32_t row) const;

private:
  std::string description_;
  std::string key_type_;
};

using key_ptr = std::shared_ptr<const key_extractor>;

/// Key of one or several fields, by index. Errors: no fields, or one that is no scalar (`invalid_argument`).
[[nodiscard]] result<key_ptr> key_by_fields(record_type_ptr type, std::vector<std::uint32_t> fields);
/// Key of fields by name, for topologies read from text. Errors: as above, and an unknown field (`not_found`).
[[nodiscard]] result<key_ptr> key_of(const record_type_ptr& type, std::span<const std::string> names);

namespace detail {

template <record T, class M>
[[nodiscard]] std::uint32_t index_of(M T::*wanted) {
  std::uint32_t index = 0;
  const bool is_missing = record_traits<T>::each_index([&](auto i) {
    if constexpr (std::is_same_v<M, typename record_traits<T>::template field_type<i>>) {
      if (record_traits<T>::template pointer<i> == wanted) return false;
    }
    ++index;
    return true;
  });
  if (is_missing) throw std::invalid_argument(schema_of<T>()->name + ": the member is not in MILLRACE_RECORD");
  return index;
}

/// Canonical keys of a batch one behind the other; `ends[i]` is where key i ends.
struct key_run {
  byte_buffer bytes;
  std::vector<std::size_t> ends;
  void hashes(std::uint64_t* out) const noexcept;
  void keys(key_bytes* out) const;
};

template <record T, class F>
class function_key final : public key_extractor {
  using key_type_of = std::remove_cvref_t<std::invoke_result_t<const F&, const T&>>;

public:
  function_key(std::string name, F fn)
      : key_extractor{std::move(name), key_type_text_of<key_type_of>()}, fn_{std::move(fn)} {}

  bool hashes(const batch& b, std::uint64_t* out) const override {
    key_run run;
    if (!collect(b, run)) return false;
    run.hashes(out);
    return true;
  }
  bool keys(const batch& b, key_bytes* out) const override {
    key_run run;
    if (!collect(b, run)) return false;
    run.keys(out);
    return true;
  }
  result<void> key(const batch& b, std::uint32_t row, key_bytes& out) const override {
    byte_buffer buffer;
    msgpack::writer w{buffer};
    if (!encode_key_into<key_type_of>(w, std::invoke(fn_, rows<T>(b)[row]))) return invalid_key(row);
    out = key_bytes{buffer.view()};
    return {};
  }

private:
  bool collect(const batch& b, key_run& run) const {
    run.ends.reserve(b.size());
    msgpack::writer w{run.bytes};
    for (const T& r : rows<T>(b)) {
      if (!encode_key_into<key_type_of>(w, std::invoke(fn_, r))) return false;
      run.ends.push_back(run.bytes.size());
    }
    return true;
  }

  F fn_;
};

}  // namespace detail

/// Key of one or several members: `key_of<Trade>(&Trade::account, &Trade::venue)`. Throws std::invalid_argument when a
/// member is not a field of the record, or is a list, map or record.
template <record T, class... M>
requires(sizeof...(M) >= 1) [[nodiscard]] key_ptr key_of(M T::*... members) {
  auto made = key_by_fields(record_type_of<T>(), {detail::index_of<T>(members)...});
  if (!made) throw std::invalid_argument(made.error().message);
  return std::move(made).value();
}

/// Key computed by `fn(const T&)`, which must depend on the record alone. The name stands for it in descriptions.
template <record T, class F>
requires std::is_invocable_v<const F&, const T&>
[[nodiscard]] key_ptr key_of(std::string name, F fn) {
  return std::make_shared<const detail::function_key<T, F>>(std::move(name), std::move(fn));
}

}  // namespace millrace
