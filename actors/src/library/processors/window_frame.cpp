#include "library/processors/window_frame.hpp"

#include "library/processors/parameters.hpp"

namespace millrace::library {

namespace {

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

result<void> window_frame::find(const schema& arriving, const std::string& key, schema& made) {
  const auto at = find_event_time(arriving, "a window");
  if (!at) return at.error();
  time_index_ = *at;
  auto found = key_fields::find(arriving, key, made);
  if (!found) return std::move(found).error();
  key_ = std::move(*found);
  for (const auto* name : {"window_start", "window_end"}) {
    if (auto ok = add_column(made, name, field_kind::event_time); !ok) return ok;
  }
  made.event_time_field = static_cast<std::uint32_t>(made.fields.size() - 1);
  return {};
}

result<void> window_frame::close(schema& made) {
  return add_column(made, "firing", field_kind::string);
}

std::uint32_t window_frame::begin(dynamic_builder& row, bytes_view key, const time_window& w) const {
  row.begin_row();
  key_.set(row, key);
  const auto field = static_cast<std::uint32_t>(key_.types.size());
  (void)row.set(field, value::of(w.start));
  (void)row.set(field + 1, value::of(w.end));
  return field + 2;
}

void window_frame::end(dynamic_builder& row, std::uint32_t field, window_firing why) {
  (void)row.set(field, value::of(std::string_view{text_of(why)}));
}

bool window_frame::read_time(const record_view& record, event_time& at) const noexcept {
  const auto& time = record.field(time_index_);
  if (time.kind() != value_kind::event_time) return false;
  at = time.as_time();
  return true;
}

window_params::window_params(actor* owner)
    : size{owner, "size", "", {.required = true, .help = "Length of a window, e.g. 1m."}},
      slide{
          owner, "slide", "", {.help = "Distance between the starts of windows; left out: as the size, side by side."}},
      lateness{owner, "allowed_lateness", "0s", {.help = "How late events still correct results, e.g. 10s."}} {}

result<window_spec> window_params::spec() const {
  const auto length = duration_of("size", *size, false);
  if (!length) return length.error();
  const auto distance = slide->empty() ? length : duration_of("slide", *slide, false);
  if (!distance) return distance.error();
  const auto late = duration_of("allowed_lateness", *lateness, true);
  if (!late) return late.error();
  window_spec s{.size = *length, .slide = *distance, .allowed_lateness = *late};
  if (auto ok = check(s); !ok) return ok.error();
  return s;
}

}  // namespace millrace::library
