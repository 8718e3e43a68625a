#include "millrace/key.hpp"

#include <string>

#include "key_columns.hpp"

namespace millrace {
namespace {

/// Key of one or several fields of any record type.
class field_key final : public key_extractor {
public:
  field_key(record_type_ptr type, std::vector<std::uint32_t> fields, std::string description, std::string key_type)
      : key_extractor{std::move(description), std::move(key_type)},
        type_{std::move(type)},
        fields_{std::move(fields)} {}

  bool is_of_fields() const noexcept override { return true; }
  bool hashes(const batch& b, std::uint64_t* out) const override {
    if (const column c = direct_column(b); c.kind != column_kind::none) return detail::hash_column(c, b.size(), out);
    detail::key_run run;
    if (!collect(b, run)) return false;
    run.hashes(out);
    return true;
  }

  bool keys(const batch& b, key_bytes* out) const override {
    if (const column c = direct_column(b); c.kind != column_kind::none) return detail::copy_keys(c, b.size(), out);
    detail::key_run run;
    if (!collect(b, run)) return false;
    run.keys(out);
    return true;
  }

  result<void> key(const batch& b, std::uint32_t row, key_bytes& out) const override {
    byte_buffer buffer;
    byte_buffer scratch;
    msgpack::writer w{buffer};
    if (!encode_row(w, b, row, scratch)) return invalid_key(row);
    out = key_bytes{buffer.view()};
    return {};
  }

private:
  [[nodiscard]] column direct_column(const batch& b) const {
    MILLRACE_CHECK(&b.type() == type_.get(), "the batch is of another record type than the key");
    return fields_.size() == 1 ? type_->column_of(b, fields_.front()) : column{};
  }

  bool encode_row(msgpack::writer& w, const batch& b, std::uint32_t row, byte_buffer& scratch) const {
    if (fields_.size() != 1) w.array(static_cast<std::uint32_t>(fields_.size()));
    for (const auto f : fields_) {
      if (!detail::encode_key_value(w, type_->value_at(b, row, f, scratch))) return false;
    }
    return true;
  }

  bool collect(const batch& b, detail::key_run& run) const {
    msgpack::writer w{run.bytes};
    byte_buffer scratch;
    run.ends.reserve(b.size());
    for (std::uint32_t row = 0; row < b.size(); ++row) {
      if (!encode_row(w, b, row, scratch)) return false;
      run.ends.push_back(run.bytes.size());
    }
    return true;
  }

  record_type_ptr type_;
  std::vector<std::uint32_t> fields_;
};

}  // namespace

error key_extractor::invalid_key(std::uint32_t row) const {
  return user_error(errc::invalid_argument,
                    "key '" + description_ + "' of record " + std::to_string(row) +
                        " is NaN, which equals nothing: filter such records out before the router");
}

result<key_ptr> key_by_fields(record_type_ptr type, std::vector<std::uint32_t> fields) {
  const schema& s = type->schema();
  std::string names;
  std::string types;
  for (const auto index : fields) {
    if (index >= s.fields.size()) {
      return user_error(errc::not_found, s.name + " has no field number " + std::to_string(index));
    }
    const field& f = s.fields[index];
    if (!f.type.is_scalar()) {
      return user_error(errc::invalid_argument,
                        "field '" + f.name + "' of " + s.name + " is " + to_text(f.type) +
                            " and cannot be a key: take a scalar field or a named key function");
    }
    names += (names.empty() ? "" : ", ") + f.name;
    types += (types.empty() ? "" : ", ") + detail::key_type_text(f.type);
  }
  if (fields.empty()) return user_error(errc::invalid_argument, "a key of " + s.name + " needs at least one field");
  if (fields.size() > 1) types = "(" + types + ")";
  return key_ptr{std::make_shared<const field_key>(std::move(type), std::move(fields), names, types)};
}

result<key_ptr> key_of(const record_type_ptr& type, std::span<const std::string> names) {
  std::vector<std::uint32_t> fields;
  for (const std::string& name : names) {
    const auto index = type->schema().find(name);
    if (!index) {
      return user_error(errc::not_found, "key field '" + name + "' is not in " + type->schema().name + " (" +
                                             to_text(type->schema()) + ")");
    }
    fields.push_back(*index);
  }
  return key_by_fields(type, std::move(fields));
}

}  // namespace millrace
