#include "library/processors/throttle.hpp"

#include <stdexcept>

#include "millrace/text/input_schema.hpp"

namespace millrace::library {

result<void> throttle::configure(wiring& w) {
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  out_.set_type(type);
  rest_.set_type(type);
  const auto at = find_event_time(type->schema(), "an interval");
  if (!at) return at.error();
  time_index_ = *at;
  const auto length = duration_of("interval", *interval_, false);
  if (!length) return length.error();
  length_ns_ = std::chrono::nanoseconds{*length}.count();
  if (key_->empty()) return {};
  schema ignored;
  const auto key = key_fields::find(type->schema(), *key_, ignored);
  if (!key) return key.error();
  in_.key_by(key->names);
  per_key_.emplace(this);
  return {};
}

void throttle::on_record(context& c, const record_view& record) {
  const auto& at = record.field(time_index_);
  if (at.kind() != value_kind::event_time) throw std::runtime_error{"the event has no time, which an interval needs"};
  const auto ns = counted_at(c, at.as_time()).ns;
  auto& to = passes(interval_of(ns, length_ns_)) ? out_ : rest_;
  to.emit(record);
}

bool throttle::passes(std::int64_t interval) {
  if (!per_key_) {
    auto& count = (*passed_all_)[interval];
    return count < *limit_ && ++count != 0;
  }
  const auto* const known = per_key_->passed.find(interval);
  const auto count = known == nullptr ? 0 : *known;
  if (count >= *limit_) return false;
  per_key_->passed[interval] = count + 1;
  const auto over = per_key_->over.pending();
  if (!over || over->ns > end_of(interval)) per_key_->over.set({end_of(interval)});
  return true;
}

void throttle::on_over(context&, event_time deadline) {
  auto& open = per_key_->passed.edit();
  while (!open.empty() && end_of(open.begin()->first) <= deadline.ns) open.erase(open.begin());
  if (open.empty()) return per_key_->passed.clear();
  per_key_->over.set({end_of(open.begin()->first)});
}

void throttle::on_watermark(context& c) {
  if (per_key_) return;
  auto& open = *passed_all_;
  while (!open.empty() && end_of(open.begin()->first) <= c.watermark().ns) open.erase(open.begin());
}

}  // namespace millrace::library
