#include "library/processors/count_window.hpp"

#include "library/processors/parameters.hpp"

namespace millrace::library {

result<void> count_window::configure(wiring& w) {
  if (auto ok = configure_columns(w); !ok) return ok;
  const auto idle = duration_of("idle", *idle_, true);
  if (!idle) return idle.error();
  return windows_.set(
      {.events = static_cast<std::uint32_t>(*events_), .slide = static_cast<std::uint32_t>(*slide_), .idle = *idle});
}

void count_window::on_record(context& c, const record_view& record) {
  event_time at;
  double number = 0;
  if (read(record, at, number)) windows_.add(c, at, [number](window_row& row) { row.add(number); });
}

}  // namespace millrace::library
