#include "library/processors/windowed.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

/// In the order of windowed::column.
constexpr std::array<std::string_view, 5> functions{"count", "sum", "min", "max", "mean"};

const char* text_of(window_firing f) noexcept {
  switch (f) {
    case window_firing::complete:
      return "complete";
    case window_firing::early:
      return "early";
    case window_firing::correction:
      return "correction";
    case window_firing::retraction:
      return "retraction";
    case window_firing::incomplete:
      return "incomplete";
  }
  return "unknown";
}

}  // namespace

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
  const auto at = find_event_time(arriving, "a window");
  if (!at) return at.error();
  time_index_ = *at;
  schema made{.name = "window", .fields = {}};
  auto key = key_fields::find(arriving, *key_, made);
  if (!key) return std::move(key).error();
  fields_ = std::move(*key);
  in_.key_by(fields_.names);
  for (const auto* name : {"window_start", "window_end"}) {
    if (made.find(name)) return user_error(errc::invalid_argument, std::string{"a key field is called '"} + name + "'");
    made.fields.push_back({.name = name, .type = {.kind = field_kind::event_time}});
  }
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  if (auto ok = add_functions(made); !ok) return ok;
  made.fields.push_back({.name = "firing", .type = {.kind = field_kind::string}});
  has_value_ = !value_->empty();
  if (has_value_) {
    const auto index = find_number(arriving, *value_, "value");
    if (!index) return index.error();
    value_index_ = *index;
  }
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

result<void> windowed::add_functions(schema& made) {
  columns_.clear();
  for (const auto& name : split_list(*functions_, ',')) {
    const auto known = std::ranges::find(functions, name);
    if (known == functions.end()) {
      return user_error(errc::invalid_argument,
                        "parameter 'functions' has '" + name + "': give some of count, sum, min, max, mean");
    }
    const auto c = static_cast<column>(known - functions.begin());
    if (c != column::count && value_->empty()) {
      return user_error(errc::invalid_argument,
                        "parameter 'functions' has " + name + ": set 'value' to the field to take it of");
    }
    if (made.find(name)) return user_error(errc::invalid_argument, "two output columns would be called '" + name + "'");
    columns_.push_back(c);
    made.fields.push_back(
        {.name = name, .type = {.kind = c == column::count ? field_kind::integer : field_kind::float64}});
  }
  if (columns_.empty()) return user_error(errc::invalid_argument, "parameter 'functions' is empty: give count, sum, …");
  return {};
}

bool windowed::read(const record_view& record, event_time& at, double& number) const {
  const auto& time = record.field(time_index_);
  if (time.kind() != value_kind::event_time) return false;
  at = time.as_time();
  number = has_value_ ? number_of(record.field(value_index_)) : 0;
  return !std::isnan(number);
}

void windowed::on_result(context&, const window_result<window_row>& r) {
  if (!out_.is_connected()) return;
  auto& out = out_.row();
  out.begin_row();
  fields_.set(out, engine::actor_access::state(*this).key().view());
  auto field = static_cast<std::uint32_t>(fields_.types.size());
  (void)out.set(field++, value::of(r.window.start));
  (void)out.set(field++, value::of(r.window.end));
  for (const auto c : columns_) (void)out.set(field++, value_of(c, r.value));
  (void)out.set(field, value::of(std::string_view{text_of(r.why)}));
  out_.emit();
}

value windowed::value_of(column c, const window_row& row) const noexcept {
  switch (c) {
    case column::count:
      return value::of(row.count);
    case column::sum:
      return value::of(row.sum);
    case column::min:
      return value::of(row.min);
    case column::max:
      return value::of(row.max);
    case column::mean:
      return value::of(row.sum / static_cast<double>(row.count));
  }
  return {};
}

result<void> window::configure(wiring& w) {
  if (auto ok = configure_columns(w); !ok) return ok;
  const auto size = duration_of("size", *size_, false);
  if (!size) return size.error();
  const auto slide = slide_->empty() ? size : duration_of("slide", *slide_, false);
  if (!slide) return slide.error();
  const auto lateness = duration_of("allowed_lateness", *lateness_, true);
  if (!lateness) return lateness.error();
  const auto every = duration_of("early_every", *early_every_, true);
  if (!every) return every.error();
  return windows_.set({.size = *size,
                       .slide = *slide,
                       .allowed_lateness = *lateness,
                       .early_events = static_cast<std::uint32_t>(*early_events_),
                       .early_every = *every});
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
