#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "millrace/context.hpp"
#include "millrace/dynamic_batch.hpp"
#include "millrace/error.hpp"

namespace millrace::library {

/// A parameter that is a duration; `zero` says whether it may be nothing. Errors name the parameter.
[[nodiscard]] result<std::chrono::milliseconds> duration_of(const char* parameter, const std::string& text, bool zero);

/// What an actor says that needs the event time which arriving records do not have.
[[nodiscard]] error no_event_time(const char* what_for);

/// Index of the event time of what arrives; error as above.
[[nodiscard]] result<std::uint32_t> find_event_time(const schema& arriving, const char* what_for);

/// Adds a field to what comes out. Error: there is one of that name.
[[nodiscard]] result<void> add_column(schema& made, const std::string& name, field_kind kind, bool optional = false);

/// The fields of what arrives, for outputs that add some of their own.
[[nodiscard]] schema copied_fields(const schema& arriving);
/// Begins a row with the values of the record; the fields that are added follow.
void begin_copy(dynamic_builder& row, const record_view& record);

/// A number as people write it in a list: the whole text must be one.
[[nodiscard]] result<double> number_in(const char* parameter, const std::string& text);

/// Which interval of the length holds a time; they start at its multiples.
[[nodiscard]] constexpr std::int64_t interval_of(std::int64_t ns, std::int64_t length_ns) noexcept {
  return ns / length_ns - (ns % length_ns < 0 ? 1 : 0);
}
/// The last nanosecond of an interval; the end of all time when that lies behind it.
[[nodiscard]] constexpr std::int64_t end_of_interval(std::int64_t number, std::int64_t length_ns) noexcept {
  std::int64_t end = 0;
  return __builtin_mul_overflow(number + 1, length_ns, &end) ? INT64_MAX : end - 1;
}

/// The event's own time, or what it is late against: the same in every run, and never behind the watermark.
[[nodiscard]] inline event_time counted_at(const context& c, event_time at) noexcept {
  return at < c.late_against() ? c.late_against() : at;
}

}  // namespace millrace::library
