#include "library/sources/ticker.hpp"

namespace millrace::library {

result<void> ticker::configure(wiring&) {
  times_.reset();
  if (!at_->empty()) {
    auto read = cron_times::parse(*at_, std::chrono::minutes{*ahead_of_utc_});
    if (!read) return user_error(errc::invalid_argument, "parameter 'at': " + read.error().message);
    times_ = *read;
  }
  auto fields = parse_schema("tick", "number:uint64,at:event_time");
  if (!fields) return std::move(fields).error();
  out_.set_type(dynamic_record_type(std::make_shared<const schema>(std::move(fields).value())));
  return {};
}

void ticker::open(context& c) {
  is_active_ = c.partition() == 0;
  if (!last_ || *missed_ == "skip") last_ = c.now();
}

processing_time ticker::due_after(processing_time t) const {
  if (times_) return times_->after(t);
  const auto step = *interval_ms_ * 1'000'000;
  return processing_time{(t.ns / step + 1) * step};
}

poll_result ticker::poll(context& c, std::size_t max) {
  const auto is_over = [&] { return *count_ != 0 && number_ >= static_cast<std::uint64_t>(*count_); };
  if (!is_active_ || is_over()) return poll_result::end();
  const auto now = c.now();
  for (std::size_t i = 0; i < max && !is_over(); ++i) {
    const auto due = due_after(*last_);
    if (due > now) return poll_result::wait(due - now);
    last_ = due;
    const auto number = number_++;
    if (!out_.is_connected()) continue;
    auto& row = out_.row();
    row.begin_row();
    (void)row.set(0, value::of(number));
    (void)row.set(1, value::of(event_time{due.ns}));
    out_.emit();
  }
  return poll_result::more();
}

void ticker::save_position(msgpack::writer& out) const {
  out.array(2);
  out.integer(number_);
  out.integer(last_ ? last_->ns : 0);
}

bool ticker::load_position(msgpack::reader& in) {
  std::uint32_t n = 0;
  std::int64_t last = 0;
  if (!in.array(n) || n != 2 || !in.integer(number_) || !in.integer(last)) return false;
  if (last != 0) last_ = processing_time{last};
  return true;
}

}  // namespace millrace::library
