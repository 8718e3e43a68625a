#include "library/processors/rate.hpp"

#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> rate::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  rest_.set_type(type);
  schema ignored;
  const auto key = key_fields::find(arriving, *key_, ignored);
  if (!key) return key.error();
  in_.key_by(key->names);
  const auto index = find_number(arriving, *value_, "value");
  if (!index) return index.error();
  value_index_ = *index;
  const auto at = find_event_time(arriving, "a rate");
  if (!at) return at.error();
  time_index_ = *at;
  const auto per = duration_of("per", *per_, false);
  if (!per) return per.error();
  per_ns_ = static_cast<double>(std::chrono::nanoseconds{*per}.count());
  const auto pause = duration_of("pause", *pause_, true);
  if (!pause) return pause.error();
  pause_ns_ = std::chrono::nanoseconds{*pause}.count();
  auto made = copied_fields(arriving);
  if (auto ok = add_column(made, "rate", field_kind::float64); !ok) return ok;
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

void rate::on_record(context&, const record_view& record) {
  const double number = number_of(record.field(value_index_));
  const auto& time = record.field(time_index_);
  if (std::isnan(number) || time.kind() != value_kind::event_time) return rest_.emit(record);
  const auto at = time.as_time();
  const auto* const known = base_.get();
  if (known != nullptr && at <= known->at) return rest_.emit(record);
  const bool is_first = known == nullptr || (pause_ns_ != 0 && at.ns - known->at.ns > pause_ns_);
  const auto before = is_first ? rate_base{} : *known;
  base_.set({at, number});
  if (is_first) return rest_.emit(record);
  if (!out_.is_connected()) return;
  const bool was_reset = *kind_ == "counter" && number < before.number;
  const double grown = was_reset ? number : number - before.number;
  auto& row = out_.row();
  begin_copy(row, record);
  const auto field = static_cast<std::uint32_t>(record.values().size());
  (void)row.set(field, value::of(grown * per_ns_ / static_cast<double>(at.ns - before.at.ns)));
  out_.emit();
}

}  // namespace millrace::library
