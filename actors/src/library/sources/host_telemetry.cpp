#include "library/sources/host_telemetry.hpp"

namespace millrace::library {

result<void> host_telemetry::configure(wiring&) {
  auto fields = parse_schema("reading", "sensor:string,value:float64,unit:string,at:event_time");
  if (!fields) return std::move(fields).error();
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(fields).value())));
  return {};
}

/// Rates need two samplings: the first is taken here, so that the first reading is complete.
void host_telemetry::open(context& c) {
  if (c.partition() != 0) return;
  sensors_.emplace(*root_);
  (void)sensors_->sample(0);
  report_missing(c);
  last_ = c.now();
  next_ = last_ + std::chrono::milliseconds{*interval_ms_};
}

poll_result host_telemetry::poll(context& c, std::size_t) {
  const bool is_done = *count_ != 0 && samples_ >= static_cast<std::uint64_t>(*count_);
  if (!sensors_ || is_done) return poll_result::end();
  const auto now = c.now();
  if (now < next_) return poll_result::wait(next_ - now);
  const double seconds = static_cast<double>((now - last_).count()) * 1e-9;
  for (const auto& r : sensors_->sample(seconds)) emit(r, event_time{now.ns});
  report_missing(c);
  last_ = now;
  next_ = next_ + std::chrono::milliseconds{*interval_ms_};
  if (next_ < now) next_ = now + std::chrono::milliseconds{*interval_ms_};  // after a standstill nothing is made up for
  ++samples_;
  return poll_result::more();
}

void host_telemetry::report_missing(context& c) {
  for (const auto& path : sensors_->missing()) {
    if (reported_.insert(path).second) c.log(log_level::warning, "cannot read " + path + ": its sensors are left out");
  }
}

void host_telemetry::emit(const host_sensors::reading& r, event_time at) {
  if (!out_.is_connected()) return;
  auto& row = out_.row();
  row.begin_row();
  (void)row.set(0, value::of(std::string_view{r.sensor}));
  (void)row.set(1, value::of(r.value));
  (void)row.set(2, value::of(std::string_view{r.unit}));
  (void)row.set(3, value::of(at));
  out_.emit();
}

}  // namespace millrace::library
