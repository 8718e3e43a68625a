#include "library/processors/windowed.hpp"

#include <algorithm>
#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

void window_row::add(double number) noexcept {
  min = count == 0 ? number : std::min(min, number);
  max = count == 0 ? number : std::max(max, number);
  sum += number;
  ++count;
}

void window_row::merge(const window_row& o) noexcept {
  if (o.count == 0) return;
  min = count == 0 ? o.min : std::min(min, o.min);
  max = count == 0 ? o.max : std::max(max, o.max);
  sum += o.sum;
  count += o.count;
}

result<void> windowed::configure_columns(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema made{.name = "window", .fields = {}};
  if (auto ok = frame_.find(arriving, *key_, made); !ok) return ok;
  in_.key_by(frame_.key().names);
  auto columns = add_functions(*functions_, !value_->empty(), made);
  if (!columns) return std::move(columns).error();
  columns_ = std::move(*columns);
  if (auto ok = window_frame::close(made); !ok) return ok;
  has_value_ = !value_->empty();
  if (has_value_) {
    const auto index = find_number(arriving, *value_, "value");
    if (!index) return index.error();
    value_index_ = *index;
  }
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

bool windowed::read(const record_view& record, event_time& at, double& number) const {
  if (!frame_.read_time(record, at)) return false;
  number = has_value_ ? number_of(record.field(value_index_)) : 0;
  return !std::isnan(number);
}

void windowed::on_result(context&, const window_result<window_row>& r) {
  if (!out_.is_connected()) return;
  auto& out = out_.row();
  auto field = frame_.begin(out, engine::actor_access::state(*this).key().view(), r.window);
  for (const auto f : columns_) (void)out.set(field++, value_of(f, r.value));
  window_frame::end(out, field, r.why);
  out_.emit();
}

result<void> window::configure(wiring& w) {
  if (auto ok = configure_columns(w); !ok) return ok;
  auto spec = shape_.spec();
  if (!spec) return std::move(spec).error();
  const auto every = duration_of("early_every", *early_every_, true);
  if (!every) return every.error();
  spec->early_events = static_cast<std::uint32_t>(*early_events_);
  spec->early_every = *every;
  return windows_.set(*spec);
}

void window::on_record(context& c, const record_view& record) {
  event_time at;
  double number = 0;
  if (read(record, at, number)) (void)windows_.add(c, at, [number](window_row& row) { row.add(number); });
}

result<void> session::configure(wiring& w) {
  if (auto ok = configure_columns(w); !ok) return ok;
  const auto gap = duration_of("gap", *gap_, false);
  if (!gap) return gap.error();
  const auto lateness = duration_of("allowed_lateness", *lateness_, true);
  if (!lateness) return lateness.error();
  return sessions_.set({*gap, *lateness});
}

void session::on_record(context& c, const record_view& record) {
  event_time at;
  double number = 0;
  if (read(record, at, number)) (void)sessions_.add(c, at, [number](window_row& row) { row.add(number); });
}

}  // namespace millrace::library
