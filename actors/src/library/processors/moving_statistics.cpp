#include "library/processors/moving_statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "library/processors/parameters.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"

namespace millrace::library {

namespace {

/// In the order of moving_statistics::column.
constexpr std::array<std::string_view, 6> names{"count", "sum", "mean", "stddev", "min", "max"};

double sum_of(const std::vector<double>& all) noexcept {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

double mean_of(const std::vector<double>& all) noexcept {
  return sum_of(all) / static_cast<double>(all.size());
}

/// Of a sample: over n - 1.
double stddev_of(const std::vector<double>& all) noexcept {
  const double mean = mean_of(all);
  const double squares =
      std::accumulate(all.begin(), all.end(), 0.0, [mean](double s, double d) { return s + (d - mean) * (d - mean); });
  return std::sqrt(squares / static_cast<double>(all.size() - 1));
}

}  // namespace

result<void> moving_statistics::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  const auto& arriving = type->schema();
  schema ignored;
  const auto key = key_fields::find(arriving, *key_, ignored);
  if (!key) return key.error();
  in_.key_by(key->names);
  const auto index = find_number(arriving, *value_, "value");
  if (!index) return index.error();
  value_index_ = *index;
  if ((*events_ == 0) == span_->empty()) {
    return user_error(errc::invalid_argument, "set either 'events' or 'span': how much of a key's past counts");
  }
  if (!span_->empty()) {
    const auto at = find_event_time(arriving, "a span");
    if (!at) return at.error();
    time_index_ = *at;
    const auto span = duration_of("span", *span_, false);
    if (!span) return span.error();
    span_ns_ = std::chrono::nanoseconds{*span}.count();
  }
  auto made = copied_fields(arriving);
  if (auto ok = add_columns(made); !ok) return ok;
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(made))));
  return {};
}

result<void> moving_statistics::add_columns(schema& made) {
  columns_.clear();
  for (const auto& name : split_list(*functions_, ',')) {
    const auto known = std::ranges::find(names, name);
    if (known == names.end()) {
      return user_error(errc::invalid_argument,
                        "parameter 'functions' has '" + name + "': give some of count, sum, mean, stddev, min, max");
    }
    const auto c = static_cast<column>(known - names.begin());
    const auto kind = c == column::count ? field_kind::integer : field_kind::float64;
    if (auto ok = add_column(made, name, kind, c == column::stddev); !ok) return ok;
    columns_.push_back(c);
  }
  if (!columns_.empty()) return {};
  return user_error(errc::invalid_argument, "parameter 'functions' is empty: give mean, stddev, …");
}

void moving_statistics::on_record(context&, const record_view& record) {
  const double number = number_of(record.field(value_index_));
  if (std::isnan(number)) return;
  event_time at;
  if (span_ns_ != 0) {
    const auto& time = record.field(time_index_);
    if (time.kind() != value_kind::event_time) return;
    at = time.as_time();
  }
  add(at, number);
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  begin_copy(row, record);
  auto field = static_cast<std::uint32_t>(record.values().size());
  const auto numbers = counted_with(at);
  for (const auto c : columns_) (void)row.set(field++, value_of(c, numbers));
  out_.emit();
}

/// An event that came out of order has its place among the others; one older than the span of the newest leaves at
/// once, and stands for itself.
void moving_statistics::add(event_time at, double number) {
  if (span_ns_ == 0) {
    auto& all = numbers_.edit();
    all.push_back({at, number});
    if (all.size() > static_cast<std::size_t>(*events_)) {
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(*events_));
    }
    return;
  }
  const auto& held = numbers_.get();
  const auto newest = held.empty() ? at : std::max(at, held.back().at);
  const auto first = std::ranges::upper_bound(held, newest.ns - span_ns_, {}, [](const auto& n) { return n.at.ns; });
  if (held.end() - first >= *events_max_) {
    throw std::runtime_error{"the key has more than 'events_max' = " + std::to_string(*events_max_) + " numbers in " +
                             *span_ + ": shorten 'span' or raise it"};
  }
  const auto gone = first - held.begin();
  auto& all = numbers_.edit();
  all.erase(all.begin(), all.begin() + gone);
  all.insert(std::ranges::upper_bound(all, at, {}, &timed_number::at), {at, number});
}

std::vector<double> moving_statistics::counted_with(event_time at) const {
  std::vector<double> all;
  for (const auto& n : numbers_.get()) {
    if (span_ns_ == 0 || (n.at <= at && n.at.ns > at.ns - span_ns_)) all.push_back(n.number);
  }
  return all;
}

value moving_statistics::value_of(column c, const std::vector<double>& numbers) {
  switch (c) {
    case column::count:
      return value::of(static_cast<std::int64_t>(numbers.size()));
    case column::sum:
      return value::of(sum_of(numbers));
    case column::mean:
      return value::of(mean_of(numbers));
    case column::min:
      return value::of(*std::ranges::min_element(numbers));
    case column::max:
      return value::of(*std::ranges::max_element(numbers));
    case column::stddev:
      return numbers.size() < 2 ? value{} : value::of(stddev_of(numbers));
  }
  return {};
}

}  // namespace millrace::library
