#include "library/processors/parameters.hpp"

#include <charconv>

#include "millrace/duration.hpp"

namespace millrace::library {

result<std::chrono::milliseconds> duration_of(const char* parameter, const std::string& text, bool zero) {
  auto read = parse_duration(text);
  if (!read) {
    return user_error(errc::invalid_argument, std::string{"parameter '"} + parameter + "': " + read.error().message);
  }
  if (read->count() == 0 && !zero) {
    return user_error(errc::invalid_argument, std::string{"parameter '"} + parameter + "' must be more than nothing");
  }
  return read;
}

error no_event_time(const char* what_for) {
  return user_error(errc::invalid_argument, std::string{"the records that arrive have no event time, which "} +
                                                what_for + " needs: name their time field at the source");
}

result<std::uint32_t> find_event_time(const schema& arriving, const char* what_for) {
  if (!arriving.event_time_field) return no_event_time(what_for);
  return *arriving.event_time_field;
}

result<void> add_column(schema& made, const std::string& name, field_kind kind, bool optional) {
  if (made.find(name)) {
    return user_error(errc::invalid_argument, "two output columns would be called '" + name +
                                                  "': rename the field that arrives, e.g. with millrace.select");
  }
  made.fields.push_back({.name = name, .type = {.kind = kind, .optional = optional}});
  return {};
}

schema copied_fields(const schema& arriving) {
  schema made{.name = arriving.name, .fields = arriving.fields, .event_time_field = arriving.event_time_field};
  for (auto& f : made.fields) f.since = 1;
  return made;
}

void begin_copy(dynamic_builder& row, const record_view& record) {
  row.begin_row();
  std::uint32_t field = 0;
  for (const auto& v : record.values()) (void)row.set(field++, v);
}

result<double> number_in(const char* parameter, const std::string& text) {
  double d = 0;
  const auto* const end = text.data() + text.size();
  const auto r = std::from_chars(text.data(), end, d);
  if (r.ec == std::errc{} && r.ptr == end) return d;
  return user_error(errc::invalid_argument,
                    std::string{"parameter '"} + parameter + "' has '" + text + "', which is no number");
}

}  // namespace millrace::library
