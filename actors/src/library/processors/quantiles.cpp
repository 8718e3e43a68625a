#include "library/processors/quantiles.hpp"

#include <algorithm>
#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// 0.5 is p50, 0.999 is p99_9.
std::string column_name(double q) {
  std::string percent;
  // Through a few digits, or 0.999 · 100 would be 99.9000…01.
  append_text(percent, {.kind = field_kind::float64}, value::of(std::round(q * 1e9) / 1e7), time_format::ns);
  std::ranges::replace(percent, '.', '_');
  return "p" + percent;
}

}  // namespace

result<void> quantiles::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema made{.name = "quantiles", .fields = {}};
  if (auto ok = frame_.find(arriving, *key_, made); !ok) return ok;
  in_.key_by(frame_.key().names);
  const auto index = find_number(arriving, *value_, "value");
  if (!index) return index.error();
  value_index_ = *index;
  if (auto ok = add_columns(made); !ok) return ok;
  if (auto ok = window_frame::close(made); !ok) return ok;
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  const auto spec = shape_.spec();
  return spec ? windows_.set(*spec) : spec.error();
}

result<void> quantiles::add_columns(schema& made) {
  columns_.clear();
  for (const auto& text : split_list(*quantiles_, ',')) {
    const auto q = number_in("quantiles", text);
    if (!q) return q.error();
    if (!(*q >= 0 && *q <= 1)) {
      return user_error(errc::invalid_argument, "parameter 'quantiles' has '" + text + "': give numbers from 0 to 1");
    }
    const auto name = column_name(*q);
    if (auto ok = add_column(made, name, field_kind::float64); !ok) return ok;
    columns_.push_back(*q);
  }
  if (!columns_.empty()) return {};
  return user_error(errc::invalid_argument, "parameter 'quantiles' is empty: give some, e.g. 0.5,0.99");
}

void quantiles::on_record(context& c, const record_view& record) {
  event_time at;
  const double number = number_of(record.field(value_index_));
  if (!std::isfinite(number) || !frame_.read_time(record, at)) return;
  (void)windows_.add(c, at, [&](quantile_sketch& seen) { seen.add(number, *accuracy_); });
}

void quantiles::on_result(context&, const window_result<quantile_sketch>& r) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  auto field = frame_.begin(row, engine::actor_access::state(*this).key().view(), r.window);
  for (const auto q : columns_) (void)row.set(field++, value::of(r.value.at(q, *accuracy_)));
  window_frame::end(row, field, r.why);
  out_.emit();
}

}  // namespace millrace::library
