#include "library/processors/threshold.hpp"

#include <charconv>
#include <cmath>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

/// Six digits are what a person reads; the fields have them all.
void append_rounded(std::string& out, double number) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, number, std::chars_format::general, 6).ptr);
}

}  // namespace

result<void> threshold::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema made{.name = "alert", .fields = {}};
  auto key = key_fields::find(arriving, *key_, made);
  if (!key) return std::move(key).error();
  fields_ = std::move(*key);
  in_.key_by(fields_.names);
  const auto watched = find_number(arriving, *field_, "field");
  if (!watched) return watched.error();
  value_index_ = *watched;
  if (!arriving.event_time_field) {
    return user_error(errc::schema_mismatch, "records that arrive have no event time, which cooldown and alerts need");
  }
  time_index_ = *arriving.event_time_field;
  if (*below_ > *above_) {
    return user_error(errc::invalid_argument, "'below' is more than 'above', so every value would raise an alert");
  }
  for (const auto* name : {"value", "limit", "message", "at"}) {
    if (!made.find(name)) continue;
    return user_error(errc::invalid_argument,
                      "a key field is called '" + std::string{name} + "', as a field of alerts is");
  }
  const auto rest = parse_schema("alert", "value:float64,limit:float64,message:string,at:event_time");
  made.fields.insert(made.fields.end(), rest->fields.begin(), rest->fields.end());
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

std::optional<double> threshold::limit_passed(double number) const noexcept {
  if (number > *above_) return *above_;
  if (number < *below_) return *below_;
  return std::nullopt;
}

void threshold::on_record(context&, const record_view& record) {
  const double number = number_of(record.field(value_index_));
  if (std::isnan(number)) return;
  const auto at = record.field(time_index_).as_time();
  const auto limit = limit_passed(number);
  const auto* known = row_.get();
  if (!limit) {
    if (known != nullptr && known->side != 0) row_->side = 0;
    return;
  }
  const auto side = static_cast<std::int8_t>(number > *limit ? 1 : -1);
  if (known != nullptr && (known->side == side || at < known->alerted + std::chrono::milliseconds{*cooldown_ms_}))
    return;
  row_.set({side, at});
  alert(record, number, *limit, at);
}

void threshold::alert(const record_view& record, double number, double limit, event_time at) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  row.begin_row();
  std::string message;
  std::uint32_t field = 0;
  for (const auto index : fields_.indexes) {
    if (field != 0) message += ", ";
    append_text(message, fields_.types[field], record.field(index), time_format::iso);
    (void)row.set(field++, record.field(index));
  }
  message += " is ";
  append_rounded(message, number);
  message += number > limit ? ", above " : ", below ";
  append_rounded(message, limit);
  (void)row.set(field++, value::of(number));
  (void)row.set(field++, value::of(limit));
  (void)row.set(field++, value::of(std::string_view{message}));
  (void)row.set(field, value::of(at));
  out_.emit();
}

}  // namespace millrace::library
