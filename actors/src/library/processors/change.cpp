#include "library/processors/change.hpp"

#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

value value_in(const std::string& canonical_value, const field_type& type) {
  msgpack::reader in{as_bytes(canonical_value)};
  value v;
  return read_scalar(in, type, v) ? v : value{};
}

}  // namespace

result<void> change::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema made{.name = "change", .fields = {}};
  auto key = key_fields::find(arriving, *key_, made);
  if (!key) return std::move(key).error();
  keys_ = std::move(*key);
  in_.key_by(keys_.names);
  const auto index = *by_ == 0 ? find_field(arriving, *field_, "field") : find_number(arriving, *field_, "field");
  if (!index) return index.error();
  value_index_ = *index;
  type_ = arriving.fields[value_index_].type;
  if (!type_.is_scalar()) {
    return user_error(errc::invalid_argument, "parameter 'field': field '" + *field_ + "' is a " + to_text(type_) +
                                                  ", which cannot be watched: name one that is a single value");
  }
  const auto at = find_event_time(arriving, "a change");
  if (!at) return at.error();
  time_index_ = *at;
  const auto length = duration_of("for", *for_, true);
  if (!length) return length.error();
  for_ns_ = std::chrono::nanoseconds{*length}.count();
  if (for_ns_ != 0 && *by_ != 0) {
    return user_error(errc::invalid_argument, "set 'by' or 'for', not both: put two of these actors in a row instead");
  }
  if (auto ok = add_column(made, "value", type_.kind); !ok) return ok;
  made.fields.back().type = type_;
  made.fields.back().personal = arriving.fields[value_index_].personal;
  auto previous = made.fields.back();
  if (auto ok = add_column(made, "previous", type_.kind); !ok) return ok;
  previous.name = "previous";
  previous.type.optional = true;
  made.fields.back() = std::move(previous);
  if (auto ok = add_column(made, "at", field_kind::event_time); !ok) return ok;
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

void change::on_record(context& c, const record_view& record) {
  const auto& time = record.field(time_index_);
  const auto& v = record.field(value_index_);
  auto now = canonical(v);
  if (now.empty() || time.kind() != value_kind::event_time || (*by_ != 0 && v.is_null())) return;
  const auto at = time.as_time();
  const auto* known = row_.get();
  if ((known != nullptr && at < known->newest) || (for_ns_ != 0 && at <= c.late_against())) return;
  if (for_ns_ != 0) {
    tell_stable(at);
    known = row_.get();  // telling may have moved the row
  }
  const bool is_other = known == nullptr || known->value != now;
  const bool is_told = for_ns_ == 0 && (known == nullptr || has_moved(*known, v));
  auto& row = *row_;
  row.newest = at;
  if (is_other) row.value = now;
  if (is_told) tell(now, at);
  if (for_ns_ != 0 && is_other) stable_.set(at + std::chrono::nanoseconds{for_ns_});
}

bool change::has_moved(const change_row& row, const value& v) const {
  if (row.told.empty()) return true;
  if (*by_ == 0) return row.told != canonical(v);
  return std::abs(number_of(v) - number_of(value_in(row.told, type_))) > *by_;
}

/// The watermark may be behind: what was due before this event is told before the event changes it.
void change::tell_stable(event_time before) {
  const auto due = stable_.pending();
  if (!due || *due > before) return;
  stable_.cancel();
  tell_if_other(*due);
}

void change::on_stable(context&, event_time deadline) {
  tell_if_other(deadline);
}

/// A value that went away and came back before its time was over is no other than the one told.
void change::tell_if_other(event_time at) {
  const auto* const row = row_.get();
  if (row != nullptr && row->told != row->value) tell(std::string{row->value}, at);
}

void change::tell(const std::string& value_now, event_time at) {
  auto& kept = *row_;
  if (out_.is_connected()) {
    auto& row = out_.row();
    row.begin_row();
    keys_.set(row, engine::actor_access::state(*this).key().view());
    const auto field = static_cast<std::uint32_t>(keys_.types.size());
    (void)row.set(field, value_in(value_now, type_));
    if (!kept.told.empty()) (void)row.set(field + 1, value_in(kept.told, type_));
    (void)row.set(field + 2, value::of(at));
    out_.emit();
  }
  kept.told = value_now;
}

}  // namespace millrace::library
