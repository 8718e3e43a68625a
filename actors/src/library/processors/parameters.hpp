#pragma once

#include <chrono>
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

/// A number as people write it in a list: the whole text must be one.
[[nodiscard]] result<double> number_in(const char* parameter, const std::string& text);

/// The event's own time, or what it is late against: the same in every run, and never behind the watermark.
[[nodiscard]] inline event_time counted_at(const context& c, event_time at) noexcept {
  return at < c.late_against() ? c.late_against() : at;
}

}  // namespace millrace::library
