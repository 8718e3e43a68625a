#include "millrace/dynamic_batch.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "dynamic_type.hpp"
#include "dynamic_value.hpp"

namespace millrace {

const value& record_view::field(std::string_view name) const {
  const auto index = schema_->find(name);
  if (!index) {
    throw std::out_of_range("record " + schema_->name + " has no field '" + std::string{name} + "' (it has " +
                            to_text(*schema_) + ")");
  }
  return values_[*index];
}

dynamic_builder::dynamic_builder(std::shared_ptr<const detail::dynamic_type> type, std::uint32_t capacity)
    : batch_builder{*type, capacity == 0 ? 1 : capacity}, own_type_{std::move(type)} {}

void dynamic_builder::append_from(const batch& source, std::uint32_t row) {
  MILLRACE_CHECK(&source.type() == own_type_.get(), "the batch is of another record type");
  append_values(static_cast<const dynamic_batch&>(source).row(row));
}

void dynamic_builder::append_rows(const batch& source, std::span<const std::uint32_t> rows) {
  for (const auto row : rows) append_from(source, row);
}

void dynamic_builder::append(const record_view& record) {
  MILLRACE_CHECK(&record.schema() == &own_type_->schema(), "the record is of another schema");
  append_values(record.values());
}

void dynamic_builder::make_room(std::size_t width) {
  constexpr std::size_t rows_max = 1024;  // of a capacity that may be far more than will come
  if (slots_.empty()) slots_.reserve(std::min<std::size_t>(capacity(), rows_max) * width);
}

void dynamic_builder::append_values(std::span<const value> row) {
  make_room(row.size());
  for (const value& v : row) slots_.push_back(v.is_view() ? v.moved_to(strings_.copy(v.as_bytes())) : v);
  ++size_;
}

void dynamic_builder::begin_row() {
  const auto defaults = own_type_->defaults();
  make_room(defaults.size());
  slots_.insert(slots_.end(), defaults.begin(), defaults.end());
  ++size_;
}

bool dynamic_builder::set(std::uint32_t field, const value& v) {
  MILLRACE_CHECK(size_ != 0, "no record has been begun");
  const auto& fields = own_type_->schema().fields;
  value accepted;
  if (field >= fields.size() || !detail::accept_value(fields[field].type, v, accepted)) return false;
  if (accepted.is_view()) accepted = accepted.moved_to(strings_.copy(accepted.as_bytes()));
  slots_[slots_.size() - fields.size() + field] = accepted;
  return true;
}

void dynamic_builder::drop_row() {
  MILLRACE_CHECK(size_ != 0, "no record has been begun");
  slots_.resize(slots_.size() - own_type_->schema().fields.size());
  --size_;
}

batch_ptr dynamic_builder::finish() {
  const std::size_t payload = bytes();
  auto* const made = new dynamic_batch{own_type_, std::exchange(slots_, {}), std::exchange(strings_, {})};
  return seal(made, payload);
}

}  // namespace millrace
