#include "library/processors/distinct.hpp"

#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/key_codec.hpp"
#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> distinct::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema made{.name = "distinct", .fields = {}};
  if (auto ok = frame_.find(arriving, *key_, made); !ok) return ok;
  in_.key_by(frame_.key().names);
  schema ignored;
  auto values = key_fields::find(arriving, *value_, ignored, "value");
  if (!values) return std::move(values).error();
  values_ = std::move(*values);
  if (auto ok = add_column(made, "distinct", field_kind::integer); !ok) return ok;
  if (auto ok = window_frame::close(made); !ok) return ok;
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  const auto spec = shape_.spec();
  return spec ? windows_.set(*spec) : spec.error();
}

void distinct::on_record(context& c, const record_view& record) {
  event_time at;
  if (!frame_.read_time(record, at)) return;
  for (const auto i : values_.indexes) {
    if (record.field(i).is_null()) return;
  }
  scratch_.clear();
  values_.append(scratch_, record);
  const auto hash = key_hash(scratch_.view());
  (void)windows_.add(c, at, [&](hyper_log_log& seen) { seen.add(hash, static_cast<unsigned>(*precision_)); });
}

void distinct::on_result(context&, const window_result<hyper_log_log>& r) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  const auto field = frame_.begin(row, engine::actor_access::state(*this).key().view(), r.window);
  (void)row.set(field, value::of(std::int64_t{std::llround(r.value.estimate())}));
  window_frame::end(row, field + 1, r.why);
  out_.emit();
}

}  // namespace millrace::library
