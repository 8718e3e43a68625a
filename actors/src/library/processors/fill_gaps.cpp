#include "library/processors/fill_gaps.hpp"

#include <cmath>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

result<void> fill_gaps::configure(wiring& w) {
  value_indexes_.clear();
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  const auto at = find_event_time(arriving, "a step");
  if (!at) return at.error();
  time_index_ = *at;
  schema made{.name = "series", .fields = {}};
  auto key = key_fields::find(arriving, *key_, made);
  if (!key) return std::move(key).error();
  keys_ = std::move(*key);
  in_.key_by(keys_.names);
  for (const auto& name : split_list(*values_, ',')) {
    const auto index = find_number(arriving, name, "values");
    if (!index) return index.error();
    if (auto ok = add_column(made, name, field_kind::float64); !ok) return ok;
    value_indexes_.push_back(*index);
  }
  if (value_indexes_.empty()) return user_error(errc::invalid_argument, "parameter 'values' names no field");
  const auto step = duration_of("step", *step_, false);
  if (!step) return step.error();
  step_ns_ = std::chrono::nanoseconds{*step}.count();
  how_ = *with_ == "zero" ? method::zero : *with_ == "linear" ? method::linear : method::last;
  if (auto ok = add_column(made, "filled", field_kind::boolean); !ok) return ok;
  if (auto ok = add_column(made, "at", field_kind::event_time); !ok) return ok;
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

void fill_gaps::on_record(context& c, const record_view& record) {
  const auto& time = record.field(time_index_);
  if (time.kind() != value_kind::event_time) return;
  gap_point p;
  p.at = time.as_time();
  for (const auto i : value_indexes_) {
    p.numbers.push_back(number_of(record.field(i)));
    if (std::isnan(p.numbers.back())) return;
  }
  p.step = interval_of(p.at.ns, step_ns_);
  if (end_of(p.step) <= c.late_against().ns) return late_.take();
  const auto* const known = open_.find(p.step);
  if (known != nullptr && known->at > p.at) return;
  open_[p.step] = std::move(p);
  wait();
}

void fill_gaps::on_complete(context&, event_time deadline) {
  while (!open_.get().empty() && end_of(open_.get().begin()->first) <= deadline.ns) {
    const auto next = open_.get().begin()->second;
    complete(next);
    open_.erase(next.step);
    done_.set(next);
  }
  const auto* const last = done_.get();
  if (last != nullptr && end_of(last->step + *gap_max_ + 1) <= deadline.ns) done_.clear();
  wait();
}

/// For the next step to be complete, or for the time after which a gap would not be filled any more.
void fill_gaps::wait() {
  const auto& open = open_.get();
  if (!open.empty()) return complete_.set({end_of(open.begin()->first)});
  if (const auto* const last = done_.get(); last != nullptr) complete_.set({end_of(last->step + *gap_max_ + 1)});
}

void fill_gaps::complete(const gap_point& next) {
  if (!out_.is_connected()) return;
  const auto* const last = done_.get();
  if (last != nullptr && next.step - last->step - 1 <= *gap_max_) fill(*last, next);
  emit(next.step, next.numbers, false);
}

void fill_gaps::fill(const gap_point& from, const gap_point& to) {
  auto numbers = from.numbers;
  for (auto step = from.step + 1; step < to.step; ++step) {
    const double part = static_cast<double>(step - from.step) / static_cast<double>(to.step - from.step);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (how_ == method::zero) numbers[i] = 0;
      if (how_ == method::linear) numbers[i] = std::lerp(from.numbers[i], to.numbers[i], part);
    }
    emit(step, numbers, true);
  }
}

void fill_gaps::emit(std::int64_t step, const std::vector<double>& numbers, bool is_filled) {
  auto& row = out_.row();
  row.begin_row();
  keys_.set(row, engine::actor_access::state(*this).key().view());
  auto field = static_cast<std::uint32_t>(keys_.types.size());
  for (const auto n : numbers) (void)row.set(field++, value::of(n));
  (void)row.set(field, value::of(is_filled));
  (void)row.set(field + 1, value::of(event_time{step * step_ns_}));
  out_.emit();
}

}  // namespace millrace::library
