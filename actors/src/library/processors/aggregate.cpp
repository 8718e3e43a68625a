#include "library/processors/aggregate.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "library/processors/decimal_sum.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

namespace {

const aggregate_row* row_at(engine::keyed_state& state) {
  const auto* const at = state.read();
  const auto& cells = state.rows().layout().cells();
  return at == nullptr ? nullptr : reinterpret_cast<const aggregate_row*>(at + cells.front().offset);
}

// Of rows of version 1 that had no event since; the others take their events'.
constexpr std::uint8_t scale_of_old_rows = 6;

bool is_before(const key_bytes& a, const key_bytes& b) noexcept {
  return as_text(a.view()) < as_text(b.view());
}

}  // namespace

void aggregate_row::merge(const aggregate_row& o) noexcept {
  if (o.count == 0) return;
  min = count == 0 ? o.min : std::min(min, o.min);
  max = count == 0 ? o.max : std::max(max, o.max);
  sum += o.sum;
  newest = std::max(newest, o.newest);
  if (o.is_exact) {
    if (count == 0) {
      exact_sum = decimal{0, o.exact_sum.scale};
      exact_min = o.exact_min;
      exact_max = o.exact_max;
      is_exact = true;
    }
    make_exact(o.exact_sum.scale);
    // Partial results cannot be refused: a sum with too many digits becomes the nearest one that there is.
    exact_sum = sum_of(exact_sum, o.exact_sum).value_or(nearest(sum, exact_sum.scale));
    if (compare(o.exact_min, exact_min) < 0) exact_min = o.exact_min;
    if (compare(o.exact_max, exact_max) > 0) exact_max = o.exact_max;
  }
  count += o.count;
}

void aggregate_row::make_exact(std::uint8_t scale) noexcept {
  if (is_exact) return;
  is_exact = true;
  exact_sum = nearest(sum, scale);
  exact_min = nearest(min, scale);
  exact_max = nearest(max, scale);
}

void aggregate_row::add_exact(decimal number) {
  if (count == 0) {
    exact_sum = exact_min = exact_max = number;
    is_exact = true;
    return;
  }
  make_exact(number.scale);
  const auto total = sum_of(exact_sum, number);
  if (!total) throw std::runtime_error("the sum takes more digits than a decimal holds (18)");
  exact_sum = *total;
  if (compare(number, exact_min) < 0) exact_min = number;
  if (compare(number, exact_max) > 0) exact_max = number;
}

result<void> aggregate::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema made{.name = "aggregate", .fields = {}};
  auto key = key_fields::find(arriving, *key_, made);
  if (!key) return std::move(key).error();
  fields_ = std::move(*key);
  in_.key_by(fields_.names);
  has_value_ = !value_->empty();
  is_decimal_ = false;
  if (has_value_) {
    const auto index = find_number(arriving, *value_, "value");
    if (!index) return index.error();
    value_index_ = *index;
    is_decimal_ = arriving.fields[value_index_].type.kind == field_kind::decimal;
  }
  auto columns = add_functions(*functions_, has_value_, made, is_decimal_ ? field_kind::decimal : field_kind::float64);
  if (!columns) return std::move(columns).error();
  columns_ = std::move(*columns);
  time_index_ = arriving.event_time_field;
  row_.follow_watermark(*emit_ == "watermark");
  if (made.find("at"))
    return user_error(errc::invalid_argument, "a key field is called 'at', as the output's event time is");
  made.fields.push_back({.name = "at", .type = {.kind = field_kind::event_time}});
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

void aggregate::on_record(context& c, const record_view& record) {
  const double number = has_value_ ? number_of(record.field(value_index_)) : 0;
  if (std::isnan(number)) return;
  row_.add(c, [&](aggregate_row& row) { add(row, record, number); });
}

void aggregate::on_change(context&, aggregate_row& row) {
  auto& state = engine::actor_access::state(*this);
  if (*emit_ == "change") return emit(state.key().view(), row);
  if (*emit_ != "watermark" || row.is_changed) return;
  row.is_changed = true;
  changed_.push_back(state.key());
}

void aggregate::add(aggregate_row& row, const record_view& record, double number) const {
  if (is_decimal_) row.add_exact(record.field(value_index_).as_decimal());
  row.min = row.count == 0 ? number : std::min(row.min, number);
  row.max = row.count == 0 ? number : std::max(row.max, number);
  row.sum += number;
  ++row.count;
  if (!time_index_) return;
  const auto& at = record.field(*time_index_);
  if (at.kind() == value_kind::event_time) row.newest = std::max(row.newest, at.as_time());
}

void aggregate::on_watermark(context&) {
  if (*emit_ == "watermark") emit_changed();
}

/// In key order, because the order of changes is not the same in every run.
void aggregate::emit_changed() {
  auto& state = engine::actor_access::state(*this);
  std::ranges::sort(changed_, is_before);
  for (const auto& key : changed_) {
    state.select(key_hash(key.view()), key);
    auto& row = row_.edit();
    row.is_changed = false;
    emit(key.view(), row);
  }
  state.deselect();
  changed_.clear();
}

void aggregate::on_end_of_input(context&) {
  if (*emit_ == "watermark") emit_changed();
  if (*emit_ != "end") return;
  auto& state = engine::actor_access::state(*this);
  std::vector<key_bytes> keys;
  keys.reserve(state.rows().size());
  state.rows().for_each([&](engine::row_id, const std::byte* row) { keys.push_back(engine::header_of(row).key); });
  std::ranges::sort(keys, is_before);
  for (const auto& key : keys) {
    state.select(key_hash(key.view()), key);
    if (const auto* row = row_at(state)) emit(key.view(), *row);
  }
  state.deselect();
}

void aggregate::on_restore(context&) {
  auto& state = engine::actor_access::state(*this);
  changed_.clear();
  if (*emit_ != "watermark") return;
  state.rows().for_each([&](engine::row_id, const std::byte* row) { changed_.push_back(engine::header_of(row).key); });
  std::erase_if(changed_, [&](const key_bytes& key) {
    state.select(key_hash(key.view()), key);
    const auto* row = row_at(state);
    return row == nullptr || !row->is_changed;
  });
  state.deselect();
}

value aggregate::value_for(number_function f, const aggregate_row& row) const noexcept {
  if (!is_decimal_) return value_of(f, row);
  auto exact = row;
  exact.make_exact(scale_of_old_rows);
  switch (f) {
    case number_function::sum:
      return value::of(exact.exact_sum);
    case number_function::min:
      return value::of(exact.exact_min);
    case number_function::max:
      return value::of(exact.exact_max);
    case number_function::mean:
      return value::of(to_double(exact.exact_sum) / static_cast<double>(row.count));
    case number_function::count:
      break;
  }
  return value::of(row.count);
}

void aggregate::emit(bytes_view key, const aggregate_row& row) {
  if (!out_.is_connected()) return;
  auto& out = out_.row();
  out.begin_row();
  fields_.set(out, key);
  auto field = static_cast<std::uint32_t>(fields_.types.size());
  for (const auto f : columns_) (void)out.set(field++, value_for(f, row));
  if (row.newest != event_time::min()) (void)out.set(field, value::of(row.newest));
  out_.emit();
}

}  // namespace millrace::library
