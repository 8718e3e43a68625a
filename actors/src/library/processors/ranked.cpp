#include "library/processors/ranked.hpp"

#include <algorithm>
#include <stdexcept>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> ranked::add_columns(const schema& arriving, schema& made) {
  if (auto ok = add_column(made, "rank", field_kind::integer); !ok) return ok;
  auto items = key_fields::find(arriving, *item_, made, "item");
  if (!items) return std::move(items).error();
  items_ = std::move(*items);
  has_value_ = !value_->empty();
  if (!has_value_) return add_column(made, "count", field_kind::integer);
  const auto index = find_number(arriving, *value_, "value");
  if (!index) return index.error();
  value_index_ = *index;
  return add_column(made, "sum", field_kind::float64);
}

double ranked::added_by(const record_view& record) const {
  return has_value_ ? number_of(record.field(value_index_)) : 1;
}

std::string ranked::item_of(const record_view& record) {
  scratch_.clear();
  items_.append(scratch_, record);
  return std::string{as_text(scratch_.view())};
}

void ranked::check_room(const std::map<std::string, double>& totals, const std::string& item) const {
  if (totals.size() < static_cast<std::size_t>(*items_max_) || totals.contains(item)) return;
  throw std::runtime_error{"the group has more than 'items_max' = " + std::to_string(*items_max_) +
                           " different items: raise it, or rank something that has fewer values"};
}

ranked::ranking ranked::best_of(const std::map<std::string, double>& totals) const {
  ranking all(totals.begin(), totals.end());
  const auto n = std::min(all.size(), static_cast<std::size_t>(*k_));
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(n), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  all.resize(n);
  return all;
}

std::uint32_t ranked::set_columns(dynamic_builder& row, std::uint32_t field, std::int64_t rank,
                                  const ranking::value_type& one) const {
  (void)row.set(field++, value::of(rank));
  items_.set(row, as_bytes(one.first), field);
  field += static_cast<std::uint32_t>(items_.types.size());
  (void)row.set(field++, has_value_ ? value::of(one.second) : value::of(static_cast<std::int64_t>(one.second)));
  return field;
}

}  // namespace millrace::library
